//! Servers of both eras are recognised, whichever is tried first.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use async_trait::async_trait;
use http::HeaderMap;
use mcp::era::{Era, Hello, OpenError, Opened, open};
use mcp::flow::Reply;
use mcp::upstream::memory::pair;
use mcp::upstream::{Inbox, Incoming, Outgoing, Upstream, UpstreamError};
use mcp::{Kind, Message, RawId};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::mpsc::channel;

const PATIENCE: Duration = Duration::from_secs(30);

/// What a server says to a request; nothing is silence.
type Script = fn(&str, &Value) -> Option<Result<Value, (i64, &'static str)>>;

/// Opens a server that answers by the script; gives also the methods it was asked.
async fn opened(hello: &Hello, script: Script) -> (Result<Opened, OpenError>, Vec<String>) {
    let (inbox, mut incoming) = channel(8);
    let (upstream, mut server) = pair(inbox);
    let serving = tokio::spawn(async move {
        let mut asked = Vec::new();
        while let Some(Outgoing { message, .. }) = server.next().await {
            asked.push(message.method().unwrap().to_owned());
            let Kind::Request { id, method } = message.kind() else { continue };
            server.say(Message::notification("notifications/message", &Value::Null)).await;
            match script(method, &message.params()) {
                Some(Ok(result)) => server.say(Message::response(id, &result)).await,
                Some(Err((code, text))) => server.say(Message::failure(Some(id), code, text, None)).await,
                None => {}
            }
        }
        asked
    });
    let result = open(&upstream, &mut incoming, hello, &HeaderMap::new(), PATIENCE).await;
    drop(upstream);
    (result, serving.await.unwrap())
}

fn legacy(method: &str, params: &Value) -> Option<Result<Value, (i64, &'static str)>> {
    match method {
        "initialize" => Some(Ok(json!({
            "protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}, "own": params["own"]},
            "serverInfo": {"name": "l"}, "instructions": "be kind"
        }))),
        _ => Some(Err((-32601, "Method not found"))),
    }
}

fn modern(method: &str, params: &Value) -> Option<Result<Value, (i64, &'static str)>> {
    match method {
        "server/discover" => Some(Ok(json!({
            "resultType": "complete", "supportedVersions": ["2027-01-01", "2026-07-28"],
            "capabilities": params["_meta"]["io.modelcontextprotocol/clientCapabilities"],
            "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "m"}}
        }))),
        _ => Some(Err((-32601, "Method not found"))),
    }
}

fn legacy_client() -> Hello {
    Hello::from_initialize(&json!({
        "protocolVersion": "2025-06-18", "capabilities": {"roots": {}}, "clientInfo": {"name": "c"}, "own": 1.0
    }))
}

fn modern_client() -> Hello {
    Hello::from_meta(&json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "c"},
        "io.modelcontextprotocol/clientCapabilities": {"sampling": {}}
    }))
}

#[tokio::test]
async fn a_legacy_client_is_passed_on_to_a_legacy_server_with_everything_it_said() {
    let (result, asked) = opened(&legacy_client(), legacy).await;
    let opened = result.unwrap();
    assert_eq!((opened.era, opened.version.as_str()), (Era::Legacy, "2025-06-18"));
    assert_eq!(
        opened.capabilities,
        json!({"tools": {}, "own": serde_json::from_str::<Value>("1.0").unwrap()})
    );
    assert_eq!(opened.server_info["name"], "l");
    assert_eq!(opened.instructions.as_deref(), Some("be kind"));
    assert_eq!(opened.early.len(), 1, "what came before is kept");
    assert_eq!(asked, ["initialize", "notifications/initialized"]);
}

#[tokio::test]
async fn a_modern_client_finds_a_modern_server_at_once() {
    let (result, asked) = opened(&modern_client(), modern).await;
    let opened = result.unwrap();
    assert_eq!((opened.era, opened.version.as_str()), (Era::Modern, "2026-07-28"));
    assert_eq!(opened.capabilities, json!({"sampling": {}}), "its client's capabilities reached the server");
    assert_eq!(opened.server_info["name"], "m");
    assert_eq!(asked, ["server/discover"]);
}

