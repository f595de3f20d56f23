//! A whole wallet for a test: one agent's connection to it, and a server behind HTTP that does what the test says.

use crate::session::{Guest, Session};
use crate::{
    Broker, Consent, CreateWallet, Draft, GrantDraft, Home, KeyChoice, NewServer, Secret, ToolDraft,
};
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::{
    AgentName, ApprovalMode, Credential, DelegationId, Digest, Endpoint, Peer, Program, ResourceGrant,
    ServerName, Transport,
};
use futures_util::future::BoxFuture;
use mcp::framing::{LineReader, LineWriter};
use proof::receipt::Body;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
};

/// What every server of a test is sent with each request.
pub(crate) const TOKEN: &str = "cs-canary-token-7d41c8e2a605";

/// A wallet with a server `notes` and an agent `scribe` that may use its tool `echo`.
pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) notes: Fake,
    pub(crate) delegation: DelegationId,
    _home: TempDir,
}

/// An agent's end of a connection.
pub(crate) struct Agent {
    pub(crate) session: Arc<Session>,
    pub(crate) run: tokio::task::JoinHandle<()>,
    write: WriteHalf<DuplexStream>,
    read: Lines<BufReader<ReadHalf<DuplexStream>>>,
}

/// A server, and what it was asked.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Value>>>,
    answer: Arc<Mutex<Answer>>,
}

/// What a server answers to a message; nothing: what a well-behaved one would.
pub(crate) type Answer = Arc<dyn Fn(Value) -> BoxFuture<'static, Option<Response>> + Send + Sync>;

impl World {
    pub(crate) async fn new() -> Self {
        Self::asking(ApprovalMode::Never).await
    }

    /// The same, where the human is asked.
    pub(crate) async fn asking(mode: ApprovalMode) -> Self {
        let home = tempfile::tempdir().unwrap();
        let broker = Broker::open(Home::at(home.path())).await.unwrap();
        let passphrase = Some(Secret::new(b"correct horse battery staple".to_vec()));
        let new = CreateWallet { identity: "Ada".into(), keys: KeyChoice::Passphrase, passphrase };
        broker.create(new).await.unwrap();
        broker.add_agent(consent(), scribe()).await.unwrap();
        let enrolled = broker.0.books.change(|book, shelf| {
            let mut agent = book.agent(&scribe())?.clone();
            agent.enrol(program()).unwrap();
            book.put_agent(shelf, agent)
        });
        enrolled.unwrap();
        let notes = Fake::start().await;
        let delegation = DelegationId::new("");
        let mut world = Self { broker, notes, delegation, _home: home };
        world.add_server("notes", &world.notes.clone()).await;
        world.delegation = world.delegate("notes", mode, &[]).await;
        world
    }

    pub(crate) async fn add_server(&self, name: &str, fake: &Fake) {
        let credential = Credential::Header { name: "x-token".into() };
        let new = NewServer {
            name: server(name),
            transport: Transport::Http { url: fake.url.parse().unwrap(), credential },
            env_secrets: vec![],
            header: Some(Secret::new(TOKEN.as_bytes().to_vec())),
        };
        self.broker.add_server(consent(), new).await.unwrap();
    }

    /// Grants `echo`, a prompt, and these resources.
    pub(crate) async fn delegate(
        &self,
        on: &str,
        approval: ApprovalMode,
        resources: &[&str],
    ) -> DelegationId {
        let resources = resources.iter().map(|uri| ResourceGrant { uri: (*uri).to_owned() }).collect();
        let grant = GrantDraft {
            server: server(on),
            tools: vec![tool("echo", approval)],
            resources,
            prompts: vec![domain::PromptGrant { name: "greet".into() }],
        };
        let draft = Draft { agent: scribe(), grants: vec![grant], lasts: Duration::from_secs(3600) };
        self.broker.delegate(consent(), draft).await.unwrap().delegation.id
    }

    /// Grants a prompt and nothing else.
    pub(crate) async fn befriend(&self, on: &str) {
        let prompts = vec![domain::PromptGrant { name: "greet".into() }];
        let grant = GrantDraft { server: server(on), tools: vec![], resources: vec![], prompts };
        let draft = Draft { agent: scribe(), grants: vec![grant], lasts: Duration::from_secs(3600) };
        self.broker.delegate(consent(), draft).await.unwrap();
    }

