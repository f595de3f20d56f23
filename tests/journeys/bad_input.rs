//! Bad input gets an error that says what, where and what to do; and nothing is lost.

use journeys::{Agent, Wallet, parts, refusal, text, wallet};
use serde_json::{Value, json};

async fn at_work() -> (Wallet, Agent) {
    let wallet = Wallet::new().await;
    wallet.add_stdio("everything", &parts::everything()).await;
    wallet.employ("worker", "everything", &["echo"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "worker").await;
    (wallet, agent)
}

/// The next error that answers no request of ours.
async fn refused(agent: &Agent) -> Value {
    loop {
        let message = agent.other().await;
        if message.get("error").is_some() {
            return message;
        }
    }
}

async fn still_works(agent: &Agent) {
    assert_eq!(text(&agent.call("everything__echo", json!({"message": "hi"})).await), "Echo: hi");
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_lines_are_answered_and_the_session_goes_on() {
    let (_wallet, agent) = at_work().await;
    for (line, code) in [
        (&b"{not json"[..], -32700),
        (b"[]", -32600),
        (b"\xff\xfe", -32700),
        (br#"{"jsonrpc":"2.0","id":7777,"method":42}"#, -32600),
        (br#"{"jsonrpc":"1.0","id":7778,"method":"ping"}"#, -32600),
    ] {
        agent.line(line).await;
        let answer = refused(&agent).await;
        assert_eq!(answer["error"]["code"], code, "{}: {answer}", String::from_utf8_lossy(line));
        still_works(&agent).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_two_parsers_could_read_differently_is_refused() {
    let (_wallet, agent) = at_work().await;
    for line in [
        r#"{"jsonrpc":"2.0","id":7777,"method":"tools/call","params":{"name":"everything__echo","name":"everything__get-env","arguments":{}}}"#,
        r#"{"jsonrpc":"2.0","id":7777,"method":"tools/call","params":{"name":"everything__echo","arguments":{"message":"a","message":"b"}}}"#,
        r#"{"jsonrpc":"2.0","id":7777,"method":"ping","method":"tools/call","params":{"name":"everything__echo","arguments":{"message":"a"}}}"#,
    ] {
        agent.line(line.as_bytes()).await;
        let answer = refused(&agent).await;
        assert!(answer["error"]["message"].is_string(), "{answer}");
    }
    still_works(&agent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_types_are_refused_by_name() {
    let (_wallet, agent) = at_work().await;
    for params in [
        json!("echo"),
        json!({}),
        json!({"name": 42}),
        json!({"name": "everything__echo", "arguments": "hi"}),
        json!([]),
        Value::Null,
    ] {
        // What is no request at all can't be answered as one: then the error has no id.
        let answer = tokio::select! {
            answer = agent.request("tools/call", params.clone()) => answer,
            answer = refused(&agent) => answer,
        };
        assert!(refusal(&answer).len() > 10, "{params}: {answer}");
    }
    let unknown = agent.request("tools/destroy", json!({})).await;
    assert_eq!(unknown["error"]["code"], -32601, "{unknown}");
    still_works(&agent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversized_message_is_refused_and_the_next_one_heard() {
    let (_wallet, agent) = at_work().await;
    let huge = json!({"jsonrpc": "2.0", "id": 7777, "method": "tools/call", "params": {"name": "everything__echo", "arguments": {"message": "x".repeat(40 << 20)}}});
    agent.say(huge).await;
    let answer = refused(&agent).await;
    assert!(
        answer["error"]["message"]
            .as_str()
            .is_some_and(|said| said.contains("MiB") || said.contains("large") || said.contains("long")),
        "{answer}"
    );
    still_works(&agent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_21_refusals_do_not_fill_the_record_and_none_is_missing_from_it() {
    let (wallet, agent) = at_work().await;
    let long = "x".repeat(3 << 20);
    for (method, params) in [
        ("tools/call", json!({"name": long})),
        ("prompts/get", json!({"name": long})),
        ("resources/read", json!({"uri": format!("file:///{long}")})),
    ] {
        let answer = agent.request(method, params).await;
        assert!(refusal(&answer).contains("3145"), "{method}: {answer}");
    }
    for _ in 0..200 {
        refusal(&agent.call("everything__get-env", json!({})).await);
    }
    agent.ended().await;

    journeys::until_async(async || wallet.receipts("call.denied").await.len() == 5).await;
    let denied = wallet.receipts("call.denied").await;
    let notes: Vec<_> = denied.iter().map(|receipt| receipt["note"].as_str().unwrap_or_default()).collect();
    assert!(notes[0].starts_with("a name of 3145728 bytes, sha-256:"), "{notes:?}");
    assert!(notes[4].starts_with("×199 more"), "{notes:?}");
    let size = wallet::size_below(&wallet.dir().join("data/ledger"));
    assert!(size < 100_000, "the record has {size} bytes");
    wallet.ledger_verifies().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_about_what_is_not_there_say_what_there_is() {
    let (wallet, _agent) = at_work().await;
    for (args, words) in [
        (&["delegate", "nobody", "--server", "everything", "--tool", "echo"][..], "nobody"),
        (&["delegate", "worker", "--server", "nowhere", "--tool", "echo"], "nowhere"),
        (&["delegate", "worker", "--server", "everything", "--tool", "ecko"], "echo"),
        (&["agent", "add", "worker"], "worker"),
        (&["server", "add", "Bad_Name", "--url", "https://mcp.example.com"], "a–z"),
        (&["server", "add", "plain", "--url", "http://mcp.example.com/mcp"], "https"),
        (&["login", "nowhere"], "nowhere"),
        (&["approvals", "allow", "none"], "none"),
    ] {
        let output = wallet::finished(wallet.owner_command(args), "").await;
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", wallet::said(&output));
        assert!(wallet::said(&output).contains(words), "{args:?}: {}", wallet::said(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_wallet_on_one_home_is_refused() {
    let (wallet, agent) = at_work().await;
    let second = wallet::finished(wallet.owner_command(&["serve"]), "").await;
    assert!(!second.status.success());
    assert!(wallet::said(&second).contains("already running"), "{}", wallet::said(&second));
    still_works(&agent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_wallet_the_shim_says_so_to_client_and_human() {
    let (mut wallet, _agent) = at_work().await;
    wallet.stop().await;
    let mut command = wallet.command(&["connect", "--agent", "worker"]);
    command.kill_on_drop(true);
    let output = wallet::finished(command, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).await;
    assert_eq!(output.status.code(), Some(5));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(answer["error"]["message"].as_str().unwrap().contains("running"), "{answer}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("running"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_not_let_in_hears_why_as_the_answer_to_its_first_request() {
    let (wallet, _agent) = at_work().await;
    let discover = r#"{"jsonrpc":"2.0","id":"first","method":"server/discover","params":{}}"#;
    wallet.run(&["lock"]).await;
    for (name, code, word) in [("nobody", 3, "no agent nobody"), ("worker", 4, "locked")] {
        let output = wallet::finished(wallet.command(&["connect", "--agent", name]), discover).await;
        assert_eq!(output.status.code(), Some(code), "{}", wallet::said(&output));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!("first")));
        let said = answer["error"]["message"].as_str().unwrap();
        assert!(said.contains(word), "{answer}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(said), "the same sentence to the human");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_nothing_does_not_keep_a_refused_shim() {
    let wallet = Wallet::empty();
    let mut command = wallet.command(&["connect", "--agent", "nobody"]);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _open = child.stdin.take();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(10), child.wait()).await;
    assert_eq!(ended.expect("it waits for ever").unwrap().code(), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_vault_is_set_aside_and_reported_never_deleted() {
    let (mut wallet, _agent) = at_work().await;
    wallet.stop().await;
    let vault = wallet.dir().join("data/vault");
    let mut damaged = 0;
    let mut folders = vec![vault];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.metadata().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false if entry.file_name() == "db" || entry.file_name() == "conf" => {
                    std::fs::write(entry.path(), b"not a store any more").unwrap();
                    damaged += 1;
                }
                false => {}
            }
        }
    }
    assert!(damaged > 0, "found nothing to damage");

    // It starts, or says why not; either way the old files are still there.
    let mut serve = wallet.owner_command(&["serve"]);
    serve
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let mut child = serve.spawn().unwrap();
    let data = wallet.dir().join("data");
    let set_aside = || {
        std::fs::read_dir(&data)
            .unwrap()
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().contains("damaged"))
    };
    journeys::until(set_aside).await;
    child.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_clock_set_back_nothing_is_sent_until_it_is_right() {
    let (mut wallet, agent) = at_work().await;
    still_works(&agent).await;
    wallet.stop().await;
    let mut serve = wallet.owner_command(&["serve"]);
    serve.env("LD_PRELOAD", faketime()).env("FAKETIME", "-1h").env("DONT_FAKE_MONOTONIC", "1");
    wallet.serve_with(serve).await;

    let agent = Agent::connect(&wallet, "worker").await;
    let answer = agent.call("everything__echo", json!({"message": "hi"})).await;
    assert!(refusal(&answer).contains("clock"), "{answer}");

    wallet.stop().await;
    wallet.serve().await;
    still_works(&Agent::connect(&wallet, "worker").await).await;
    wallet.ledger_verifies().await;
}

/// The library that shows a process another time; Debian keeps it below the machine's own name.
fn faketime() -> std::path::PathBuf {
    let places = std::fs::read_dir("/usr/lib").unwrap().flatten().map(|place| place.path());
    let mut libraries = places.map(|place| place.join("faketime/libfaketimeMT.so.1"));
    libraries.find(|library| library.is_file()).expect("faketime is missing; run `scripts/setup.sh test`")
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_a_call_is_refused_before_its_effect() {
    let mut wallet = Wallet::empty();
    let Some(_disk) = SmallDisk::mount(&wallet.dir()) else {
        return journeys::skipped("a full disk", "no file system can be mounted here; run it as root");
    };
    wallet.owner(&["init", "--keys", "passphrase"]).await;
    wallet.serve().await;
    wallet.add_stdio("everything", &parts::everything()).await;
    wallet.employ("worker", "everything", &["echo"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "worker").await;
    still_works(&agent).await;

    let filler = wallet.dir().join("filler");
    std::fs::write(&filler, vec![0; 64 << 20]).expect_err("the disk is smaller than that");
    let mut answer = Value::Null;
    for _ in 0..50 {
        answer = agent.call("everything__echo", json!({"message": "hi"})).await;
        if answer.get("error").is_some() {
            break;
        }
    }
    assert!(refusal(&answer).contains("record"), "{answer}");

    std::fs::remove_file(filler).unwrap();
    still_works(&agent).await;
    wallet.ledger_verifies().await;
}

/// A disk of a few megabytes in place of a folder.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    /// Only root can mount one.
    fn mount(dir: &std::path::Path) -> Option<Self> {
        std::fs::create_dir(dir).unwrap();
        let mut mount = std::process::Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs"]).arg(dir).status();
        let mounted = mounted.is_ok_and(|status| status.success());
        mounted.then(|| Self(dir.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whatever still uses it keeps it until it ends.
        let _ = std::process::Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
