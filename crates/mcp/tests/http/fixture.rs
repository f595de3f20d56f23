//! A server that answers exactly the bytes a test wants, cut where the test wants.

use bytes::Bytes;
use http::HeaderMap;
use mcp::upstream::http::{HttpLimits, HttpUpstream, client};
use mcp::upstream::{Incoming, Outgoing, Upstream, UpstreamError};
use mcp::{Message, RawId};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, Receiver};

/// One request as the server saw it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

/// What the server does after a request.
pub(crate) enum Step {
    /// Sends these bytes at once.
    Send(Vec<u8>),
    /// Says nothing more, and keeps the connection.
    Hang,
    /// Ends the connection.
    Close,
}

pub(crate) type Seens = Arc<Mutex<Vec<Seen>>>;

/// An upstream to a server that answers with what `answer` makes of each request, what arrives from it, and what it saw.
pub(crate) async fn server(
    answer: impl Fn(&Seen) -> Vec<Step> + Send + Sync + 'static,
) -> (HttpUpstream, Receiver<Incoming>, Seens) {
    patient_server(Duration::from_secs(60), answer).await
}

/// The same, with an upstream that bears only so long a silence.
pub(crate) async fn patient_server(
    silence: Duration,
    answer: impl Fn(&Seen) -> Vec<Step> + Send + Sync + 'static,
) -> (HttpUpstream, Receiver<Incoming>, Seens) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap()).parse().unwrap();
    let seens = Seens::default();
    let (answer, log) = (Arc::new(answer), Arc::clone(&seens));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&answer), Arc::clone(&log)));
        }
    });
    let (inbox, incoming) = mpsc::channel(64);
    let limits = HttpLimits { silence, message: 11 << 20 };
    (HttpUpstream::new(client().unwrap(), url, limits, inbox), incoming, seens)
}

async fn serve(stream: TcpStream, answer: Arc<impl Fn(&Seen) -> Vec<Step>>, seens: Seens) {
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    while let Some(seen) = read_request(&mut stream).await {
        seens.lock().unwrap().push(seen.clone());
        for step in answer(&seen) {
            match step {
                Step::Send(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                    tokio::task::yield_now().await;
                }
                Step::Hang => std::future::pending().await,
                Step::Close => return,
            }
        }
    }
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let mut seen = Seen { method: line.split(' ').next()?.to_owned(), ..Seen::default() };
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        seen.headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = seen.headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    seen.body = String::from_utf8(body).unwrap();
    Some(seen)
}

/// A whole answer with a body.
pub(crate) fn reply(head: &str, body: &[u8]) -> Step {
    let mut bytes = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Step::Send(bytes)
}

pub(crate) fn json_reply(body: &str) -> Vec<Step> {
    vec![reply("200 OK\r\nContent-Type: application/json; charset=utf-8", body.as_bytes())]
}

/// An event stream in the given cuts, ended in good order.
pub(crate) fn events<'a>(cuts: impl IntoIterator<Item = &'a [u8]>) -> Vec<Step> {
    let mut steps = open_events(cuts);
    steps.push(Step::Send(b"0\r\n\r\n".to_vec()));
    steps
}

/// An event stream in the given cuts that stays open.
pub(crate) fn open_events<'a>(cuts: impl IntoIterator<Item = &'a [u8]>) -> Vec<Step> {
    open("text/event-stream", cuts)
}

/// A JSON body in the given cuts.
pub(crate) fn chunked_json<'a>(cuts: impl IntoIterator<Item = &'a [u8]>) -> Vec<Step> {
    let mut steps = open("application/json", cuts);
    steps.push(Step::Send(b"0\r\n\r\n".to_vec()));
    steps
}

fn open<'a>(kind: &str, cuts: impl IntoIterator<Item = &'a [u8]>) -> Vec<Step> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut steps = vec![Step::Send(head.into())];
    for cut in cuts {
        let mut chunk = format!("{:x}\r\n", cut.len()).into_bytes();
        chunk.extend_from_slice(cut);
        chunk.extend_from_slice(b"\r\n");
        steps.push(Step::Send(chunk));
    }
    steps
}

/// The answer every test asks for.
pub(crate) const ANSWER: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"n":1.0,"unknown":"kept"}}"#;

pub(crate) fn call() -> Outgoing {
    let params = json!({ "name": "echo", "arguments": {} });
    Outgoing::new(Message::request(RawId::number(1), "tools/call", &params))
}

/// Sends one call and gives the error it ends with.
pub(crate) async fn error_of(answer: impl Fn(&Seen) -> Vec<Step> + Send + Sync + 'static) -> UpstreamError {
    let (upstream, _incoming, _) = server(answer).await;
    upstream.send(call()).await.unwrap_err()
}

/// Sends a request whose answer is the first thing said for it.
pub(crate) async fn answer(upstream: &HttpUpstream, out: Outgoing) -> Bytes {
    upstream.send(out).await.unwrap().unwrap().whole().await.unwrap().into_bytes()
}

/// The next message.
pub(crate) async fn message(incoming: &mut Receiver<Incoming>) -> Bytes {
    match incoming.recv().await.unwrap() {
        Incoming::Message { message, .. } => message.into_bytes(),
        Incoming::Flow(flow) => panic!("{flow:?}"),
        Incoming::Closed(why) => panic!("{why}"),
    }
}

/// Initialises a legacy session with id `s1`.
pub(crate) async fn initialize(upstream: &HttpUpstream) {
    let params = json!({ "protocolVersion": "2025-06-18" });
    let request = Message::request(RawId::number(0), "initialize", &params);
    assert!(upstream.send(Outgoing::new(request)).await.unwrap().is_some());
}

/// Answers `initialize` with a session, and leaves everything else to `then`.
pub(crate) fn with_session(
    then: impl Fn(&Seen) -> Vec<Step> + Send + Sync + 'static,
) -> impl Fn(&Seen) -> Vec<Step> + Send + Sync + 'static {
    move |seen| {
        if !seen.body.contains(r#""initialize""#) {
            return then(seen);
        }
        let body = r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-03-26","capabilities":{}}}"#;
        vec![reply("200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: s1", body.as_bytes())]
    }
}

pub(crate) fn secret_headers() -> HeaderMap {
    let mut value = http::HeaderValue::from_static("Bearer t");
    value.set_sensitive(true);
    HeaderMap::from_iter([(http::header::AUTHORIZATION, value)])
}
