//! Servers as child processes: they talk, they end, and nothing they started outlives them.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use bytes::Bytes;
use domain::{EnvValue, Launch};
use http::HeaderMap;
use mcp::upstream::stdio::{Resolved, StdioUpstream, clean, reap_leftovers, spawn};
use mcp::upstream::{Incoming, Outgoing, Upstream, UpstreamError};
use mcp::{Message, RawId};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;
use tokio::sync::mpsc::{Receiver, channel};

/// A server written as a shell script. The shell is the program here, not the wallet's way to start it.
fn script(script: &str) -> Launch {
    Launch { command: "/bin/sh".into(), args: vec!["-c".into(), script.into()], cwd: None, env: vec![] }
}

fn start(launch: &Launch, run_dir: &Path) -> (StdioUpstream, Receiver<Incoming>) {
    let (inbox, incoming) = channel(16);
    (spawn(clean(&Resolved::find(launch).unwrap()), run_dir.to_owned(), inbox).unwrap(), incoming)
}

async fn message(incoming: &mut Receiver<Incoming>) -> Message {
    match incoming.recv().await.unwrap() {
        Incoming::Message { message, .. } => message,
        Incoming::Flow(flow) => mcp::flow::Reply::Flowing(flow).whole().await.unwrap(),
        Incoming::Closed(why) => panic!("{why}"),
    }
}

async fn closed(incoming: &mut Receiver<Incoming>) -> UpstreamError {
    loop {
        if let Incoming::Closed(why) = incoming.recv().await.unwrap() {
            return why;
        }
    }
}

fn lives(pid: u64) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit_once(')').unwrap().1.starts_with(" Z"))
}

fn pids(message: &Message) -> Vec<u64> {
    message.params()["pids"].as_array().unwrap().iter().map(|pid| pid.as_u64().unwrap()).collect()
}

/// A server with a child, a grandchild, and one that has left for a session of its own; none of them ends by itself, and
/// none minds being asked to.
const STUBBORN: &str = r#"
    trap '' TERM
    sh -c 'trap "" TERM; sleep 1000 & echo $! > grand; wait' & child=$!
    setsid sh -c 'trap "" TERM; echo $$ > away; while :; do sleep 1000; done' &
    while ! [ -s grand ] || ! [ -s away ]; do sleep 0.01; done
    echo "{\"jsonrpc\":\"2.0\",\"method\":\"ready\",\"params\":{\"pids\":[$$,$child,$(cat grand),$(cat away)]}}"
    while :; do sleep 1000; done
"#;

fn stubborn(dir: &TempDir) -> Launch {
    Launch { cwd: Some(dir.path().to_owned()), ..script(STUBBORN) }
}

#[tokio::test]
async fn messages_go_through_byte_for_byte_and_line_by_line() {
    let dir = TempDir::new().unwrap();
    let (server, mut incoming) = start(&script("cat"), dir.path());
    for text in [
        r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"n":1.0,"big":12345678901234567890,"ü":"\u00fc"}}"#,
        &json!({"jsonrpc": "2.0", "method": "y", "params": {"long": "z".repeat(1 << 20)}}).to_string(),
        // An answer, which begins before it has ended.
        &format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"long":"{}"}}}}"#, "z".repeat(5 << 20)),
        r#"{"jsonrpc":"2.0","id":2,"result":{}}"#,
    ] {
        let sent = Message::parse(Bytes::copy_from_slice(text.as_bytes())).unwrap();
        // A large one is read while it is still being written.
        let (sent, heard) = tokio::join!(server.send(Outgoing::new(sent)), message(&mut incoming));
        sent.unwrap();
        assert_eq!(heard.bytes().as_ref(), text.as_bytes());
    }
    server.close(HeaderMap::new()).await;
    assert!(matches!(closed(&mut incoming).await, UpstreamError::Ended { .. }));
    let late = server.send(Outgoing::new(Message::notification("late", &Value::Null))).await;
    assert!(matches!(late, Err(UpstreamError::Closed)));
}

