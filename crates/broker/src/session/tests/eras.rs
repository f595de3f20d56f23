//! Agents of one era at servers of the other.

use crate::testing::{Agent, Fake, World, modern, result, server, until};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use domain::ApprovalMode;
use futures_util::StreamExt as _;
use futures_util::stream::once;
use mcp::{Message, RawId};
use proof::receipt::Kind;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, broadcast};

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// A modern agent's params: what it says of itself, and this.
fn with_meta(params: &Value, capabilities: &Value) -> Value {
    let mut params = params.clone();
    params["_meta"][VERSION] = "2026-07-28".into();
    params["_meta"][CAPABILITIES] = capabilities.clone();
    params
}

fn calling(more: &Value) -> Value {
    let mut params = json!({"name": "notes__echo", "arguments": {"a": 1.0}});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    with_meta(&params, &json!({"elicitation": {}, "roots": {}}))
}

/// A legacy agent that can do this.
async fn legacy(world: &World, capabilities: &Value) -> Agent {
    let mut agent = world.join();
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": {"name": "a", "version": "1"}});
    agent.ask(0, "initialize", hello).await;
    agent.answer(0).await;
    agent
}

fn form() -> Value {
    json!({"method": "elicitation/create", "params": {"mode": "form", "message": "Your name?",
        "requestedSchema": {"type": "object", "properties": {"name": {"type": "string"}}}}})
}

/// A modern server that wants this before it does anything.
fn wants(world: &World, requests: Value) {
    world.notes.answers(move |message| {
        let requests = requests.clone();
        async move {
            let first = message["method"] == "tools/call" && message["params"].get("inputResponses").is_none();
            let wish = json!({"resultType": "input_required", "inputRequests": requests, "requestState": "st/ate=="});
            Some(if first { result(&message, &wish) } else { modern(&message) })
        }
    });
}

