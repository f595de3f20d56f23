//! The server of the bench, as quick and small as a server can be: one tool, over Streamable HTTP or stdio.
//!
//! `echo-server http` prints its address and serves until its standard input ends; `echo-server stdio` speaks JSON lines. With a number
//! behind it, it lists so many tools besides.

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::sync::LazyLock;
use tokio::io::AsyncReadExt;

fn main() -> std::io::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("http") => serve_http(),
        Some("stdio") => serve_stdio(),
        _ => Err(std::io::Error::other("say http or stdio")),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn serve_http() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/mcp", listener.local_addr()?);
    let parent_gone = async { tokio::io::stdin().read_to_end(&mut Vec::new()).await.map_or((), drop) };
    axum::serve(listener, Router::new().route("/mcp", post(answer_http)))
        .with_graceful_shutdown(parent_gone)
        .await
}

async fn answer_http(body: Bytes) -> Response {
    match answer(&body) {
        Some(answer) => ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response(),
        None => StatusCode::ACCEPTED.into_response(),
    }
}

fn serve_stdio() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        if let Some(answer) = answer(line?.as_bytes()) {
            writeln!(out, "{answer}")?;
            out.flush()?;
        }
    }
    Ok(())
}

static TOOLS: LazyLock<Value> = LazyLock::new(|| {
    let more = std::env::args().nth(2).and_then(|more| more.parse().ok()).unwrap_or(0);
    json!({ "tools": (0..=more).map(tool).collect::<Vec<_>>() })
});

/// The tool `echo`; those after it have the size that tools have.
fn tool(number: usize) -> Value {
    let schema =
        json!({"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]});
    if number == 0 {
        return json!({"name": "echo", "description": "Says what it hears", "inputSchema": schema});
    }
    json!({
        "name": format!("tool_{number}"),
        "title": format!("Tool {number}"),
        "description": format!("Does the work of number {number}.\nSays what it did, and what it \"left out\", in a few words."),
        "inputSchema": schema,
        "annotations": {"readOnlyHint": true},
    })
}

fn answer(message: &[u8]) -> Option<Value> {
    let message: Value = serde_json::from_slice(message).ok()?;
    let id = message.get("id")?;
    let result = match message["method"].as_str()? {
        "initialize" => json!({
            "protocolVersion": message["params"]["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "echo", "version": "1.0.0"},
        }),
        "tools/list" => return Some(json!({"jsonrpc": "2.0", "id": id, "result": *TOOLS})),
        "tools/call" => {
            json!({"content": [{"type": "text", "text": message["params"]["arguments"]["message"]}]})
        }
        "ping" => json!({}),
        other => {
            let error = json!({"code": -32601, "message": format!("no method {other}")});
            return Some(json!({"jsonrpc": "2.0", "id": id, "error": error}));
        }
    };
    Some(json!({"jsonrpc": "2.0", "id": id, "result": result}))
}
