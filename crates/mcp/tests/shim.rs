//! The shim as a process: it connects, it copies, it says why it can't, and it is small.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use bytes::Bytes;
use domain::{AgentName, Endpoint};
use mcp::MAX_MESSAGE;
use mcp::handshake::{EnrolmentKey, Refusal, greet};
use mcp::local::Listener;
use mcp::shim::{ShimOptions, run};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

fn agent() -> AgentName {
    AgentName::parse("claude").unwrap()
}

fn key(secret: u8) -> EnrolmentKey {
    EnrolmentKey::new([secret; 32])
}

/// Run by the tests below in a process of its own, as `countersign connect` would.
#[test]
fn shim_process() {
    let Ok(socket) = std::env::var("MCP_TEST_SOCKET") else { return };
    let result =
        run(ShimOptions { socket: PathBuf::from(socket), agent: agent(), scope: Endpoint::All, key: key(1) });
    if let Err(error) = &result {
        eprintln!("{error}");
    }
    std::process::exit(result.map_or_else(|error| i32::from(error.exit_code()), |()| 0));
}

fn start(socket: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "shim_process", "--nocapture", "--quiet"])
        .env("MCP_TEST_SOCKET", socket)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// The next JSON line; the test harness prints a line of its own first.
async fn json_line(child: &mut Child) -> String {
    let mut output = BufReader::new(child.stdout.as_mut().unwrap());
    loop {
        let mut line = String::new();
        assert_ne!(output.read_line(&mut line).await.unwrap(), 0, "the shim ended");
        if line.starts_with('{') {
            return line.trim_end().to_owned();
        }
    }
}

async fn stderr(child: &mut Child) -> String {
    let mut text = String::new();
    child.stderr.as_mut().unwrap().read_to_string(&mut text).await.unwrap();
    text
}

fn place() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let socket = dir.path().join("run/agent.sock");
    (dir, socket)
}

type Line = (
    mcp::framing::LineReader<tokio::net::unix::OwnedReadHalf>,
    mcp::framing::LineWriter<tokio::net::unix::OwnedWriteHalf>,
);

async fn admit(listener: &Listener) -> Line {
    let connection = listener.accept().await.unwrap();
    let (reader, writer) = connection.stream.into_split();
    let applicant = greet(reader, writer, |_| Ok(Some(key(1)))).await.unwrap();
    applicant.admit(MAX_MESSAGE).await.unwrap()
}

/// What the client is told when there is no wallet: the answer to its first request, the words on standard error, the exit code.
async fn told(mut child: Child) -> (Value, String, i32) {
    let request = b"{\"jsonrpc\":\"2.0\",\"id\":\"first\",\"method\":\"initialize\",\"params\":{}}\n";
    child.stdin.as_mut().unwrap().write_all(request).await.unwrap();
    let answer = serde_json::from_str(&json_line(&mut child).await).unwrap();
    let words = stderr(&mut child).await;
    (answer, words, child.wait().await.unwrap().code().unwrap())
}

#[tokio::test]
async fn bytes_go_both_ways_untouched_and_the_shim_ends_with_its_client() {
    let (_dir, socket) = place();
    let listener = Listener::bind(&socket).unwrap();
    let mut child = start(&socket);
    let (mut reader, mut writer) = admit(&listener).await;

    let up = format!("{{\"long\":\"{}\"}}", "x".repeat(300_000));
    let mut input = child.stdin.take().unwrap();
    let (sent, received) =
        tokio::join!(async { input.write_all(format!("{up}\n").as_bytes()).await }, reader.next());
    sent.unwrap();
    assert_eq!(received.unwrap().unwrap(), Bytes::from(up));

    let down = format!("{{\"down\":\"{}\"}}", "y".repeat(300_000));
    let (sent, received) = tokio::join!(writer.send(Bytes::from(down.clone())), json_line(&mut child));
    sent.unwrap();
    assert_eq!(received, down);

    drop(input);
    assert!(reader.next().await.unwrap().is_none());
    drop((reader, writer));
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn the_shim_is_small() {
    let (_dir, socket) = place();
    let listener = Listener::bind(&socket).unwrap();
    let child = start(&socket);
    let _line = admit(&listener).await;
    let status = fs::read_to_string(format!("/proc/{}/status", child.id().unwrap())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 15 << 10, "{kib} KiB");
}

#[tokio::test]
async fn without_a_wallet_the_client_and_the_human_are_told_so() {
    let (_dir, socket) = place();
    let (answer, words, code) = told(start(&socket)).await;
    assert_eq!(answer["id"], "first");
    assert!(answer["error"]["message"].as_str().unwrap().contains("not running"));
    assert!(words.contains("not running"), "{words}");
    assert_eq!(code, 5);
}

#[tokio::test]
async fn a_wallet_that_refuses_is_told_apart_from_one_that_is_locked() {
    for (refusal, word, expected) in [(Refusal::Locked, "locked", 4), (Refusal::Refused, "refuses", 3)] {
        let (_dir, socket) = place();
        let listener = Listener::bind(&socket).unwrap();
        let child = start(&socket);
        let (reader, writer) = listener.accept().await.unwrap().stream.into_split();
        assert!(greet(reader, writer, |_| Err(refusal)).await.is_err());
        let (answer, words, code) = told(child).await;
        assert!(answer["error"]["message"].as_str().unwrap().contains(word), "{answer}");
        assert!(words.contains(word), "{words}");
        assert_eq!(code, expected);
    }
}

#[tokio::test]
async fn threat_04_a_program_that_only_pretends_to_be_the_wallet_gets_nothing_of_the_clients() {
    let (_dir, socket) = place();
    let listener = Listener::bind(&socket).unwrap();
    let child = start(&socket);
    let (reader, writer) = listener.accept().await.unwrap().stream.into_split();
    assert!(greet(reader, writer, |_| Ok(Some(key(9)))).await.is_err());
    let (answer, _, code) = told(child).await;
    assert!(answer["error"]["message"].as_str().unwrap().contains("could not prove"));
    assert_eq!(code, 3);
}

#[tokio::test]
async fn a_wallet_that_goes_away_ends_the_shim_with_a_reason() {
    let (_dir, socket) = place();
    let listener = Listener::bind(&socket).unwrap();
    let mut child = start(&socket);
    drop(admit(&listener).await);
    assert!(stderr(&mut child).await.contains("went away"));
    assert_eq!(child.wait().await.unwrap().code(), Some(5));
}