fn count(world: &World, kind: Kind) -> usize {
    world.record().iter().filter(|body| body.kind == kind).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modern_server_s_wish_for_input_is_asked_of_a_legacy_agent_and_the_call_goes_on() {
    let world = World::new().await;
    wants(&world, json!({"who": form()}));
    let mut agent = legacy(&world, &json!({"elicitation": {}})).await;
    agent.call(7).await;
    let question = agent.hear().await.unwrap();
    assert_eq!(question["method"], "elicitation/create", "{question}");
    assert_eq!(question["params"], form()["params"]);
    let answer = json!({"action": "accept", "content": {"name": "Ada"}});
    agent.say(json!({"jsonrpc": "2.0", "id": question["id"], "result": answer})).await;
    assert_eq!(agent.answer(7).await["result"]["content"][0]["text"], "done");

    let calls = world.notes.heard("tools/call");
    assert_eq!(calls.len(), 2);
    assert_ne!(calls[0]["id"], calls[1]["id"]);
    assert_eq!(calls[1]["params"]["inputResponses"], json!({"who": answer}));
    assert_eq!(calls[1]["params"]["requestState"], "st/ate==");
    let proof = |call: &Value| call["params"]["_meta"]["io.countersign/proof"].as_str().unwrap().to_owned();
    assert_ne!(proof(&calls[0]), proof(&calls[1]));
    assert_eq!((count(&world, Kind::CallOpened), count(&world, Kind::CallClosed)), (1, 1));
    let closed = world.record().into_iter().find(|body| body.kind == Kind::CallClosed).unwrap();
    assert_eq!(closed.proof.len(), 2, "each proof it was shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_input_again_and_again_is_given_up() {
    let world = World::new().await;
    world.notes.answers(|message| async move {
        let wish = json!({"resultType": "input_required", "requestState": "s"});
        let called = message["method"] == "tools/call";
        Some(if called { result(&message, &wish) } else { modern(&message) })
    });
    let mut agent = legacy(&world, &json!({})).await;
    agent.call(1).await;
    let refused = agent.answer(1).await;
    assert_eq!(refused["error"]["data"]["reason"], "outcome_unknown", "{refused}");
    assert_eq!(world.notes.count("tools/call"), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_not_asked_what_it_can_not_answer() {
    let world = World::new().await;
    let page = json!({"method": "elicitation/create", "params": {"mode": "url", "url": "https://a", "message": "m"}});
    wants(&world, json!({"page": page}));
    let mut agent = legacy(&world, &json!({"elicitation": {}})).await;
    agent.call(1).await;
    let heard = agent.hear().await.unwrap();
    assert_eq!((&heard["id"], &heard["error"]["code"]), (&json!(1), &json!(-31004)), "{heard}");
    assert_eq!(world.notes.count("tools/call"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_taken_back_takes_its_question_back() {
    let world = World::new().await;
    wants(&world, json!({"who": form()}));
    let mut agent = legacy(&world, &json!({"elicitation": {}})).await;
    agent.call(1).await;
    let question = agent.hear().await.unwrap();
    agent
        .say(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}))
        .await;
    let heard = agent.hear().await.unwrap();
    assert_eq!(heard["method"], "notifications/cancelled");
    assert_eq!(heard["params"]["requestId"], question["id"]);
    until(|| world.broker.live().is_empty()).await;
}

/// A legacy server that asks this by a request of its own while it works, and is done when it has an answer.
fn asks(fake: &Fake, method: &'static str, params: Value) {
    let answered = Arc::new(Notify::new());
    fake.answers(move |message| {
        let (answered, params) = (answered.clone(), params.clone());
        async move {
            if message.get("method").is_none() && message["id"] == "q-1" {
                answered.notify_one();
                return None;
            }
            (message["method"] == "tools/call").then(|| asking(&message, method, &params, answered))
        }
    });
}

fn asking(message: &Value, method: &str, params: &Value, answered: Arc<Notify>) -> Response {
    let event = |message: Value| Ok::<_, Infallible>(format!("data: {message}\n\n"));
    let question = json!({"jsonrpc": "2.0", "id": "q-1", "method": method, "params": params});
    let done = json!({"content": [{"type": "text", "text": "done"}]});
    let done = json!({"jsonrpc": "2.0", "id": message["id"], "result": done});
    let last = async move {
        answered.notified().await;
        event(done)
    };
    let stream = once(async move { event(question) }).chain(once(last));
    ([("content-type", "text/event-stream")], Body::from_stream(stream)).into_response()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legacy_server_s_question_ends_a_modern_agent_s_exchange_and_the_call_goes_on_with_the_answer() {
    let world = World::new().await;
    asks(&world.notes, "elicitation/create", form()["params"].clone());
    let mut agent = world.join();
    agent.ask(1, "tools/call", calling(&json!({}))).await;
    let first = agent.answer(1).await;
    let wish = &first["result"];
    assert_eq!(wish["resultType"], "input_required", "{first}");
    let (key, asked) = wish["inputRequests"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(asked, &form());

    let answer = json!({"action": "accept", "content": {"name": "Ada"}});
    let again = json!({"inputResponses": {key: answer}, "requestState": wish["requestState"]});
    // The id of an exchange that is over may be used again.
    agent.ask(1, "tools/call", calling(&again)).await;
    let done = agent.answer(1).await;
    assert_eq!(done["result"]["content"][0]["text"], "done", "{done}");
    assert_eq!(done["result"]["resultType"], "complete");
    assert!(done["result"].get("ttlMs").is_none(), "a call's result is not kept");

    assert_eq!(world.notes.count("tools/call"), 1, "it was one call");
    assert_eq!(world.notes.answers_heard()[0]["result"], answer);
    assert_eq!((count(&world, Kind::CallOpened), count(&world, Kind::CallClosed)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_goes_on_for_the_same_call_alone() {
    let world = World::new().await;
    asks(&world.notes, "elicitation/create", form()["params"].clone());
    let mut agent = world.join();
    agent.ask(1, "tools/call", calling(&json!({}))).await;
    let wish = agent.answer(1).await["result"].clone();
    let mut other = calling(&json!({"inputResponses": {}, "requestState": wish["requestState"]}));
    other["arguments"] = json!({"a": 2});
    agent.ask(2, "tools/call", other).await;
    assert_eq!(agent.answer(2).await["error"]["code"], -32602);
    // What is missing is asked for again.
    agent
        .ask(3, "tools/call", calling(&json!({"inputResponses": {}, "requestState": wish["requestState"]})))
        .await;
    let again = agent.answer(3).await["result"].clone();
    assert_eq!(again["inputRequests"], wish["inputRequests"]);
    assert_ne!(again["requestState"], wish["requestState"]);
    // A state is used up.
    agent.ask(4, "tools/call", calling(&json!({"requestState": wish["requestState"]}))).await;
    assert_eq!(agent.answer(4).await["error"]["code"], -32602);
    assert_eq!(world.notes.count("tools/call"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_agent_has_gone_is_taken_back() {
    let world = World::new().await;
    asks(&world.notes, "elicitation/create", form()["params"].clone());
    let mut agent = world.join();
    agent.ask(1, "tools/call", calling(&json!({}))).await;
    agent.answer(1).await;
    assert_eq!(world.broker.live().len(), 1, "it waits");
    agent.session.end();
    until(|| world.broker.live().is_empty()).await;
    world.notes.was_asked("notifications/cancelled", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_the_server_s_own_reaches_it_untouched() {
    let world = World::new().await;
    world.notes.answers(|message| async move { Some(modern(&message)) });
    let mut agent = world.join();
    let more = json!({"requestState": "AEAD+/blob==", "inputResponses": {"k": {"action": "decline"}}});
    agent.ask(1, "tools/call", calling(&more)).await;
    agent.answer(1).await;
    let call = &world.notes.heard("tools/call")[0];
    assert_eq!(call["params"]["requestState"], "AEAD+/blob==");
    assert_eq!(call["params"]["inputResponses"], more["inputResponses"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modern_agent_has_no_legacy_methods_and_says_who_it_is_in_every_request() {
    let world = World::new().await;
    let mut agent = world.join();
    agent.ask(1, "server/discover", with_meta(&json!({}), &json!({}))).await;
    let discovered = agent.answer(1).await["result"].clone();
    assert_eq!(discovered["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "countersign");
    assert_eq!((&discovered["cacheScope"], &discovered["ttlMs"]), (&json!("private"), &json!(0)));
    for method in ["initialize", "ping", "logging/setLevel", "resources/subscribe", "tasks/list"] {
        agent.ask(2, method, with_meta(&json!({"uri": "file:///a"}), &json!({}))).await;
        assert_eq!(agent.answer(2).await["error"]["code"], -32601, "{method}");
    }
    agent.ask(2, "tasks/get", with_meta(&json!({"taskId": "t"}), &json!({}))).await;
    let refused = agent.answer(2).await["error"].clone();
    assert_eq!(refused["code"], -32021, "it does not declare the extension");
    let declared = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
    assert_eq!(refused["data"]["requiredCapabilities"], declared);
    agent.ask(2, "tasks/get", with_meta(&json!({"taskId": "t"}), &declared)).await;
    assert_eq!(agent.answer(2).await["error"]["code"], -32602);
    agent.ask(3, "tools/list", json!({})).await;
    assert_eq!(agent.answer(3).await["error"]["code"], -32602);
    let mut future = with_meta(&json!({}), &json!({}));
    future["_meta"][VERSION] = "2031-01-01".into();
    agent.ask(4, "tools/list", future).await;
    let refused = agent.answer(4).await;
    assert_eq!(refused["error"]["code"], -32022);
    assert_eq!(refused["error"]["data"]["supported"], json!(["2026-07-28"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_comes_before_any_call_is_brought_by_the_first_one() {
    let world = World::new().await;
    let mut agent = world.join();
    agent.ask(1, "tools/call", calling(&json!({}))).await;
    agent.answer(1).await;
    let link = agent.session.link(&server("notes")).await.unwrap();
    let question = Message::request(RawId::text("q-1"), "roots/list", &Value::Null);
    agent.session.question_from(&link, question, None).await;
    world.notes.answers(|message| async move {
        if message["method"] == "tools/call" {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        None
    });
    agent.ask(2, "tools/call", calling(&json!({}))).await;
    let wish = agent.answer(2).await["result"].clone();
    let (key, asked) = wish["inputRequests"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(asked["method"], "roots/list");
    let more = json!({"inputResponses": {key: {"roots": []}}, "requestState": wish["requestState"]});
    agent.ask(3, "tools/call", calling(&more)).await;
    assert_eq!(agent.answer(3).await["result"]["content"][0]["text"], "done");
    until(|| !world.notes.answers_heard().is_empty()).await;
    assert_eq!(world.notes.answers_heard()[0]["result"], json!({"roots": []}));
}

const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

/// A server says this of its own accord.
async fn says(agent: &Agent, method: &str, params: Value) {
    let link = agent.session.link(&server("notes")).await.unwrap();
    link.receive(Some(&agent.session), Message::notification(method, &params), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modern_agent_hears_of_what_it_subscribed_to_and_is_granted_and_of_nothing_else() {
    let world = World::new().await;
    world.delegate("notes", ApprovalMode::Never, &["file:///a"]).await;
    let mut agent = world.join();
    let wanted = json!({"notifications": {"toolsListChanged": true, "resourceSubscriptions": ["file:///a", "file:///b"]}});
    agent.ask(5, "subscriptions/listen", with_meta(&wanted, &json!({}))).await;
    let first = agent.hear().await.unwrap();
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged", "{first}");
    assert_eq!(
        first["params"],
        json!({"_meta": {SUBSCRIPTION: 5},
            "notifications": {"toolsListChanged": true, "resourceSubscriptions": ["file:///a"]}})
    );
    assert_eq!(world.notes.heard("resources/subscribe").len(), 1);
    assert_eq!(world.notes.heard("resources/subscribe")[0]["params"]["uri"], "file:///a");
    assert_eq!(count(&world, Kind::CallDenied), 1, "what is not granted is refused in the record too");

    says(&agent, "notifications/resources/updated", json!({"uri": "file:///b"})).await;
    says(&agent, "notifications/prompts/list_changed", Value::Null).await;
    says(&agent, "notifications/resources/updated", json!({"uri": "file:///a", "own": 1})).await;
    says(&agent, "notifications/tools/list_changed", Value::Null).await;
    let updated = agent.hear().await.unwrap();
    assert_eq!(updated["params"], json!({"uri": "file:///a", "own": 1, "_meta": {SUBSCRIPTION: 5}}));
    let changed = agent.hear().await.unwrap();
    assert_eq!(
        (&changed["method"], &changed["params"]["_meta"][SUBSCRIPTION]),
        (&json!("notifications/tools/list_changed"), &json!(5))
    );

    agent
        .say(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 5}}))
        .await;
    world.notes.was_asked("resources/unsubscribe", 1).await;
}

/// A modern server that tells what is sent to it here.
fn tells(world: &World) -> broadcast::Sender<Value> {
    let (tell, _) = broadcast::channel::<Value>(16);
    let source = tell.clone();
    world.notes.answers(move |message| {
        let heard = source.subscribe();
        async move {
            if message["method"] != "subscriptions/listen" {
                return Some(modern(&message));
            }
            let params = json!({"_meta": {SUBSCRIPTION: message["id"]}, "notifications": message["params"]["notifications"]});
            let first = json!({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": params});
            let event = |message: Value| Ok::<_, Infallible>(format!("data: {message}\n\n"));
            let then = futures_util::stream::unfold((heard, message), move |(mut heard, message)| async move {
                let mut told = heard.recv().await.ok()?;
                told["params"]["_meta"][SUBSCRIPTION] = message["id"].clone();
                Some((event(told), (heard, message)))
            });
            let stream = once(async move { event(first) }).chain(then);
            Some(([("content-type", "text/event-stream")], Body::from_stream(stream)).into_response())
        }
    });
    tell
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legacy_agent_hears_of_a_modern_server_s_changes_as_its_era_tells_them() {
    let world = World::new().await;
    world.delegate("notes", ApprovalMode::Never, &["file:///a"]).await;
    let tell = tells(&world);
    let mut agent = legacy(&world, &json!({})).await;
    agent.call(1).await;
    agent.answer(1).await;
    world.notes.was_asked("subscriptions/listen", 1).await;
    assert_eq!(
        world.notes.heard("subscriptions/listen")[0]["params"]["notifications"],
        json!({"toolsListChanged": true})
    );
    tell.send(json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})).unwrap();
    let heard = agent.hear().await.unwrap();
    assert_eq!(heard, json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}));

    agent.ask(2, "resources/subscribe", json!({"uri": "file:///a"})).await;
    assert_eq!(agent.answer(2).await["result"], json!({}));
    let wanted = world.notes.heard("subscriptions/listen").pop().unwrap()["params"]["notifications"].clone();
    assert_eq!(wanted, json!({"toolsListChanged": true, "resourceSubscriptions": ["file:///a"]}));
    let updated = json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "file:///a"}});
    tell.send(updated.clone()).unwrap();
    assert_eq!(agent.hear().await.unwrap(), updated);
    assert_eq!(world.notes.count("resources/subscribe"), 0, "a modern server has no such request");
    agent.ask(3, "resources/subscribe", json!({"uri": "file:///b"})).await;
    assert_eq!(agent.answer(3).await["error"]["code"], -31003);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_much_a_server_says_is_told_in_its_own_era() {
    const LEVEL: &str = "io.modelcontextprotocol/logLevel";
    let world = World::new().await;
    world.notes.answers(|message| async move { Some(modern(&message)) });
    let mut agent = legacy(&world, &json!({})).await;
    agent.ask(1, "logging/setLevel", json!({"level": "warning"})).await;
    assert_eq!(agent.answer(1).await["result"], json!({}));
    agent.call(2).await;
    agent.answer(2).await;
    assert_eq!(world.notes.heard("tools/call")[0]["params"]["_meta"][LEVEL], "warning");
    agent.ask(3, "logging/setLevel", json!({"level": "loud"})).await;
    assert_eq!(agent.answer(3).await["error"]["code"], -32602);
    assert_eq!(world.notes.count("logging/setLevel"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modern_agent_hears_a_legacy_server_s_remarks_for_the_request_that_wants_them() {
    let world = World::new().await;
    let go_on = Arc::new(Notify::new());
    let wait = go_on.clone();
    world.notes.answers(move |message| {
        let wait = wait.clone();
        async move {
            if message["method"] == "initialize" {
                let capabilities = json!({"tools": {}, "logging": {}});
                return Some(result(
                    &message,
                    &json!({"protocolVersion": "2025-11-25", "capabilities": capabilities}),
                ));
            }
            if message["method"] == "tools/call" {
                wait.notified().await;
            }
            None
        }
    });
    let mut agent = world.join();
    let mut call = calling(&json!({}));
    call["_meta"]["io.modelcontextprotocol/logLevel"] = "warning".into();
    agent.ask(1, "tools/call", call).await;
    world.notes.was_asked("tools/call", 1).await;
    assert_eq!(world.notes.heard("logging/setLevel")[0]["params"], json!({"level": "warning"}));
    says(&agent, "notifications/message", json!({"level": "info", "data": "no"})).await;
    says(&agent, "notifications/message", json!({"level": "error", "data": "yes"})).await;
    assert_eq!(agent.hear().await.unwrap()["params"]["data"], "yes");
    go_on.notify_one();
    agent.answer(1).await;
    says(&agent, "notifications/message", json!({"level": "error", "data": "late"})).await;
    go_on.notify_one();
    agent.ask(2, "tools/call", calling(&json!({}))).await;
    assert_eq!(agent.hear().await.unwrap()["id"], 2, "a request that did not ask hears none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_asked_about_at_the_server_that_made_it_and_by_its_agent_alone() {
    let world = World::new().await;
    world.notes.answers(|message| async move {
        let task = json!({"taskId": "t-1", "status": "working"});
        match message["method"].as_str()? {
            "tools/call" => Some(result(&message, &json!({"task": task}))),
            "tasks/get" => Some(result(&message, &task)),
            _ => None,
        }
    });
    let mut agent = world.connect().await;
    agent.ask(1, "tasks/get", json!({"taskId": "t-1"})).await;
    assert_eq!(agent.answer(1).await["error"]["code"], -32602, "nobody made it yet");
    agent.ask(2, "tools/call", json!({"name": "notes__echo", "arguments": {}, "task": {"ttl": 1000}})).await;
    assert_eq!(agent.answer(2).await["result"]["task"]["taskId"], "t-1");
    assert_eq!(world.notes.heard("tools/call")[0]["params"]["task"], json!({"ttl": 1000}));
    agent.ask(3, "tasks/get", json!({"taskId": "t-1"})).await;
    assert_eq!(agent.answer(3).await["result"]["status"], "working");
    agent.ask(4, "tasks/cancel", json!({"taskId": "another's"})).await;
    assert_eq!(agent.answer(4).await["error"]["code"], -32602);
    agent.ask(5, "tasks/list", json!({})).await;
    assert_eq!(agent.answer(5).await["error"]["code"], -32601);
    assert_eq!((world.notes.count("tasks/get"), world.notes.count("tasks/cancel")), (1, 0));
    assert_eq!(count(&world, Kind::CallDenied), 2);
    world.broker.revoke_delegation(&world.delegation).await.unwrap();
    agent.ask(6, "tasks/get", json!({"taskId": "t-1"})).await;
    assert_eq!(agent.answer(6).await["error"]["code"], -31003);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_12_a_server_can_not_take_over_another_s_task() {
    let tasks = crate::session::Tasks::default();
    let (agent, echo) = (crate::testing::scribe(), domain::Target::tool("echo"));
    assert!(tasks.note(&agent, &server("notes"), &echo, "t"));
    assert!(tasks.note(&agent, &server("notes"), &echo, "t"), "its own server may say it again");
    assert!(!tasks.note(&agent, &server("files"), &echo, "t"));
}

fn token() -> axum::http::HeaderMap {
    [("x-token".parse().unwrap(), crate::testing::TOKEN.parse().unwrap())].into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_that_a_modern_server_marks_is_told_in_a_header_too() {
    let world = World::new().await;
    world.notes.answers(|message| async move {
        let schema =
            json!({"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}});
        let wrong = json!({"type": "object", "properties": {"n": {"type": "number", "x-mcp-header": "N"}}});
        let both = json!([{"name": "mark", "inputSchema": schema}, {"name": "wrong", "inputSchema": wrong}]);
        let tools = json!({"resultType": "complete", "tools": both});
        let lists = message["method"] == "tools/list";
        Some(if lists { result(&message, &tools) } else { modern(&message) })
    });
    let grant = crate::GrantDraft {
        server: server("notes"),
        tools: vec![crate::testing::tool("mark", ApprovalMode::Never)],
        resources: vec![],
        prompts: vec![],
    };
    let draft =
        crate::Draft { agent: crate::testing::scribe(), grants: vec![grant], lasts: Duration::from_secs(60) };
    world.broker.delegate(crate::testing::consent(), draft).await.unwrap();
    let first = legacy(&world, &json!({})).await;
    let link = first.session.link(&server("notes")).await.unwrap();
    let listed = link.listed(mcp::lists::List::Tools, &token()).await.unwrap();
    assert!(listed.find("mark").is_some() && listed.find("wrong").is_none());
    let mut agent = legacy(&world, &json!({})).await;
    agent.ask(1, "tools/call", json!({"name": "notes__mark", "arguments": {"region": "eu-1"}})).await;
    assert!(agent.answer(1).await.get("result").is_some());
    assert_eq!(world.notes.heard("tools/call")[0]["region"], "eu-1");
}
