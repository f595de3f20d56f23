//! Results larger than anybody wants to hold: they flow through the wallet, whose memory does not grow with them, and no faster
//! than the agent reads.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use journeys::Wallet;
use serde_json::{Value, json};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdout};

const PIECE: usize = 1 << 20;
const PIECES: usize = 64;
/// How much of it the wallet may have in memory beside what it has anyway.
const EXTRA: u64 = 32 << 20;

/// A server whose tools answer at length, and how many pieces it has got rid of.
async fn start() -> (String, Arc<AtomicUsize>) {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let app = axum::Router::new().fallback(move |body: Bytes| {
        let counted = counted.clone();
        async move { answer(&body, counted) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, sent)
}

fn answer(body: &[u8], counted: Arc<AtomicUsize>) -> Response {
    let Ok(message) = serde_json::from_slice::<Value>(body) else {
        return axum::http::StatusCode::METHOD_NOT_ALLOWED.into_response();
    };
    let Some(id) = message.get("id") else { return axum::http::StatusCode::ACCEPTED.into_response() };
    let result = match message["method"].as_str().unwrap() {
        "initialize" => {
            json!({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "big", "version": "1"}})
        }
        "tools/list" => json!({"tools": [
            {"name": "json", "inputSchema": {"type": "object"}}, {"name": "events", "inputSchema": {"type": "object"}},
        ]}),
        "tools/call" => return at_length(id, message["params"]["name"] == "events", counted),
        _ => {
            return Json(
                json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "unknown"}}),
            )
            .into_response();
        }
    };
    Json(json!({"jsonrpc": "2.0", "id": id, "result": result})).into_response()
}

fn at_length(id: &Value, as_event: bool, counted: Arc<AtomicUsize>) -> Response {
    let (before, after, kind) =
        if as_event { ("data: ", "\n\n", "text/event-stream") } else { ("", "", "application/json") };
    let begins =
        format!(r#"{before}{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":""#);
    let pieces = futures_util::stream::iter(0..PIECES).map(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        "x".repeat(PIECE)
    });
    let whole = futures_util::stream::iter([begins])
        .chain(pieces)
        .chain(futures_util::stream::iter([format!(r#""}}]}}}}{after}"#)]));
    ([("content-type", kind)], Body::from_stream(whole.map(Ok::<_, std::io::Error>))).into_response()
}

/// The shim, as a client that reads when it wants to.
async fn connect(wallet: &Wallet) -> (Child, ChildStdout) {
    let mut command = wallet.command(&["connect", "--agent", "reader", "--server", "big"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "r", "version": "1"}});
    say(&mut child, &json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello})).await;
    tokio::join!(line(&mut output), wallet.accept_connection("reader"));
    (child, output)
}

async fn say(child: &mut Child, message: &Value) {
    child.stdin.as_mut().unwrap().write_all(format!("{message}\n").as_bytes()).await.unwrap();
}

/// Reads one line; gives its length, its beginning and its end.
async fn line(output: &mut ChildStdout) -> (usize, String, String) {
    let (mut length, mut begins, mut ends, mut buffer) = (0, vec![], vec![], vec![0; 64 << 10]);
    loop {
        let read = tokio::time::timeout(Duration::from_secs(60), output.read(&mut buffer)).await;
        let read = read.expect("the wallet says nothing").unwrap();
        assert!(read > 0, "the wallet hung up");
        length += read;
        if begins.len() < 100 {
            begins.extend_from_slice(&buffer[..read.min(100)]);
        }
        ends.extend_from_slice(&buffer[read.saturating_sub(100)..read]);
        ends.drain(..ends.len().saturating_sub(100));
        if ends.ends_with(b"\n") {
            let text = |bytes| String::from_utf8(bytes).unwrap();
            return (length, text(begins), text(ends));
        }
    }
}

fn memory(pid: u32, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_megabytes_flow_through_in_bounded_memory_and_no_faster_than_they_are_read() {
    let ((url, sent), wallet) = (start().await, Wallet::new().await);
    wallet.owner(&["server", "add", "big", "--url", &url, "--no-login"]).await;
    wallet.employ("reader", "big", &["json", "events"], &["--ask", "never"]).await;
    let (mut child, mut output) = connect(&wallet).await;
    for (at, tool) in ["json", "events"].into_iter().enumerate() {
        sent.store(0, Ordering::Relaxed);
        let before = memory(wallet.pid(), "VmRSS");
        std::fs::write(format!("/proc/{}/clear_refs", wallet.pid()), "5").unwrap();
        let params = json!({"name": tool, "arguments": {}});
        say(&mut child, &json!({"jsonrpc": "2.0", "id": at + 1, "method": "tools/call", "params": params}))
            .await;
        // An agent that does not read holds up the server.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let (early, peak) = (sent.load(Ordering::Relaxed), memory(wallet.pid(), "VmHWM"));
        assert!(
            (1..PIECES / 2).contains(&early),
            "{early} of {PIECES} pieces were sent to an agent that reads nothing"
        );

        let (length, begins, ends) = line(&mut output).await;
        assert!(length > PIECES * PIECE, "{length}");
        assert!(
            begins.contains(&format!("\"id\":{}", at + 1)) && ends.ends_with("\"}]}}\n"),
            "{begins} … {ends}"
        );
        let peak = peak.max(memory(wallet.pid(), "VmHWM"));
        assert!(peak < before + EXTRA, "{tool}: {} MiB more", (peak - before) >> 20);
    }
    assert_eq!(wallet.receipts("call.closed").await.len(), 2);
}
