//! A house with two agents in it, `scribe` and `other`, whose tokens are their names.

use async_trait::async_trait;
use bytes::Bytes;
use domain::{Endpoint, Loopback, Origin};
use mcp::agents::{Credential, Doorway, Guest, House, Talk, Unwelcome, Visitor};
use mcp::era::Era;
use mcp::flow::Speech;
use mcp::{Kind, Message, RawId};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

pub(crate) const MODERN: &str = "2026-07-28";

/// What the house has seen, in order.
#[derive(Default)]
pub(crate) struct Hall {
    seen: Mutex<Vec<String>>,
    apart: Mutex<Option<mpsc::Sender<Speech>>>,
    /// Whether the house has ended all talks.
    pub(crate) over: AtomicBool,
}

impl Hall {
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn note(&self, what: String) {
        self.seen.lock().unwrap().push(what);
    }

    /// Waits until it has seen something.
    pub(crate) async fn until(&self, holds: impl Fn(&[String]) -> bool) {
        let seen = async {
            while !holds(&self.seen()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), seen).await.unwrap();
    }

    /// Says something that belongs to no request.
    pub(crate) async fn say_apart(&self, text: &str) {
        let apart = self.apart.lock().unwrap().clone().unwrap();
        apart
            .send(Message::notification("notifications/message", &json!({"data": text})).into())
            .await
            .unwrap();
    }
}

struct Fixture(Arc<Hall>);

#[async_trait]
impl House for Fixture {
    async fn admit(&self, _: &Endpoint, shown: Credential<'_>) -> Result<Arc<dyn Guest>, Unwelcome> {
        match (shown.scheme, shown.token) {
            ("Bearer", "scribe" | "other") => Ok(Arc::new(Someone(shown.token.to_owned(), self.0.clone()))),
            _ => Err(Unwelcome::Unauthorized),
        }
    }

    async fn page(&self, request: http::Request<Bytes>, _: &Visitor) -> http::Response<Bytes> {
        let status = if request.uri().path().starts_with("/oauth/") { 200 } else { 404 };
        http::Response::builder().status(status).body(Bytes::new()).unwrap()
    }

    fn challenge(&self, _: &Endpoint, _: Loopback, _: bool) -> String {
        "Bearer resource_metadata=\"x\"".into()
    }
}

struct Someone(String, Arc<Hall>);

#[async_trait]
impl Guest for Someone {
    fn key(&self) -> &str {
        &self.0
    }

    async fn talk(&self, _: Era) -> Arc<dyn Talk> {
        let (sender, apart) = mpsc::channel(8);
        *self.1.apart.lock().unwrap() = Some(sender);
        Arc::new(Spoken { hall: self.1.clone(), apart: Mutex::new(Some(apart)) })
    }
}

struct Spoken {
    hall: Arc<Hall>,
    apart: Mutex<Option<mpsc::Receiver<Speech>>>,
}

#[async_trait]
impl Talk for Spoken {
    async fn ask(&self, request: Message) -> mpsc::Receiver<Speech> {
        let (tell, coming) = mpsc::channel(8);
        let hall = self.hall.clone();
        tokio::spawn(async move { answer(&hall, &request, &tell).await });
        coming
    }

    async fn tell(&self, message: Message) {
        self.hall.note(format!("told {}", message.method().unwrap_or("response")));
    }

    fn apart(&self) -> Option<mpsc::Receiver<Speech>> {
        self.apart.lock().unwrap().take()
    }

    fn is_over(&self) -> bool {
        self.hall.over.load(Ordering::Relaxed)
    }

    async fn end(&self) {
        self.hall.note("ended".into());
        self.hall.apart.lock().unwrap().take();
    }
}

async fn answer(hall: &Hall, request: &Message, tell: &mpsc::Sender<Speech>) {
    let Kind::Request { id, method } = request.kind() else { return };
    let params = request.params();
    let progress = |step: i64| Message::notification("notifications/progress", &json!({"progress": step}));
    let result = match method.as_ref() {
        "initialize" => {
            json!({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "x", "version": "1"}})
        }
        "large" => return speak_at_length(id, &params, tell).await,
        "echo" | "tools/call" => params,
        "progress" => {
            for step in 1..=params["steps"].as_i64().unwrap() {
                tell.send(progress(step).into()).await.ok();
                tokio::time::sleep(Duration::from_millis(params["pause"].as_u64().unwrap_or(0))).await;
            }
            json!({})
        }
        "hang" => {
            tell.send(progress(1).into()).await.unwrap();
            tell.closed().await;
            return hall.note(format!("withdrawn {}", id.as_json()));
        }
        "pretty" => {
            tell.send(progress(1).into()).await.unwrap();
            let text = format!(
                "{{\n\t\"jsonrpc\": \"2.0\",\r\n\"id\": {},\r\"result\": {{\"pretty\": true}}\n}}",
                id.as_json()
            );
            tell.send(Message::parse(text.into()).unwrap().into()).await.unwrap();
            return;
        }
        _ => return drop(tell.send(Message::failure(Some(id), -32601, "unknown", None).into()).await),
    };
    let _ = tell.send(Message::response(id, &result).into()).await;
}

