//! The local bridge: who may speak, and what is heard.

use journeys::{Agent, Wallet, parts, refusal, text};
use serde_json::json;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::Command;

async fn at_work() -> Wallet {
    let wallet = Wallet::new().await;
    wallet.add_stdio("everything", &parts::everything()).await;
    wallet.employ("worker", "everything", &["echo"], &["--ask", "never"]).await;
    wallet
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_03_without_its_secret_a_local_process_hears_nothing() {
    let wallet = at_work().await;
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}});
    for (method, params) in [
        ("initialize", hello),
        ("tools/list", json!({})),
        ("server/discover", json!({})),
        ("ping", json!({})),
    ] {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let mut socket = UnixStream::connect(wallet.dir().join("run/agent.sock")).await.unwrap();
        let _ = socket.write_all(format!("{request}\n").as_bytes()).await;
        let mut heard = Vec::new();
        let _ = tokio::time::timeout(wallet_patience(), socket.read_to_end(&mut heard))
            .await
            .expect("it hangs up");
        let heard = String::from_utf8_lossy(&heard);
        for word in ["result", "echo", "everything", "worker", "serverInfo"] {
            assert!(!heard.contains(word), "{method}: {heard}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_03_a_wrong_secret_is_refused() {
    let wallet = at_work().await;
    let key = wallet.dir().join("data/agents/worker.key");
    let secret = std::fs::read(&key).unwrap();
    let mut forged = secret.clone();
    let last = forged.iter().rposition(u8::is_ascii_alphanumeric).unwrap();
    for byte in &mut forged[last.saturating_sub(8)..=last] {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    std::fs::write(&key, &forged).unwrap();
    let agent = Agent::start(&wallet, "worker");
    let (_, answer) = agent.ask("tools/list", json!({})).await;
    assert!(answer.await.map_or(true, |answer| answer.get("error").is_some()));
    assert_eq!(agent.ended().await, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_04_sockets_and_files_are_this_user_s_alone() {
    let wallet = at_work().await;
    let mut seen = 0;
    let mut folders = vec![wallet.dir()];
    while let Some(folder) = folders.pop() {
        let mode = folder.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", folder.display());
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let meta = entry.metadata().unwrap();
            if meta.is_dir() {
                folders.push(entry.path());
            } else {
                assert_eq!(meta.mode() & 0o777, 0o600, "{}", entry.path().display());
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "only {seen} files");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_04_another_user_is_refused_even_where_the_folders_let_them_in() {
    let wallet = at_work().await;
    if !rustix::process::getuid().is_root() {
        return journeys::skipped(
            "another user at the socket",
            "only root can become another user; run it as root",
        );
    }
    for path in [wallet.home().to_owned(), wallet.dir(), wallet.dir().join("run")] {
        open_up(&path, 0o755);
    }
    let hello = format!("COUNTERSIGN/1 worker {}", "A".repeat(43));
    for (socket, said) in [("agent.sock", hello.as_str()), ("control.sock", r#"{"look":"status"}"#)] {
        let path = wallet.dir().join("run").join(socket);
        open_up(&path, 0o666);
        let own = heard(Command::new("/usr/bin/python3"), &path, said).await;
        assert!(own.len() > 10, "{socket}: the same words from this user are answered, not {own:?}");
        let mut another = Command::new("setpriv");
        another.args(["--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3"]);
        assert_eq!(heard(another, &path, said).await, "", "{socket}: another user is hung up on");
    }
}

/// What comes back before the wallet hangs up, or 20 s are over, when `python` connects and says this.
async fn heard(mut python: Command, socket: &Path, said: &str) -> String {
    const SCRIPT: &str = r"
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect(sys.argv[1])
try:
    s.sendall(sys.argv[2].encode() + b'\n')
    heard = s.recv(65536)
except (ConnectionResetError, BrokenPipeError):
    heard = b''
sys.stdout.write(heard.decode())
";
    let output = python.args(["-c", SCRIPT]).arg(socket).arg(said).output().await.unwrap();
    assert!(output.status.success(), "it could not try: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn open_up(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_program_has_a_name_that_is_no_text_is_asked_about_and_works() {
    let wallet = at_work().await;
    let program = wallet.home().join(std::ffi::OsStr::from_bytes(b"agent-\xff"));
    std::fs::copy("/bin/sh", &program).unwrap();
    let mut agent = Command::new(&program);
    wallet.settle(&mut agent);
    agent.args(["-c", r#""$@"; exit $?"#, "sh"]).arg(journeys::program("countersign"));
    agent.arg("--home").arg(wallet.dir()).args(["connect", "--agent", "worker"]);
    let agent = Agent::over(agent);
    let ready = agent.initialize();
    tokio::pin!(ready);
    let answer = tokio::select! {
        answer = &mut ready => answer,
        question = wallet.question(|question| question["subject"]["kind"] == "connect") => {
            let shown = question["subject"]["peer"]["program"]["path"].as_str().unwrap();
            assert!(shown.ends_with("agent-\u{fffd}"), "{shown}");
            wallet.allow(&question, &[]).await;
            ready.await
        }
    };
    assert!(answer.get("result").is_some(), "{answer}");
    assert_eq!(text(&agent.call("everything__echo", json!({"message": "hi"})).await), "Echo: hi");
    wallet.ledger_verifies().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_04_another_program_with_an_agent_s_secret_needs_the_human() {
    let wallet = at_work().await;
    Agent::connect(&wallet, "worker").await.ended().await;

    // The same secret, but now a shell starts the shim.
    let mut thief = Command::new("sh");
    wallet.settle(&mut thief);
    thief.args(["-c", r#""$@"; exit $?"#, "sh"]).arg(journeys::program("countersign"));
    thief.arg("--home").arg(wallet.dir()).args(["connect", "--agent", "worker"]);
    let thief = Agent::over(thief);
    let (_, answer) = thief.ask("initialize", json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}})).await;

    let question = wallet.question(|question| question["subject"]["kind"] == "connect").await;
    assert_eq!(question["subject"]["changed"], true);
    let program = question["subject"]["peer"]["program"]["path"].as_str().unwrap();
    assert!(program.ends_with("sh"), "the human sees which program it is: {program}");
    wallet.deny(&question).await;
    assert!(answer.await.map_or(true, |answer| answer.get("error").is_some()));
    assert_eq!(thief.ended().await, Some(3), "it is told no by a wallet that is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_04_another_program_than_the_wallet_s_own_shim_is_not_let_in() {
    let wallet = at_work().await;
    Agent::connect(&wallet, "worker").await.ended().await;

    // All that the shim does, but not its bytes: a program of somebody's own that has read the secret.
    let other = wallet.home().join("countersign");
    std::fs::copy(journeys::program("countersign"), &other).unwrap();
    std::fs::File::options().append(true).open(&other).unwrap().write_all(b"another").unwrap();
    let mut command = Command::new(&other);
    wallet.settle(&mut command);
    command.arg("--home").arg(wallet.dir()).args(["connect", "--agent", "worker"]);
    let thief = Agent::over(command);
    let (_, answer) = thief.ask("tools/list", json!({})).await;
    assert!(answer.await.map_or(true, |answer| answer.get("error").is_some()));
    assert_eq!(thief.ended().await, Some(3));
    assert_eq!(wallet.receipts("agent.refused").await.len(), 1);
    assert!(wallet.questions().await.is_empty(), "nobody is asked about it");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_05_what_is_not_granted_is_refused_and_receipted_however_it_is_asked_for() {
    let wallet = at_work().await;
    let agent = Agent::connect(&wallet, "worker").await;
    assert_eq!(agent.tools().await, ["everything__echo"]);
    for tool in [
        "everything__get-env",
        "get-env",
        "everything__",
        "__get-env",
        "everything__echo ",
        "EVERYTHING__echo",
    ] {
        let answer = agent.call(tool, json!({})).await;
        assert!(refusal(&answer).len() > 10, "{tool}: {answer}");
    }
    for (method, params) in [
        ("resources/read", json!({"uri": "demo://resource/static/document/architecture.md"})),
        ("resources/subscribe", json!({"uri": "demo://resource/static/document/features.md"})),
        ("prompts/get", json!({"name": "everything__simple-prompt"})),
    ] {
        let answer = agent.request(method, params).await;
        assert!(answer.get("error").is_some(), "{method}: {answer}");
    }
    let denied = wallet.receipts("call.denied").await;
    let reasons: Vec<_> = denied.iter().map(|receipt| receipt["decision"]["reason"].as_str()).collect();
    assert_eq!(reasons, [Some("not_granted"); 9], "one receipt for each of the nine");
    wallet.ledger_verifies().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_08_a_program_swapped_on_disk_is_not_started() {
    let (wallet, place) = (Wallet::new().await, tempfile::tempdir().unwrap());
    let server = place.path().join("echo-server");
    std::fs::copy(journeys::program("echo-server"), &server).unwrap();
    wallet.add_stdio("echo", &[server.to_string_lossy().into_owned(), "stdio".into()]).await;
    wallet.employ("worker", "echo", &["echo"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "worker").await;
    let answer = agent.call("echo__echo", json!({"message": "hi"})).await;
    assert!(answer.get("result").is_some(), "{answer}");

    let swapped = place.path().join("swapped");
    std::fs::write(&swapped, [std::fs::read(&server).unwrap(), b"swapped".to_vec()].concat()).unwrap();
    std::fs::set_permissions(&swapped, std::fs::metadata(&server).unwrap().permissions()).unwrap();
    std::fs::rename(&swapped, &server).unwrap();

    let again = Agent::connect(&wallet, "worker").await;
    let answer = again.call("echo__echo", json!({"message": "hi"})).await;
    assert!(refusal(&answer).contains("program has changed"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_08_a_program_found_by_the_launch_s_own_path_is_the_one_that_is_pinned() {
    let (wallet, place) = (Wallet::new().await, tempfile::tempdir().unwrap());
    let server = place.path().join("echo-server");
    std::fs::copy(journeys::program("echo-server"), &server).unwrap();
    let path = format!("PATH={}", place.path().display());
    wallet.owner(&["server", "add", "echo", "--env", &path, "--", "echo-server", "stdio"]).await;
    wallet.employ("worker", "echo", &["echo"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "worker").await;
    let answer = agent.call("echo__echo", json!({"message": "hi"})).await;
    assert!(answer.get("result").is_some(), "{answer}");

    std::fs::remove_file(&server).unwrap();
    let bytes = std::fs::read(journeys::program("echo-server")).unwrap();
    std::fs::write(&server, [bytes, b"swapped".to_vec()].concat()).unwrap();
    open_up(&server, 0o755);
    let again = Agent::connect(&wallet, "worker").await;
    let answer = again.call("echo__echo", json!({"message": "hi"})).await;
    assert!(refusal(&answer).contains("program has changed"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_08_a_server_swapped_under_its_name_takes_the_delegation_with_it() {
    let wallet = at_work().await;
    let agent = Agent::connect(&wallet, "worker").await;
    agent.call("everything__echo", json!({"message": "hi"})).await;
    wallet.anyone(&["server", "remove", "everything"]).await;
    // The same server, with the same tool in the same words: only the delegation can tell them apart.
    wallet.add_stdio("everything", &parts::everything()).await;

    let answer = agent.call("everything__echo", json!({"message": "hi"})).await;
    assert!(refusal(&answer).contains("Refused"), "{answer}");
    let held = wallet.anyone(&["delegation", "list"]).await;
    assert_eq!(held[0]["state"], "revoked", "{held}");
    let again = Agent::connect(&wallet, "worker").await;
    assert!(again.tools().await.is_empty(), "nothing is shown of the server that took the name");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_13_one_agent_s_secret_does_not_open_another_s_door() {
    let wallet = at_work().await;
    wallet.employ("other", "everything", &["get-sum"], &["--ask", "never"]).await;
    let keys = wallet.dir().join("data/agents");
    std::fs::copy(keys.join("other.key"), keys.join("worker.key")).unwrap();
    let agent = Agent::start(&wallet, "worker");
    let (_, answer) = agent.ask("tools/list", json!({})).await;
    assert!(answer.await.map_or(true, |answer| answer.get("error").is_some()));
    assert_eq!(agent.ended().await, Some(3), "it is told no by a wallet that is there");
}

const fn wallet_patience() -> std::time::Duration {
    journeys::wallet::PATIENCE
}