#[tokio::test]
async fn a_client_of_one_era_reaches_a_server_of_the_other() {
    let (result, asked) = opened(&legacy_client(), modern).await;
    assert_eq!(result.unwrap().era, Era::Modern);
    assert_eq!(asked, ["initialize", "server/discover"]);
    let (result, asked) = opened(&modern_client(), legacy).await;
    assert_eq!(result.unwrap().era, Era::Legacy);
    assert_eq!(asked, ["server/discover", "initialize", "notifications/initialized"]);
}

#[tokio::test]
async fn what_can_not_cross_the_eras_is_not_promised_to_the_server() {
    let hello = Hello::from_initialize(&json!({"capabilities": {"roots": {}, "tasks": {"list": {}}}}));
    let (result, _) = opened(&hello, modern).await;
    assert_eq!(result.unwrap().capabilities, json!({"roots": {}}));
}

#[tokio::test]
async fn a_legacy_server_is_greeted_in_a_legacy_version_whoever_asks() {
    let from_the_future = Hello::from_initialize(&json!({"protocolVersion": "2031-01-01"}));
    for hello in [Hello::of_wallet(), modern_client(), from_the_future] {
        let (result, _) = opened(&hello, legacy).await;
        assert_eq!(result.unwrap().version, "2025-11-25");
    }
}

