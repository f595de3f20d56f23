//! The tools do what they are there to show, in both eras.

use crate::stranger::{World, initialize, world};
use reqwest::Response;
use serde_json::{Value, json};

/// A logged-in agent in a legacy session.
struct Session {
    world: World,
    token: String,
    id: String,
}

async fn session() -> Session {
    let world = world(true).await;
    let (_, tokens) = world.log_in().await;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let opened = world.mcp(&token, &[], &initialize()).await;
    let id = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let session = Session { world, token, id };
    session.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
    session
}

impl Session {
    async fn send(&self, message: &Value) -> Events {
        let headers = [("mcp-session-id", self.id.as_str()), ("mcp-protocol-version", "2025-11-25")];
        events(self.world.mcp(&self.token, &headers, message).await)
    }

    async fn ask(&self, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
        self.send(&request).await.answer().await
    }

    async fn call(&self, name: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({ "name": name, "arguments": arguments })).await["result"].clone()
    }
}

/// The messages of an event stream, as they come.
struct Events {
    response: Response,
    text: String,
}

fn events(response: Response) -> Events {
    Events { response, text: String::new() }
}

impl Events {
    async fn next(&mut self) -> Value {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data:")).unwrap_or_default();
                let message = serde_json::from_str(data);
                self.text = rest.to_owned();
                if let Ok(message) = message {
                    return message;
                }
            } else {
                let chunk = self.response.chunk().await.unwrap().expect("the stream ended early");
                self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        }
    }

    /// Everything up to the answer.
    async fn rest(mut self) -> Vec<Value> {
        let mut seen = vec![self.next().await];
        while seen.last().is_some_and(|message| message["method"].is_string()) {
            seen.push(self.next().await);
        }
        seen
    }

    async fn answer(self) -> Value {
        self.rest().await.pop().unwrap()
    }
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {result}"))
}

#[tokio::test]
async fn a_dozen_tools_say_what_they_may_do() {
    let session = session().await;
    let listed = session.ask("tools/list", json!({})).await;
    let tools = listed["result"]["tools"].as_array().unwrap();
    assert!(tools.len() >= 12, "{}", tools.len());
    for tool in tools {
        assert!(tool["description"].as_str().is_some_and(|text| text.len() > 10), "{tool}");
        assert!(tool["annotations"]["title"].is_string(), "{tool}");
        let reads = tool["annotations"]["readOnlyHint"] == true;
        assert!(reads || tool["annotations"]["destructiveHint"].is_boolean(), "{tool}");
    }
}

#[tokio::test]
async fn a_note_is_written_read_found_and_deleted() {
    let session = session().await;
    session.call("write_note", json!({ "title": "a b", "text": "Zebra" })).await;
    assert_eq!(text(&session.call("search_notes", json!({ "text": "zebra" })).await), "a b");
    let resource = session.ask("resources/read", json!({ "uri": "note:///a%20b" })).await;
    assert_eq!(resource["result"]["contents"][0]["text"], "Zebra\n");
    session.call("delete_note", json!({ "title": "a b" })).await;
    let gone = session.call("read_note", json!({ "title": "a b" })).await;
    assert_eq!(gone["isError"], true);
}

#[tokio::test]
async fn the_leaking_tools_give_the_token_back_in_several_disguises() {
    let session = session().await;
    let headers = session.call("show_headers", json!({})).await;
    assert!(text(&headers).contains(&format!("Bearer {}", session.token)));
    let environment = session.call("show_environment", json!({})).await;
    assert!(text(&environment).contains(&format!("ACCESS_TOKEN={}", session.token)));
    assert!(text(&environment).contains("ACCESS_TOKEN_BASE64=cGxheWdyb3VuZC"));
}

#[tokio::test]
async fn a_report_is_as_large_as_asked_for() {
    let session = session().await;
    let report = session.call("make_report", json!({ "kilobytes": 2048 })).await;
    assert_eq!(text(&report).len(), 2048 * 1024);
}

#[tokio::test]
async fn failing_comes_in_both_kinds() {
    let session = session().await;
    assert_eq!(session.call("fail", json!({ "how": "result" })).await["isError"], true);
    let refused =
        session.ask("tools/call", json!({ "name": "fail", "arguments": { "how": "protocol" } })).await;
    assert_eq!(refused["error"]["code"], -32603);
}

#[tokio::test]
async fn counting_reports_each_step() {
    let session = session().await;
    let count = json!({ "jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {
        "name": "count_slowly", "arguments": { "to": 3, "pause_ms": 1 }, "_meta": { "progressToken": "p" } } });
    let seen = session.send(&count).await.rest().await;
    let progress = seen.iter().filter(|message| message["method"] == "notifications/progress").count();
    assert_eq!(progress, 3, "{seen:?}");
}

#[tokio::test]
async fn a_legacy_client_is_asked_by_a_request_of_the_server() {
    let session = session().await;
    let call = json!({ "jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {
        "name": "book_table", "arguments": { "restaurant": "Chez Ada" } } });
    let mut stream = session.send(&call).await;
    let mut question = Value::Null;
    while question["method"] != "elicitation/create" {
        question = stream.next().await;
    }
    let content = json!({ "guests": 2, "hour": "19:30" });
    let yes = json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "accept", "content": content } });
    session.send(&yes).await;
    let answer = stream.answer().await;
    assert_eq!(text(&answer["result"]), "Pretended to book Chez Ada for 2 at \"19:30\".");
}

#[tokio::test]
async fn a_modern_client_is_asked_by_the_result_and_answers_with_the_next_call() {
    let world = world(true).await;
    let (_, tokens) = world.log_in().await;
    let call = |id: u64, more: Value| {
        let mut call = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {
            "name": "summarise_note", "arguments": { "title": "welcome" }, "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": { "sampling": {} },
                "io.modelcontextprotocol/clientInfo": { "name": "stranger", "version": "1" } } } });
        call["params"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call
    };
    let headers = [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "summarise_note"),
    ];
    let token = tokens["access_token"].as_str().unwrap();
    let asked = events(world.mcp(token, &headers, &call(1, json!({}))).await).answer().await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    assert_eq!(asked["result"]["inputRequests"]["question"]["method"], "sampling/createMessage");

    let answer =
        json!({ "role": "assistant", "model": "m", "content": { "type": "text", "text": "Short." } });
    let retry = call(2, json!({ "inputResponses": { "question": answer } }));
    let done = events(world.mcp(token, &headers, &retry).await).answer().await;
    assert_eq!(text(&done["result"]), "Short.");
}
