//! What an agent is shown of servers that are late, dead, changing, or that want to be taken for each other.

use crate::testing::{Agent, Fake, World, consent, result, scribe, server, tool, until};
use crate::{Draft, GrantDraft};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use domain::{ApprovalMode, DelegationId};
use mcp::Message;
use proof::receipt::Kind;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The names of the tools it is shown.
pub(super) async fn tools(agent: &mut Agent, id: u64) -> Vec<String> {
    agent.ask(id, "tools/list", json!({})).await;
    let answer = agent.answer(id).await;
    let tools = answer["result"]["tools"].as_array().unwrap_or_else(|| panic!("{answer}"));
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

/// Waits until it is told that its tools changed.
pub(super) async fn changed(agent: &mut Agent) {
    while agent.hear().await.unwrap()["method"] != "notifications/tools/list_changed" {}
}

/// A server that lists these from now on.
pub(super) fn lists(fake: &Fake, items: Value) {
    fake.answers(move |message| {
        let items = items.clone();
        async move { (message["method"] == "tools/list").then(|| result(&message, &json!({ "tools": items }))) }
    });
}

pub(super) async fn grant(world: &World, on: &str, names: &[&str]) -> DelegationId {
    let tools = names.iter().map(|name| tool(name, ApprovalMode::Never)).collect();
    let grant = GrantDraft { server: server(on), tools, resources: vec![], prompts: vec![] };
    let draft = Draft { agent: scribe(), grants: vec![grant], lasts: Duration::from_secs(3600) };
    world.broker.delegate(consent(), draft).await.unwrap().delegation.id
}

/// A server besides `notes`, with its one tool granted.
async fn another(world: &World, name: &str) -> Fake {
    let fake = Fake::start().await;
    world.add_server(name, &fake).await;
    world.delegate(name, ApprovalMode::Never, &[]).await;
    fake
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_is_left_out_once_it_was_waited_for_and_told_of_when_it_comes() {
    let world = World::new().await;
    let slow = another(&world, "slow").await;
    let ready = Arc::new(AtomicBool::new(false));
    let waits = ready.clone();
    slow.answers(move |message| {
        let ready = waits.clone();
        async move {
            while message["method"] == "initialize" && !ready.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            None
        }
    });
    let begun = slow.count("initialize");
    let mut agent = world.connect().await;
    assert_eq!(tools(&mut agent, 1).await, ["notes__echo"]);
    assert_eq!(tools(&mut agent, 2).await, ["notes__echo"]);
    assert_eq!(slow.count("initialize"), begun + 1, "it is not begun anew for every list");
    ready.store(true, Ordering::Relaxed);
    changed(&mut agent).await;
    assert_eq!(tools(&mut agent, 3).await, ["notes__echo", "slow__echo"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_server_is_tried_in_the_background_and_no_list_asks_it() {
    let world = World::new().await;
    let dead = another(&world, "dead").await;
    let down = Arc::new(AtomicBool::new(true));
    let is_down = down.clone();
    dead.answers(move |_| {
        let down = is_down.load(Ordering::Relaxed);
        async move { down.then(|| StatusCode::INTERNAL_SERVER_ERROR.into_response()) }
    });
    let mut agent = world.connect().await;
    assert_eq!(tools(&mut agent, 1).await, ["notes__echo"]);
    let tried = dead.count("initialize");
    for id in 2..10 {
        assert_eq!(tools(&mut agent, id).await, ["notes__echo"]);
    }
    assert_eq!(dead.count("initialize"), tried);
    until(|| dead.count("initialize") > tried).await;
    down.store(false, Ordering::Relaxed);
    changed(&mut agent).await;
    assert_eq!(tools(&mut agent, 20).await, ["dead__echo", "notes__echo"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_left_out_gets_another_chance_when_the_human_changes_something() {
    let world = World::new().await;
    let dead = another(&world, "dead").await;
    dead.answers(|_| async { Some(StatusCode::INTERNAL_SERVER_ERROR.into_response()) });
    let mut agent = world.connect().await;
    assert_eq!(tools(&mut agent, 1).await, ["notes__echo"]);
    dead.answers(|_| async { None });
    world.befriend("notes").await;
    changed(&mut agent).await;
    assert_eq!(tools(&mut agent, 2).await, ["dead__echo", "notes__echo"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_starts_no_server_of_which_it_could_show_nothing() {
    let world = World::new().await;
    let quiet = Fake::start().await;
    world.add_server("quiet", &quiet).await;
    world.befriend("quiet").await;
    let begun = quiet.count("initialize");
    let mut agent = world.connect().await;
    tools(&mut agent, 1).await;
    assert_eq!(quiet.count("initialize"), begun);
    agent.ask(2, "prompts/list", json!({})).await;
    agent.answer(2).await;
    assert_eq!(quiet.count("initialize"), begun + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_asked_once_and_again_when_it_says_that_its_tools_changed() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    tools(&mut agent, 1).await;
    let asked = world.notes.count("tools/list");
    assert_eq!(tools(&mut agent, 2).await, ["notes__echo"]);
    assert_eq!(world.notes.count("tools/list"), asked);

    lists(&world.notes, json!([{"name": "other"}]));
    let link = agent.session.link(&server("notes")).await.unwrap();
    let news = Message::notification("notifications/tools/list_changed", &Value::Null);
    link.receive(Some(&*agent.session), news, None).await;
    changed(&mut agent).await;
    assert!(tools(&mut agent, 3).await.is_empty(), "what it lists now is not what was granted");
    assert_eq!(world.notes.count("tools/list"), asked + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_human_s_changes_reach_a_connected_agent() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    assert_eq!(tools(&mut agent, 1).await, ["notes__echo"]);

    let files = another(&world, "files").await;
    changed(&mut agent).await;
    assert_eq!(tools(&mut agent, 2).await, ["files__echo", "notes__echo"], "a server added and granted");

    world.broker.revoke_delegation(&world.delegation).await.unwrap();
    changed(&mut agent).await;
    assert_eq!(tools(&mut agent, 3).await, ["files__echo"], "a grant revoked");

    world.broker.pause_agent(&scribe()).await.unwrap();
    changed(&mut agent).await;
    assert!(tools(&mut agent, 4).await.is_empty(), "the agent paused");
    world.broker.resume_agent(consent(), &scribe()).await.unwrap();
    changed(&mut agent).await;
    assert_eq!(tools(&mut agent, 5).await, ["files__echo"], "and resumed");

    world.broker.pause_all().await.unwrap();
    changed(&mut agent).await;
    assert!(tools(&mut agent, 6).await.is_empty(), "everything paused");
    world.broker.resume_all(consent()).await.unwrap();
    changed(&mut agent).await;
    assert_eq!(tools(&mut agent, 7).await, ["files__echo"]);

    world.broker.remove_server(&server("files")).await.unwrap();
    changed(&mut agent).await;
    assert!(tools(&mut agent, 8).await.is_empty(), "a server removed");

    let edited = Fake::start().await;
    world.add_server("files", &edited).await;
    assert!(tools(&mut agent, 9).await.is_empty(), "what takes its name has nothing of it");
    world.delegate("files", ApprovalMode::Never, &[]).await;
    changed(&mut agent).await;
    assert_eq!(tools(&mut agent, 10).await, ["files__echo"], "until it is granted");
    assert_eq!(files.count("tools/call"), 0);
    agent.ask(11, "tools/call", json!({"name": "files__echo", "arguments": {}})).await;
    agent.answer(11).await;
    assert_eq!((files.count("tools/call"), edited.count("tools/call")), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expires_is_shown_no_more_though_nothing_was_changed() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    let tools_of = vec![tool("echo", ApprovalMode::Never)];
    let grant = GrantDraft { server: server("notes"), tools: tools_of, resources: vec![], prompts: vec![] };
    let draft = Draft { agent: scribe(), grants: vec![grant], lasts: Duration::from_secs(3) };
    world.broker.delegate(consent(), draft).await.unwrap();
    world.broker.revoke_delegation(&world.delegation).await.unwrap();
    let mut id = 1;
    while !tools(&mut agent, id).await.is_empty() {
        id += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(id > 1, "it was shown as long as it held");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_12_a_long_name_is_called_by_its_short_form_and_leads_to_itself_alone() {
    let world = World::new().await;
    let (long, alike) = (format!("{}_a", "n".repeat(70)), format!("{}_b", "n".repeat(70)));
    lists(&world.notes, json!([{"name": long}, {"name": alike}]));
    grant(&world, "notes", &[&long]).await;
    let mut agent = world.connect().await;
    let names = tools(&mut agent, 1).await;
    assert_eq!((names.len(), names[0].len()), (1, mcp::lists::LONGEST));

    agent.ask(2, "tools/call", json!({"name": names[0], "arguments": {}})).await;
    assert!(agent.answer(2).await.get("result").is_some());
    assert_eq!(world.notes.heard("tools/call")[0]["params"]["name"], long);
    let opened = world.record().into_iter().find(|body| body.kind == Kind::CallOpened).unwrap();
    assert_eq!(opened.tool.unwrap().target.name, long);

    let other = mcp::lists::full_name(&server("notes"), &alike);
    agent.ask(3, "tools/call", json!({"name": other, "arguments": {}})).await;
    assert_eq!(agent.answer(3).await["error"]["data"]["reason"], "not_granted");
    assert_eq!(world.notes.count("tools/call"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_shown_byte_for_byte_but_for_its_name() {
    let world = World::new().await;
    let raw = r#"{ "x-own" : 1.50, "name": "echo", "inputSchema": {"maximum": 1E+400, "e": "\u00e9"} }"#;
    world.notes.answers(move |message| async move {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"tools":[{raw}]}}}}"#, message["id"]);
        let json = [("content-type", "application/json")];
        (message["method"] == "tools/list").then(|| (json, body).into_response())
    });
    grant(&world, "notes", &["echo"]).await;
    let mut agent = world.connect().await;
    agent.ask(1, "tools/list", json!({})).await;
    let line = agent.line().await;
    let wanted = raw.replace(r#""echo""#, r#""notes__echo""#);
    assert_eq!(line, format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"tools":[{wanted}]}}}}"#));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_too_long_for_one_page_is_given_in_several_and_a_bad_cursor_is_refused() {
    let world = World::new().await;
    let names: Vec<_> = (0..10).map(|n| format!("tool-{n}")).collect();
    let text = "x".repeat(1 << 20);
    lists(&world.notes, names.iter().map(|name| json!({"name": name, "description": text})).collect());
    let granted: Vec<_> = names.iter().map(String::as_str).collect();
    grant(&world, "notes", &granted).await;
    let mut agent = world.connect().await;

    // So long a list may be late on a busy machine.
    while tools(&mut agent, 50).await.is_empty() {
        changed(&mut agent).await;
    }
    let (mut seen, mut cursor, mut pages) = (vec![], Value::Null, 0);
    loop {
        agent.ask(pages, "tools/list", json!({ "cursor": cursor })).await;
        let page = agent.answer(pages).await["result"].take();
        let names =
            page["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned());
        seen.extend(names);
        pages += 1;
        cursor = page["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
        assert!(cursor.as_str().unwrap().len() < 64);
    }
    assert_eq!(seen, names.iter().map(|name| format!("notes__{name}")).collect::<Vec<_>>());
    assert!(pages > 1);
    for bad in [json!("nowhere"), json!(""), json!(7), json!({}), json!("x".repeat(1 << 20))] {
        agent.ask(99, "tools/list", json!({ "cursor": bad })).await;
        assert_eq!(agent.answer(99).await["error"]["code"], -32602);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_29_a_secret_learnt_after_a_list_was_put_together_is_struck_out_of_it() {
    let world = World::new().await;
    lists(&world.notes, json!([{"name": "echo", "description": "cs-canary-later-93ab77c1"}]));
    grant(&world, "notes", &["echo"]).await;
    let mut agent = world.connect().await;
    agent.ask(1, "tools/list", json!({})).await;
    assert!(agent.line().await.contains("93ab77c1"));
    let new = crate::NewServer {
        name: server("other"),
        transport: domain::Transport::Http {
            url: world.notes.url.parse().unwrap(),
            credential: domain::Credential::Header { name: "x-token".into() },
        },
        env_secrets: vec![],
        header: Some(crate::Secret::new(b"cs-canary-later-93ab77c1".to_vec())),
    };
    world.broker.add_server(consent(), new).await.unwrap();
    agent.ask(2, "tools/list", json!({})).await;
    assert!(!agent.line().await.contains("93ab77c1"));
}
