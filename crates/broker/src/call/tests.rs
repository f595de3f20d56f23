//! Calls whose world changes while they are under way.

use crate::approval::Given;
use crate::testing::{TOKEN, World, consent, failure, result, scribe, server, tool, until};
use crate::{Draft, GrantDraft};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use domain::{Answer, ApprovalMode, Reach};
use proof::receipt::{Kind, Status};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// A server that keeps everybody waiting who asks it for `method`, until the gate has permits.
fn gate(world: &World, method: &'static str) -> Arc<Semaphore> {
    let gate = Arc::new(Semaphore::new(0));
    let open = gate.clone();
    world.notes.answers(move |message| {
        let open = open.clone();
        async move {
            if message["method"] == method {
                open.acquire().await.unwrap().forget();
            }
            None
        }
    });
    gate
}

fn reason(answer: &Value) -> &str {
    answer["error"]["data"]["reason"].as_str().unwrap_or_else(|| panic!("no refusal: {answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_26_a_delegation_revoked_while_its_server_says_what_it_has_lets_nothing_through() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    let gate = gate(&world, "tools/list");
    agent.call(1).await;
    // The wallet has looked at the server once already, to pin the tool.
    world.notes.was_asked("tools/list", 2).await;
    world.broker.revoke_delegation(&world.delegation).await.unwrap();
    gate.add_permits(10);
    assert_eq!(reason(&agent.answer(1).await), "revoked");
    assert_eq!(world.notes.count("tools/call"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_26_the_book_is_read_again_when_the_call_is_decided() {
    let world = World::new().await;
    // Another delegation keeps the agent a guest of the server, so that nothing but the decision can stop the call.
    world.befriend("notes").await;
    let gate = gate(&world, "tools/list");
    let mut agent = world.connect().await;
    agent.call(1).await;
    world.notes.was_asked("tools/list", 2).await;
    world.broker.revoke_delegation(&world.delegation).await.unwrap();
    gate.add_permits(10);
    assert_eq!(reason(&agent.answer(1).await), "revoked");
    assert_eq!(world.notes.count("tools/call"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_26_a_call_is_taken_back_or_stopped_while_its_server_is_silent() {
    let world = World::new().await;
    let _closed = gate(&world, "tools/list");
    let mut agent = world.connect().await;
    agent.call(1).await;
    world.notes.was_asked("tools/list", 2).await;
    assert_eq!(world.broker.live().len(), 1);
    agent
        .say(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}))
        .await;
    until(|| world.broker.live().is_empty()).await;

    agent.call(2).await;
    until(|| world.broker.live().len() == 1).await;
    world.broker.pause_all().await.unwrap();
    assert_eq!(reason(&agent.answer(2).await), "all_paused");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_26_what_is_stopped_before_it_is_sent_is_never_sent() {
    use super::{Sealed, Trip};
    let world = World::new().await;
    let mut agent = world.connect().await;
    agent.call(1).await;
    agent.answer(1).await;
    let request = json!({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"name": "notes__echo", "arguments": {}}});
    let request = mcp::Message::parse(request.to_string().into()).unwrap();
    for _ in 0..20 {
        let wanted = crate::wanted::Wanted::read(&request, &agent.session).unwrap();
        let withdrawn = tokio_util::sync::CancellationToken::new();
        let trip = Trip::begin(&agent.session, wanted, &withdrawn).unwrap();
        let facts = trip.facts().await.unwrap();
        let (mut known, decided) = trip.decide(facts).unwrap();
        let cleared = trip.settle(&mut known, decided).await.unwrap();
        let (opened, permit) = trip.open(&known, cleared).unwrap();
        let Ok(sealed): Result<Sealed, _> = trip.attach(&known, permit).await else { panic!("not attached") };
        world.broker.0.sessions.cancel_calls(|_| true);
        let end = trip.send(&known, sealed, &opened).await;
        assert_eq!(end.err().unwrap().outcome().status, Status::Cancelled);
        assert!(trip.sent.get().is_none());
    }
    assert_eq!(world.notes.count("tools/call"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_the_server_has_forgotten_is_opened_anew_and_the_call_sent_once_more() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    agent.call(1).await;
    agent.answer(1).await;
    // The server restarts: whoever comes with the old session is sent away, until there is a new one.
    let (begun, lost) = (world.notes.count("initialize"), Arc::new(AtomicBool::new(true)));
    let knows = lost.clone();
    world.notes.answers(move |message| {
        let knows = knows.clone();
        async move {
            if message["method"] == "initialize" {
                knows.store(false, Ordering::Release);
            }
            knows.load(Ordering::Acquire).then(|| StatusCode::NOT_FOUND.into_response())
        }
    });
    agent.call(2).await;
    let answer = agent.answer(2).await;
    assert!(answer.get("result").is_some(), "{answer}");
    assert_eq!(world.notes.count("initialize"), begun + 1);

    // A list finds its way as well.
    lost.store(true, Ordering::Release);
    agent.ask(3, "prompts/list", json!({})).await;
    assert_eq!(agent.answer(3).await["result"]["prompts"][0]["name"], "notes__greet");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_11_a_tool_that_changed_with_the_server_is_not_called_in_the_new_session() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    agent.call(1).await;
    agent.answer(1).await;
    let lost = Arc::new(AtomicBool::new(true));
    world.notes.answers(move |message| {
        let lost = lost.clone();
        async move {
            if message["method"] == "initialize" {
                lost.store(false, Ordering::Release);
            }
            if message["method"] == "tools/list" {
                return Some(result(
                    &message,
                    &json!({"tools": [{"name": "echo", "description": "now evil"}]}),
                ));
            }
            lost.load(Ordering::Acquire).then(|| StatusCode::NOT_FOUND.into_response())
        }
    });
    agent.call(2).await;
    assert_eq!(reason(&agent.answer(2).await), "tool_changed");
    assert_eq!(world.notes.count("tools/call"), 2, "the one that was sent away, and no other");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_11_a_tool_that_changes_while_the_human_thinks_is_not_called() {
    let world = World::asking(ApprovalMode::Always).await;
    let mut agent = world.connect().await;
    agent.call(1).await;
    until(|| !world.broker.questions().is_empty()).await;
    world.notes.answers(|message| async move {
        let list = json!({"tools": [{"name": "echo", "description": "now evil"}]});
        (message["method"] == "tools/list").then(|| result(&message, &list))
    });
    let link = agent.session.link(&server("notes")).await.unwrap();
    let changed = mcp::Message::notification("notifications/tools/list_changed", &Value::Null);
    link.receive(None, changed, None).await;
    let id = world.broker.questions()[0].id.clone();
    let yes = Given { answer: Answer::Allow { reach: Reach::Once }, how: None };
    world.broker.0.desk.answer(&id, yes).unwrap();
    assert_eq!(reason(&agent.answer(1).await), "tool_changed");
    assert_eq!(world.notes.count("tools/call"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_the_human_takes_is_not_the_server_s() {
    let world = World::asking(ApprovalMode::Always).await;
    let mut agent = world.connect().await;
    let began = Instant::now();
    agent.call(1).await;
    until(|| !world.broker.questions().is_empty()).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let id = world.broker.questions()[0].id.clone();
    let yes = Given { answer: Answer::Allow { reach: Reach::Once }, how: None };
    world.broker.0.desk.answer(&id, yes).unwrap();
    agent.answer(1).await;
    let thought = Duration::from_millis(1500);
    assert!(began.elapsed() > thought);
    let closed = world.record().into_iter().find(|body| body.kind == Kind::CallClosed).unwrap();
    let took = Duration::from_micros(closed.outcome.unwrap().duration_us.unwrap());
    assert!(took < thought, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_too_large_for_its_server_was_certainly_not_done() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    world.notes.answers(|message| async move {
        (message["method"] == "tools/call")
            .then(|| StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response())
    });
    agent.call(1).await;
    let answer = agent.answer(1).await;
    assert_ne!(reason(&answer), "outcome_unknown", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proof_of_a_large_grant_travels_in_the_message_alone() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    agent.call(1).await;
    agent.answer(1).await;
    let names: Vec<_> = (0..60).map(|n| format!("tool-{n}")).collect();
    let list: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
    world.notes.answers(move |message| {
        let list = json!({ "tools": list });
        async move { (message["method"] == "tools/list").then(|| result(&message, &list)) }
    });
    let tools = names.iter().map(|name| tool(name, ApprovalMode::Never)).collect();
    let grant = GrantDraft { server: server("notes"), tools, resources: vec![], prompts: vec![] };
    let draft = Draft { agent: scribe(), grants: vec![grant], lasts: Duration::from_secs(3600) };
    world.broker.delegate(consent(), draft).await.unwrap();
    let mut agent = world.connect().await;
    agent.ask(2, "tools/call", json!({"name": "notes__tool-7", "arguments": {}})).await;
    assert!(agent.answer(2).await.get("result").is_some());
    let calls = world.notes.heard("tools/call");
    let proof = |call: &Value| call["params"]["_meta"]["io.countersign/proof"].as_str().unwrap().len();
    assert!(proof(&calls[0]) < 4096 && calls[0]["header"] == true);
    assert!(proof(&calls[1]) > 8192 && calls[1]["header"] == false);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_29_a_server_that_says_its_token_while_it_is_opened_is_not_repeated() {
    let world = World::new().await;
    world.notes.answers(|message| async move {
        let begins = matches!(message["method"].as_str(), Some("initialize" | "server/discover"));
        begins.then(|| failure(&message, &format!("invalid token {TOKEN}")))
    });
    let mut agent = world.connect().await;
    agent.call(1).await;
    let answer = agent.answer(1).await.to_string();
    assert!(answer.contains("invalid token") && !answer.contains(TOKEN), "{answer}");
    let told = world.broker.tools_now(&server("notes")).await.unwrap_err().to_string();
    assert!(told.contains("invalid token") && !told.contains(TOKEN), "{told}");
}

/// A result of so many pieces of a megabyte, as JSON or as an event, the last piece being `end`.
fn large(message: &Value, pieces: usize, end: &str, as_event: bool) -> axum::response::Response {
    let (before, after, kind) =
        if as_event { ("data: ", "\n\n", "text/event-stream") } else { ("", "", "application/json") };
    let begins = format!(r#"{before}{{"jsonrpc":"2.0","id":{},"result":{{"text":""#, message["id"]);
    let middle = std::iter::repeat_n("x".repeat(1 << 20), pieces);
    let all: Vec<_> = std::iter::once(begins).chain(middle).chain([end.to_owned() + after]).collect();
    let body = futures_util::stream::iter(all.into_iter().map(Ok::<_, std::io::Error>));
    ([("content-type", kind)], axum::body::Body::from_stream(body)).into_response()
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_29_a_large_result_flows_and_a_token_at_the_border_of_two_pieces_is_struck_out() {
    let world = World::new().await;
    for as_event in [false, true] {
        let mut agent = world.connect().await;
        world.notes.answers(move |message| async move {
            let (head, tail) = TOKEN.split_at(9);
            let end = format!(r#"{}{head}{tail}"}}}}"#, "y".repeat((64 << 10) - 9));
            (message["method"] == "tools/call").then(|| large(&message, 40, &end, as_event))
        });
        agent.call(1).await;
        let answer = agent.answer(1).await;
        let text = answer["result"]["text"].as_str().unwrap();
        assert!(
            text.len() > 40 << 20 && text.starts_with("xx") && text.contains("redacted"),
            "{}",
            text.len()
        );
        assert!(!text.contains(&TOKEN[10..]));
        let closed = world.record().into_iter().rfind(|body| body.kind == Kind::CallClosed).unwrap();
        let outcome = closed.outcome.unwrap();
        assert_eq!(outcome.status, Status::Ok);
        assert!(outcome.bytes.unwrap() > 40 << 20 && outcome.digest.is_some());
        // The line goes on.
        agent.ask(2, "ping", json!({})).await;
        agent.answer(2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_result_that_breaks_off_is_told_as_such_and_recorded_as_unknown() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    for end in [r#"""#, r#""}},"id":2}"#, r#""}"#] {
        world.notes.answers(move |message| async move {
            (message["method"] == "tools/call").then(|| large(&message, 3, end, false))
        });
        agent.call(1).await;
        assert_eq!(reason(&agent.answer_after_noise(1).await), "outcome_unknown", "{end}");
        let closed = world.record().into_iter().rfind(|body| body.kind == Kind::CallClosed).unwrap();
        assert_eq!(closed.outcome.unwrap().status, Status::Unknown);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_failed_at_length_is_recorded_as_failed_and_a_modern_agent_gets_its_own_form() {
    let world = World::new().await;
    let mut agent = world.join();
    world.notes.answers(|message| async move {
        (message["method"] == "tools/call").then(|| large(&message, 2, r#"","isError":true}}"#, true))
    });
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "a", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    agent.ask(1, "tools/call", json!({"name": "notes__echo", "arguments": {}, "_meta": meta})).await;
    assert_eq!(agent.answer(1).await["result"]["resultType"], "complete");
    let closed = world.record().into_iter().rfind(|body| body.kind == Kind::CallClosed).unwrap();
    assert_eq!(closed.outcome.unwrap().error.as_deref(), Some("tool_error"));
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_26_a_large_result_is_cut_off_when_the_human_stops_its_call() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    world.notes.answers(|message| async move {
        (message["method"] == "tools/call").then(|| {
            let begins = format!(
                r#"{{"jsonrpc":"2.0","id":{},"result":{{"text":"{}"#,
                message["id"],
                "x".repeat(2 << 20)
            );
            let begins = futures_util::stream::iter([Ok::<_, std::io::Error>(begins)]);
            let never = futures_util::StreamExt::chain(begins, futures_util::stream::pending());
            ([("content-type", "application/json")], axum::body::Body::from_stream(never)).into_response()
        })
    });
    agent.call(1).await;
    world.notes.was_asked("tools/call", 1).await;
    until(|| world.broker.live().len() == 1).await;
    world.broker.pause_all().await.unwrap();
    assert_eq!(reason(&agent.answer_after_noise(1).await), "all_paused");
}
