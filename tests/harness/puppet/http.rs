//! The puppet over Streamable HTTP, by hand: a library would not let it misbehave.

use super::{Act, Heard, Mind};
use std::collections::HashMap;
use std::io::Result;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What a trickle comes in, and what is between two pieces.
pub(super) const PIECE: usize = 16;
/// See [`PIECE`].
pub(super) const PAUSE: Duration = Duration::from_millis(1);

type Stream = BufReader<TcpStream>;

/// A request's head that matters here.
struct Head {
    method: String,
    session: Option<u64>,
    length: usize,
}

pub(super) async fn serve(mind: Arc<Mind>, listener: TcpListener) {
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            Ok((client, _)) = listener.accept() => drop(clients.spawn(attend(mind.clone(), client))),
            Some(_) = clients.join_next() => {}
        }
    }
}

async fn attend(mind: Arc<Mind>, client: TcpStream) {
    let _ = client.set_nodelay(true);
    let mut client = BufReader::new(client);
    // Who hangs up has heard enough.
    while let Ok(Some(head)) = head(&mut client).await {
        let mut body = vec![0; head.length];
        if client.read_exact(&mut body).await.is_err()
            || !matches!(answer(&mind, &mut client, head, body).await, Ok(true))
        {
            return;
        }
    }
}

async fn head(client: &mut Stream) -> Result<Option<Head>> {
    let mut lines = vec![];
    loop {
        let mut line = String::new();
        if client.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let method = lines.first().and_then(|line| line.split(' ').next()).unwrap_or_default().to_owned();
    let headers: HashMap<_, _> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
        .collect();
    let number = |name: &str| headers.get(name).and_then(|value| value.parse::<u64>().ok());
    let length = number("content-length").and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    Ok(Some(Head { method, session: number("mcp-session-id"), length }))
}

/// Answers one request; whether the connection may be used again.
async fn answer(mind: &Mind, client: &mut Stream, head: Head, body: Vec<u8>) -> Result<bool> {
    match head.method.as_str() {
        "POST" => {}
        "DELETE" => return empty(client, "200 OK").await,
        _ => return empty(client, "405 Method Not Allowed").await,
    }
    let mut heard = Heard::new(String::from_utf8(body).unwrap(), head.session.unwrap_or_default());
    if heard.method == "initialize" {
        heard.line = mind.next_line();
    } else if head.session.is_some_and(|session| !mind.remembers(session)) {
        return empty(client, "404 Not Found").await;
    }
    let (begins, wants_answer) = ((heard.method == "initialize").then_some(heard.line), heard.wants_answer());
    let acts = mind.acts(heard);
    if !wants_answer {
        return empty(client, "202 Accepted").await;
    }
    match acts.as_slice() {
        [Act::Say(message)] => whole(client, message, begins).await,
        [Act::Bytes(_) | Act::HangUp | Act::Never | Act::Wait(_), ..] => perform(client, acts, false).await,
        _ => {
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
            client.write_all(head.as_bytes()).await?;
            perform(client, acts, true).await
        }
    }
}

async fn empty(client: &mut Stream, status: &str) -> Result<bool> {
    client.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await?;
    Ok(true)
}

async fn whole(client: &mut Stream, message: &str, begins: Option<u64>) -> Result<bool> {
    let session = begins.map(|session| format!("mcp-session-id: {session}\r\n")).unwrap_or_default();
    let length = message.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{session}content-length: {length}\r\n\r\n"
    );
    client.write_all([head.as_bytes(), message.as_bytes()].concat().as_slice()).await?;
    Ok(true)
}

/// Does what is to be done, as events of a stream that has begun, or on the bare connection until something is said.
async fn perform(client: &mut Stream, acts: Vec<Act>, streams: bool) -> Result<bool> {
    for act in acts {
        match act {
            Act::Say(message) if streams => chunk(client, format!("data: {message}\n\n").as_bytes()).await?,
            Act::Trickle(message) if streams => {
                for piece in format!("data: {message}\n\n").as_bytes().chunks(PIECE) {
                    chunk(client, piece).await?;
                    tokio::time::sleep(PAUSE).await;
                }
            }
            Act::Say(message) | Act::Trickle(message) => return whole(client, &message, None).await,
            Act::Bytes(bytes) => client.write_all(&bytes).await?,
            Act::Wait(time) => tokio::time::sleep(time).await,
            Act::HangUp => return Ok(false),
            Act::Never => {
                let _ = client.read(&mut [0]).await;
                return Ok(false);
            }
        }
    }
    if streams {
        client.write_all(b"0\r\n\r\n").await?;
    }
    Ok(true)
}

async fn chunk(client: &mut Stream, bytes: &[u8]) -> Result<()> {
    let framed = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    client.write_all(&framed).await
}