/// The door, and a client before it.
pub(crate) struct Door {
    pub(crate) house: Arc<Hall>,
    pub(crate) client: reqwest::Client,
    pub(crate) origin: Origin,
    closing: Option<oneshot::Sender<()>>,
    served: Option<tokio::task::JoinHandle<()>>,
}

impl Door {
    pub(crate) async fn open() -> Self {
        let house = Arc::new(Hall::default());
        let doorway = Doorway::take(0).await.unwrap();
        let origin = doorway.origin();
        let (close, closing) = oneshot::channel::<()>();
        let serve = doorway.serve(Arc::new(Fixture(house.clone())), async move { drop(closing.await) });
        let served = Some(tokio::spawn(serve));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { house, client, origin, closing: Some(close), served }
    }

    pub(crate) async fn close(&mut self) {
        self.closing.take();
        self.served.take().unwrap().await.unwrap();
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin.issuer())
    }

    pub(crate) fn post(&self, who: &str, message: Value) -> RequestBuilder {
        self.client
            .post(self.url("/mcp"))
            .header("authorization", format!("Bearer {who}"))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(message.to_string())
    }

    pub(crate) fn raw_modern(&self, who: &str, version: &str, message: Value) -> RequestBuilder {
        let method = message["method"].as_str().unwrap_or_default().to_owned();
        self.post(who, message).header("mcp-protocol-version", version).header("mcp-method", method)
    }

    pub(crate) fn modern(&self, who: &str, id: i64, method: &str, mut params: Value) -> RequestBuilder {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        self.raw_modern(who, MODERN, json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
    }

    /// A session's id.
    pub(crate) async fn begin(&self, who: &str) -> String {
        let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}});
        let answer = self.post(who, hello).send().await.unwrap();
        answer.headers()["mcp-session-id"].to_str().unwrap().to_owned()
    }

    pub(crate) fn legacy(&self, who: &str, session: &str, message: Value) -> RequestBuilder {
        self.post(who, message).header("mcp-session-id", session)
    }

    pub(crate) fn listen(&self, who: &str, session: &str) -> RequestBuilder {
        let get = self.client.get(self.url("/mcp")).header("authorization", format!("Bearer {who}"));
        get.header("accept", "text/event-stream").header("mcp-session-id", session)
    }
}

/// One event as it was read.
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

/// The whole events in a text.
pub(crate) fn events(text: &str) -> Vec<Event> {
    let whole = text.split_inclusive("\n\n").filter(|event| event.ends_with("\n\n"));
    let said = whole.filter(|event| !event.starts_with(':'));
    said.map(|event| {
        let field = |name: &str| -> Vec<_> {
            event.lines().filter_map(|line| line.strip_prefix(name)).map(str::trim_start).collect()
        };
        Event {
            id: field("id:").first().map(|id| (*id).to_owned()),
            data: serde_json::from_str(&field("data:").join("\n")).unwrap_or_default(),
        }
    })
    .collect()
}

/// Answers in pieces; one that is to break says so after the first.
async fn speak_at_length(id: &RawId, params: &Value, tell: &mpsc::Sender<Speech>) {
    let (say, pieces) = mpsc::channel(1);
    if params["progress"] == true {
        tell.send(Message::notification("notifications/progress", &json!({"progress": 1})).into())
            .await
            .unwrap();
    }
    tell.send(Speech::Flow(mcp::flow::Spoken { id: id.clone(), pieces })).await.unwrap();
    let begins = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"text":""#, id.as_json());
    say.send(Ok(begins.into())).await.unwrap();
    if params["breaks"] == true {
        let _ = say.send(Err(mcp::flow::BrokeOff)).await;
        let _ = tell.send(Message::failure(Some(id), -31004, "it broke off", None).into()).await;
        return;
    }
    for _ in 0..params["pieces"].as_u64().unwrap() {
        say.send(Ok("x".repeat(1000).into())).await.unwrap();
    }
    say.send(Ok(r#""}}"#.into())).await.unwrap();
}
