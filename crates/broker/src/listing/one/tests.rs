//! The endpoint of one server: its own lists, less what is not granted.

use super::super::tests::{grant, lists};
use crate::testing::{World, server};
use axum::response::IntoResponse;
use domain::Endpoint;
use serde_json::json;

/// A server whose list is `result` as it is written, whatever page is asked for.
fn writes(world: &World, result: &'static str) {
    world.notes.answers(move |message| async move {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, message["id"]);
        let json = [("content-type", "application/json")];
        (message["method"] == "tools/list").then(|| (json, body).into_response())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_s_own_pages_pass_with_every_byte_but_what_is_not_granted() {
    let world = World::new().await;
    lists(&world.notes, json!([{"name": "echo", "x": 1.50}, {"name": "other"}]));
    grant(&world, "notes", &["echo"]).await;
    let mut agent = world.join_at(Endpoint::One(server("notes")));
    writes(
        &world,
        r#"{ "nextCursor" : "their own", "tools":[ {"name":"other"}, {"x" : 1.50,"name":"echo"} ] , "y":1E2}"#,
    );
    agent.ask(1, "tools/list", json!({"cursor": "from before"})).await;
    let line = agent.line().await;
    let wanted = r#"{ "nextCursor" : "their own", "tools":[{"x" : 1.50,"name":"echo"}] , "y":1E2}"#;
    assert_eq!(line, format!(r#"{{"jsonrpc":"2.0","id":1,"result":{wanted}}}"#));
    assert_eq!(world.notes.heard("tools/list").last().unwrap()["params"]["cursor"], "from before");

    let whole = r#"{ "tools" : [ {"x" : 1.50,"name":"echo"} ] }"#;
    writes(&world, whole);
    agent.ask(2, "tools/list", json!({})).await;
    assert_eq!(agent.line().await, format!(r#"{{"jsonrpc":"2.0","id":2,"result":{whole}}}"#));
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_11_a_tool_that_changed_is_cut_out_of_the_server_s_own_page() {
    let world = World::new().await;
    let mut agent = world.join_at(Endpoint::One(server("notes")));
    writes(&world, r#"{"tools":[{"name":"echo","inputSchema":{"type":"object"},"description":"poison"}]}"#);
    agent.ask(1, "tools/list", json!({})).await;
    assert_eq!(agent.answer(1).await["result"], json!({"tools": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_granted_the_server_is_not_asked() {
    let world = World::new().await;
    world.broker.revoke_delegation(&world.delegation).await.unwrap();
    let asked = world.notes.count("tools/list");
    let mut agent = world.join_at(Endpoint::One(server("notes")));
    agent.ask(1, "tools/list", json!({})).await;
    assert_eq!(agent.answer(1).await["result"]["tools"], json!([]));
    assert_eq!(world.notes.count("tools/list"), asked);
}