    /// Connects the agent, which speaks the legacy era.
    pub(crate) async fn connect(&self) -> Agent {
        let mut agent = self.join();
        let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}});
        agent.ask(0, "initialize", hello).await;
        agent.answer(0).await;
        agent
    }

    /// Connects the agent, which has not said anything yet.
    pub(crate) fn join(&self) -> Agent {
        self.join_at(Endpoint::All)
    }

    /// The same at one endpoint.
    pub(crate) fn join_at(&self, scope: Endpoint) -> Agent {
        let peer = Peer { pid: 1, uid: 1, program: program(), shim: Some(program()) };
        let guest = Guest { agent: scribe(), peer, scope };
        let (session, heard) = Session::new(self.broker.0.clone(), guest);
        self.broker.0.sessions.add(session.clone());
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let (read, write) = tokio::io::split(theirs);
        let run = tokio::spawn(session.clone().run(
            LineReader::new(read, mcp::MAX_MESSAGE),
            LineWriter::new(write),
            heard,
        ));
        let (read, write) = tokio::io::split(ours);
        Agent { session, run, write, read: BufReader::new(read).lines() }
    }

    /// What the record says, the oldest first.
    pub(crate) fn record(&self) -> Vec<Body> {
        let filter = crate::record::Filter { limit: Some(1000), ..Default::default() };
        let newest = self.broker.activity(&filter).unwrap();
        newest.into_iter().rev().map(|entry| entry.body).collect()
    }
}

impl Agent {
    pub(crate) async fn say(&mut self, message: Value) {
        self.write.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    pub(crate) async fn ask(&mut self, id: u64, method: &str, params: Value) {
        self.say(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
    }

    /// Asks for the tool `echo` of `notes`.
    pub(crate) async fn call(&mut self, id: u64) {
        self.ask(id, "tools/call", json!({"name": "notes__echo", "arguments": {}})).await;
    }

    /// What comes next; nothing once the wallet has hung up.
    pub(crate) async fn hear(&mut self) -> Option<Value> {
        let line = tokio::time::timeout(Duration::from_secs(20), self.read.next_line()).await;
        let line = line.expect("the agent hears nothing").unwrap()?;
        Some(serde_json::from_str(&line).unwrap())
    }

    /// The answer that comes next, as it is written.
    pub(crate) async fn line(&mut self) -> String {
        loop {
            let line = tokio::time::timeout(Duration::from_secs(20), self.read.next_line()).await;
            let line = line.expect("the agent hears nothing").unwrap().expect("the wallet hung up");
            if !line.contains(r#""method":"#) {
                return line;
            }
        }
    }

    /// How many bytes come until the wallet hangs up.
    pub(crate) async fn rest(mut self) -> usize {
        let mut rest = vec![];
        self.read.get_mut().read_to_end(&mut rest).await.unwrap()
    }

    /// The answer to a request, after what is no message.
    pub(crate) async fn answer_after_noise(&mut self, id: u64) -> Value {
        loop {
            let line = tokio::time::timeout(Duration::from_secs(20), self.read.next_line()).await;
            let line = line.expect("the agent hears nothing").unwrap().expect("the wallet hung up");
            let heard: Value = serde_json::from_str(&line).unwrap_or_default();
            if heard["id"] == id && heard.get("error").is_some() {
                return heard;
            }
        }
    }

    /// The answer to a request.
    pub(crate) async fn answer(&mut self, id: u64) -> Value {
        loop {
            let heard = self.hear().await.expect("the wallet hung up");
            if heard["id"] == id && heard.get("method").is_none() {
                return heard;
            }
        }
    }
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let answer: Answer = Arc::new(|_| Box::pin(async { None }));
        let fake = Self { url, seen: Arc::default(), answer: Arc::new(Mutex::new(answer)) };
        let state = fake.clone();
        let app =
            axum::Router::new().fallback(move |method: Method, headers: HeaderMap, body: Bytes| async move {
                state.serve(&method, &headers, &body).await
            });
        tokio::spawn(async move { axum::serve(listener, app).await });
        fake
    }

    /// From now on this is asked first.
    pub(crate) fn answers<F>(&self, answer: impl Fn(Value) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Option<Response>> + Send + 'static,
    {
        *self.answer.lock().unwrap() = Arc::new(move |message| Box::pin(answer(message)));
    }

    /// The answers that it got to questions of its own.
    pub(crate) fn answers_heard(&self) -> Vec<Value> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|message| message.get("method").is_none()).cloned().collect()
    }