#[tokio::test]
async fn lines_that_are_no_messages_are_passed_over() {
    let dir = TempDir::new().unwrap();
    let noise = r#"printf 'Starting…\n\377\376\n\n{"half":\n{"jsonrpc":"2.0","method":"ready"}\n'; cat"#;
    let (_server, mut incoming) = start(&script(noise), dir.path());
    assert_eq!(message(&mut incoming).await.method(), Some("ready"));
}

#[tokio::test]
async fn cancelling_tells_the_server() {
    let dir = TempDir::new().unwrap();
    let (server, mut incoming) = start(&script("cat"), dir.path());
    server.cancel(&RawId::text("7"), HeaderMap::new()).await;
    let told = message(&mut incoming).await;
    assert_eq!((told.method(), told.params()), (Some("notifications/cancelled"), json!({"requestId": "7"})));
}

#[tokio::test]
async fn threat_24_a_child_sees_a_clean_environment() {
    let dir = TempDir::new().unwrap();
    let print = r#"echo "{\"jsonrpc\":\"2.0\",\"method\":\"env\",\"params\":{\"names\":\"$(env | cut -d= -f1 | sort | tr '\n' ' ')\",\"x\":\"$X\"}}""#;
    let launch = Launch {
        env: vec![("X".into(), EnvValue::Plain("$(id)".into())), ("Y".into(), EnvValue::Secret)],
        ..script(print)
    };
    // This test's own environment holds CARGO_MANIFEST_DIR and more.
    let (_server, mut incoming) = start(&launch, dir.path());
    let params = message(&mut incoming).await.params();
    let names: Vec<_> = params["names"].as_str().unwrap().split_whitespace().collect();
    let allowed = [
        "COUNTERSIGN_SERVER",
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "LOGNAME",
        "OLDPWD",
        "PATH",
        "PWD",
        "SHELL",
        "SHLVL",
        "TMPDIR",
        "TZ",
        "USER",
        "X",
        "_",
    ];
    assert!(names.iter().all(|name| allowed.contains(name)), "{names:?}");
    assert_eq!(params["x"], "$(id)", "a value is a value, never a command");
}

#[tokio::test]
async fn threat_09_a_hostile_argument_is_one_argument_and_no_command() {
    let dir = TempDir::new().unwrap();
    let hostile =
        r#"{"jsonrpc":"2.0","method":"a","params":{"x":"; touch pwned $(touch pwned) `touch pwned`"}}"#;
    let launch = Launch {
        command: "echo".into(),
        args: vec![hostile.into()],
        cwd: Some(dir.path().to_owned()),
        env: vec![],
    };
    let (_server, mut incoming) = start(&launch, &dir.path().join("run"));
    assert_eq!(message(&mut incoming).await.bytes().as_ref(), hostile.as_bytes());
    assert!(!dir.path().join("pwned").exists());
}