#[tokio::test(start_paused = true)]
async fn a_legacy_server_that_is_silent_about_what_it_does_not_know_is_recognised() {
    let silent: Script = |method, params| if method == "initialize" { legacy(method, params) } else { None };
    let (result, _) = opened(&modern_client(), silent).await;
    assert_eq!(result.unwrap().era, Era::Legacy);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up() {
    let (result, _) = opened(&legacy_client(), |_, _| None).await;
    assert!(matches!(result, Err(OpenError::Silent(patience)) if patience == PATIENCE));
}

#[tokio::test]
async fn a_modern_server_that_understands_and_refuses_is_not_asked_the_old_way() {
    let strict: Script = |_, _| Some(Err((-32021, "elicitation is needed")));
    let (result, asked) = opened(&modern_client(), strict).await;
    assert!(
        matches!(result, Err(OpenError::Refused { code: -32021, message, .. }) if message.contains("elicitation"))
    );
    assert_eq!(asked, ["server/discover"]);
}

#[tokio::test]
async fn versions_nobody_knows_are_named_in_the_error() {
    let future: Script = |method, _| match method {
        "initialize" => Some(Ok(json!({"protocolVersion": "2031-01-01"}))),
        _ => Some(Ok(json!({"supportedVersions": ["2031-01-01"]}))),
    };
    for hello in [legacy_client(), modern_client()] {
        let (result, _) = opened(&hello, future).await;
        assert!(matches!(result, Err(OpenError::Version { offered }) if offered == "2031-01-01"));
    }
}

#[tokio::test]
async fn a_server_that_refuses_our_version_is_asked_the_old_way_only_if_it_names_a_version_of_that_time() {
    for (supported, then) in [(json!(["2031-01-01"]), 1), (json!(["2031-01-01", "2025-06-18"]), 3)] {
        let (inbox, mut incoming) = channel(8);
        let (upstream, mut server) = pair(inbox);
        let serving = tokio::spawn(async move {
            let mut asked = 0;
            while let Some(Outgoing { message, .. }) = server.next().await {
                asked += 1;
                let Some(id) = message.id() else { continue };
                let data = json!({"supported": supported, "requested": "2026-07-28"});
                let answer = match message.method() {
                    Some("initialize") => Message::response(id, &json!({"protocolVersion": "2025-06-18"})),
                    _ => Message::failure(Some(id), -32022, "Unsupported protocol version", Some(&data)),
                };
                server.say(answer).await;
            }
            asked
        });
        let found = open(&upstream, &mut incoming, &modern_client(), &HeaderMap::new(), PATIENCE).await;
        drop(upstream);
        assert_eq!(serving.await.unwrap(), then);
        match found {
            Ok(opened) => assert_eq!((opened.era, then), (Era::Legacy, 3)),
            Err(error) => assert!(matches!(error, OpenError::Version { offered } if offered == "2031-01-01")),
        }
    }
}

#[tokio::test]
async fn hostile_answers_are_errors_and_nothing_worse() {
    let hostile: [Script; 4] = [
        |_, _| Some(Ok(json!([]))),
        |_, _| Some(Ok(json!("x"))),
        |_, _| Some(Ok(json!({"protocolVersion": {}, "supportedVersions": "2026-07-28", "_meta": "x"}))),
        |_, _| Some(Ok(json!({"protocolVersion": "2025-11-25\r\nX: y", "supportedVersions": [7]}))),
    ];
    for script in hostile {
        for hello in [legacy_client(), modern_client()] {
            assert!(matches!(opened(&hello, script).await.0, Err(OpenError::Version { .. })));
        }
    }
    let odd_meta: Script = |_, _| Some(Ok(json!({"supportedVersions": ["2026-07-28"], "_meta": "x"})));
    assert_eq!(opened(&modern_client(), odd_meta).await.0.unwrap().server_info, Value::Null);
}

/// A transport that fails as told, once, then works as a legacy server.
struct Failing {
    first: Mutex<Option<UpstreamError>>,
    inbox: Inbox,
}

#[async_trait]
impl Upstream for Failing {
    async fn send(&self, out: Outgoing) -> Result<Option<Reply>, UpstreamError> {
        if let Some(error) = self.first.lock().unwrap().take() {
            return Err(error);
        }
        if let Kind::Request { id, method } = out.message.kind() {
            let Some(Ok(result)) = legacy(method, &out.message.params()) else { panic!("{method}") };
            let _ = self
                .inbox
                .send(Incoming::Message { message: Message::response(id, &result), during: None })
                .await;
        }
        Ok(None)
    }
    async fn cancel(&self, _: &RawId, _: HeaderMap) {}
    async fn close(&self, _: HeaderMap) {}
}

#[tokio::test]
async fn an_http_server_that_answers_the_modern_question_with_a_bare_400_is_legacy_and_a_401_is_passed_on() {
    let failing = |error| {
        let (inbox, incoming) = channel(8);
        (Failing { first: Mutex::new(Some(error)), inbox }, incoming)
    };
    let (upstream, mut incoming) = failing(UpstreamError::Status { status: 400, body: String::new() });
    let opened = open(&upstream, &mut incoming, &modern_client(), &HeaderMap::new(), PATIENCE).await;
    assert_eq!(opened.unwrap().era, Era::Legacy);

    let (upstream, mut incoming) = failing(UpstreamError::Unauthorized { www_authenticate: vec![] });
    let opened = open(&upstream, &mut incoming, &modern_client(), &HeaderMap::new(), PATIENCE).await;
    assert!(matches!(opened, Err(OpenError::Upstream(UpstreamError::Unauthorized { .. }))));
}

/// Answers every request, and takes no notification.
struct Deaf(Inbox);

#[async_trait]
impl Upstream for Deaf {
    async fn send(&self, out: Outgoing) -> Result<Option<Reply>, UpstreamError> {
        let Kind::Request { id, method } = out.message.kind() else {
            return std::future::pending().await;
        };
        let Some(Ok(result)) = legacy(method, &out.message.params()) else { return Ok(None) };
        self.0
            .send(Incoming::Message { message: Message::response(id, &result), during: None })
            .await
            .unwrap();
        Ok(None)
    }

    async fn cancel(&self, _: &RawId, _: HeaderMap) {}

    async fn close(&self, _: HeaderMap) {}
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_take_the_last_word_of_the_handshake_is_given_up() {
    let (inbox, mut incoming) = channel(8);
    let (deaf, hello, headers) = (Deaf(inbox), legacy_client(), HeaderMap::new());
    let opening = open(&deaf, &mut incoming, &hello, &headers, PATIENCE);
    let opened = tokio::time::timeout(10 * PATIENCE, opening).await.expect("it waits for ever");
    assert!(matches!(opened, Err(OpenError::Silent(_))), "{opened:?}");
}