    /// How often it was asked this.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.heard(method).len()
    }

    /// The messages of this kind that it got.
    pub(crate) fn heard(&self, method: &str) -> Vec<Value> {
        self.seen.lock().unwrap().iter().filter(|message| message["method"] == method).cloned().collect()
    }

    /// Waits until it has been asked this so often.
    pub(crate) async fn was_asked(&self, method: &str, often: usize) {
        until(|| self.count(method) >= often).await;
    }

    async fn serve(&self, method: &Method, headers: &HeaderMap, body: &[u8]) -> Response {
        assert_eq!(headers["x-token"], TOKEN);
        let message: Value = match *method {
            Method::POST => serde_json::from_slice(body).unwrap(),
            Method::GET => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
            _ => json!({"method": "DELETE"}),
        };
        let answer = self.answer.lock().unwrap().clone();
        let mut seen = message.clone();
        seen["header"] = headers.get("countersign-proof").is_some().into();
        seen["region"] = headers.get("mcp-param-region").and_then(|value| value.to_str().ok()).into();
        self.seen.lock().unwrap().push(seen);
        match answer(message.clone()).await {
            Some(answer) => answer,
            None => well_behaved(&message),
        }
    }
}

fn well_behaved(message: &Value) -> Response {
    let capabilities = json!({"tools": {}, "prompts": {}, "resources": {}});
    let found = match message["method"].as_str().unwrap_or_default() {
        "initialize" => {
            json!({"protocolVersion": "2025-11-25", "capabilities": capabilities, "serverInfo": {}})
        }
        "tools/list" => json!({"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}),
        "prompts/list" => json!({"prompts": [{"name": "greet"}]}),
        _ => json!({"content": [{"type": "text", "text": "done"}]}),
    };
    let mut response = result(message, &found);
    if message["method"] == "initialize" {
        response.headers_mut().insert("mcp-session-id", "one".try_into().unwrap());
    }
    response
}

/// An answer to a message; 202 to one that wants none.
pub(crate) fn result(message: &Value, result: &Value) -> Response {
    match message.get("id") {
        Some(id) => axum::Json(json!({"jsonrpc": "2.0", "id": id, "result": result})).into_response(),
        None => StatusCode::ACCEPTED.into_response(),
    }
}

/// What a well-behaved modern server answers, and what it answers to `initialize`.
pub(crate) fn modern(message: &Value) -> Response {
    let capabilities = json!({
        "tools": {"listChanged": true}, "prompts": {}, "resources": {"subscribe": true}, "logging": {},
    });
    let found = match message["method"].as_str().unwrap_or_default() {
        "server/discover" => json!({"supportedVersions": ["2026-07-28"], "capabilities": capabilities}),
        "tools/list" => json!({"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}),
        "tools/call" | "resources/read" => json!({"content": [{"type": "text", "text": "done"}]}),
        _ => {
            let error = json!({"code": -32601, "message": "no such method"});
            let body = json!({"jsonrpc": "2.0", "id": message["id"], "error": error});
            return (StatusCode::NOT_FOUND, axum::Json(body)).into_response();
        }
    };
    let mut found = found;
    found["resultType"] = "complete".into();
    result(message, &found)
}

/// A failure.
pub(crate) fn failure(message: &Value, sentence: &str) -> Response {
    let error = json!({"code": -32000, "message": sentence});
    axum::Json(json!({"jsonrpc": "2.0", "id": message["id"], "error": error})).into_response()
}

/// Waits until it is so.
pub(crate) async fn until(so: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while !so() {
        assert!(std::time::Instant::now() < deadline, "it never is");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A tool to grant.
pub(crate) fn tool(name: &str, approval: ApprovalMode) -> ToolDraft {
    ToolDraft { name: name.to_owned(), definition: None, approval, limits: domain::Limits::default() }
}

pub(crate) fn server(name: &str) -> ServerName {
    ServerName::parse(name).unwrap()
}

pub(crate) fn scribe() -> AgentName {
    AgentName::parse("scribe").unwrap()
}

fn program() -> Program {
    Program { path: "/bin/agent".into(), sha256: Digest::new([1; 32]) }
}

pub(crate) const fn consent() -> Consent {
    Consent::by_passphrase()
}