#[tokio::test]
async fn a_program_that_is_gone_is_reported_at_once() {
    let (inbox, _incoming) = channel(1);
    let dir = TempDir::new().unwrap();
    let program = dir.path().join("program");
    fs::copy("/bin/true", &program).unwrap();
    let launch = Launch { command: program.to_string_lossy().into_owned(), ..script("") };
    let found = Resolved::find(&launch).unwrap();
    fs::remove_file(program).unwrap();
    let error = spawn(clean(&found), dir.path().to_owned(), inbox).unwrap_err();
    assert!(matches!(error, UpstreamError::NotStarted(_)));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_read_holds_nobody_up_for_ever() {
    let dir = TempDir::new().unwrap();
    let (server, _incoming) = start(&script("exec sleep 1000"), dir.path());
    let long = json!({ "long": "x".repeat(1 << 20) });
    let sent = server.send(Outgoing::new(Message::notification("long", &long))).await;
    assert!(matches!(sent, Err(UpstreamError::Silent(_))));
}

#[tokio::test]
async fn a_server_that_dies_is_reported_with_its_status_and_last_words() {
    let dir = TempDir::new().unwrap();
    let dying = "head -c 200000 /dev/zero | tr '\\0' 'x' >&2; echo 'no database' >&2; exit 7";
    let (_server, mut incoming) = start(&script(dying), dir.path());
    let UpstreamError::Ended { status, stderr } = closed(&mut incoming).await else { panic!() };
    assert!(status.contains('7'), "{status}");
    assert!(stderr.ends_with("no database\n"));
    assert!(stderr.len() <= 16 << 10, "standard error is bounded");
}

#[tokio::test]
async fn a_server_that_ends_takes_what_it_started_with_it() {
    let dir = TempDir::new().unwrap();
    let leaving = r#"
        sleep 1000 & child=$!
        setsid sh -c 'echo $$ > away; while :; do sleep 1000; done' &
        while ! [ -s away ]; do sleep 0.01; done
        echo "{\"jsonrpc\":\"2.0\",\"method\":\"ready\",\"params\":{\"pids\":[$child,$(cat away)]}}"
    "#;
    let launch = Launch { cwd: Some(dir.path().to_owned()), ..script(leaving) };
    let (_server, mut incoming) = start(&launch, &dir.path().join("run"));
    let pids = pids(&message(&mut incoming).await);
    closed(&mut incoming).await;
    assert_eq!(pids.iter().filter(|pid| lives(**pid)).count(), 0);
}

#[tokio::test]
async fn closing_ends_the_child_and_everything_it_started() {
    let dir = TempDir::new().unwrap();
    let (server, mut incoming) = start(&stubborn(&dir), &dir.path().join("run"));
    let pids = pids(&message(&mut incoming).await);
    assert!(pids.iter().all(|pid| lives(*pid)));
    server.close(HeaderMap::new()).await;
    assert_eq!(pids.iter().filter(|pid| lives(**pid)).count(), 0);
    assert_eq!(fs::read_dir(dir.path().join("run")).unwrap().count(), 0, "the record is gone too");
}

#[tokio::test]
async fn dropping_ends_the_child_and_everything_it_started() {
    let dir = TempDir::new().unwrap();
    let (server, mut incoming) = start(&stubborn(&dir), &dir.path().join("run"));
    let pids = pids(&message(&mut incoming).await);
    drop(server);
    closed(&mut incoming).await;
    assert_eq!(pids.iter().filter(|pid| lives(**pid)).count(), 0);
}

/// Run by the test below in a process of its own: a wallet that is killed while a server runs.
#[test]
fn owner_that_is_killed() {
    let Ok(dir) = std::env::var("MCP_TEST_DIR") else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let launch = Launch { cwd: Some(dir.clone().into()), ..script(STUBBORN) };
        let (_server, mut incoming) = start(&launch, &Path::new(&dir).join("run"));
        println!("{}", std::str::from_utf8(message(&mut incoming).await.bytes()).unwrap());
        std::future::pending::<()>().await;
    });
}

#[test]
fn what_a_killed_wallet_leaves_behind_is_ended_at_the_next_start() {
    let dir = TempDir::new().unwrap();
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "owner_that_is_killed", "--nocapture"])
        .env("MCP_TEST_DIR", dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let ready = lines.map(Result::unwrap).find(|line| line.starts_with('{')).unwrap();
    let pids = pids(&Message::parse(ready.into()).unwrap());
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert!(pids.iter().all(|pid| lives(*pid)), "they would live on");

    let run_dir = dir.path().join("run");
    assert_eq!(reap_leftovers(&run_dir).unwrap(), 1);
    assert_eq!(pids.iter().filter(|pid| lives(**pid)).count(), 0);
    assert_eq!(reap_leftovers(&run_dir).unwrap(), 0);
}

#[test]
fn a_record_of_another_boot_or_another_process_kills_nobody() {
    let dir = TempDir::new().unwrap();
    let mut bystander = Command::new("sleep").arg("1000").spawn().unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    for record in [format!("1 mark {}", boot.trim()), "1 mark another-boot".into(), "garbage".into()] {
        fs::write(dir.path().join(format!("{}.child", bystander.id())), record).unwrap();
        assert_eq!(reap_leftovers(dir.path()).unwrap(), 0);
        assert!(bystander.try_wait().unwrap().is_none());
    }
    assert_eq!(reap_leftovers(&dir.path().join("missing")).unwrap(), 0);
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}
