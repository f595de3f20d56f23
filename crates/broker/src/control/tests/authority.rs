//! No word of the protocol gives authority without a human.

use super::words::words;
use crate::control::{Change, bind, serve};
use crate::{Broker, CreateWallet, Home, KeyChoice, Secret, WalletState};
use domain::AgentName;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

const PASSPHRASE: &str = "correct horse";

/// A wallet with an agent in it, behind its control socket.
struct Wallet {
    broker: Broker,
    dir: TempDir,
}

impl Wallet {
    async fn open() -> Self {
        let dir = TempDir::new().unwrap();
        let broker = Broker::open(Home::at(dir.path())).await.unwrap();
        let secret = || Secret::new(PASSPHRASE.to_owned());
        let new =
            CreateWallet { identity: "Test".into(), keys: KeyChoice::Passphrase, passphrase: Some(secret()) };
        broker.create(new).await.unwrap();
        let consent = broker.consent_by_passphrase(&secret()).await.unwrap();
        broker.add_agent(consent, AgentName::parse("scout").unwrap()).await.unwrap();
        tokio::spawn(serve(broker.clone(), bind(&dir.path().join("c.sock")).unwrap()));
        Self { broker, dir }
    }

    async fn send(&self, request: &Value) -> Vec<Value> {
        let mut stream = UnixStream::connect(self.dir.path().join("c.sock")).await.unwrap();
        stream.write_all(format!("{request}\n").as_bytes()).await.unwrap();
        let mut lines = BufReader::new(stream).lines();
        let mut answer = Vec::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            answer.push(serde_json::from_str(&line).unwrap());
        }
        answer
    }

    /// Everything that could have grown.
    fn snapshot(&self) -> String {
        let broker = &self.broker;
        format!(
            "{:?} {:?} {:?} {:?}",
            broker.servers(),
            broker.agents(),
            broker.delegations(),
            broker.status().paused
        )
    }
}

/// One example of every change; a word without one fails the test that asks for it.
fn example(word: &str) -> Value {
    let tool = json!({ "name": "t", "approval": "never" });
    let lasts = json!({ "secs": 60, "nanos": 0 });
    match word {
        "add_server" => json!({ "add_server": { "name": "s", "transport":
            { "kind": "http", "url": "http://127.0.0.1:9/mcp", "credential": { "kind": "none" } } } }),
        "login" => json!({ "login": { "server": "s" } }),
        "add_agent" => json!({ "add_agent": "other" }),
        "set_tool_search" => json!({ "set_tool_search": { "agent": "scout", "search": "on" } }),
        "resume_agent" => json!({ "resume_agent": "scout" }),
        "resume_all" => json!("resume_all"),
        "delegate" => json!({ "delegate":
            { "agent": "scout", "grants": [{ "server": "s", "tools": [tool] }], "lasts": lasts } }),
        "allow" => json!({ "allow": { "id": "q", "reach": { "reach": "always" } } }),
        other => panic!("give an example of {other}"),
    }
}

fn examples() -> Vec<Value> {
    words::<Change>().iter().map(|word| example(word)).collect()
}

#[test]
fn every_change_has_an_example_that_the_parser_takes() {
    for change in examples() {
        let _: Change = serde_json::from_value(change).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_22_no_request_grows_authority_without_a_passphrase() {
    let wallet = Wallet::open().await;
    let before = wallet.snapshot();
    for change in examples() {
        for passphrase in [None, Some("")] {
            let mut grow = json!({ "change": change });
            if let Some(passphrase) = passphrase {
                grow["passphrase"] = json!(passphrase);
            }
            let answer = wallet.send(&json!({ "grow": grow })).await;
            assert!(answer[0].get("refused").is_some(), "{change}: {answer:?}");
        }
    }
    let wrong = json!({ "grow": { "change": "resume_all", "passphrase": "correct mule" } });
    assert_eq!(wallet.send(&wrong).await[0]["refused"]["exit"], 3);
    assert_eq!(wallet.snapshot(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_22_with_windows_every_change_waits_for_the_window_and_a_no_changes_nothing() {
    let wallet = Wallet::open().await;
    wallet.broker.set_windows(true);
    let before = wallet.snapshot();
    let mut sentences = BTreeSet::new();
    for change in [
        example("add_server"),
        example("add_agent"),
        example("resume_agent"),
        example("resume_all"),
        example("delegate"),
    ] {
        // The passphrase does not stand in for the window.
        let request = json!({ "grow": { "change": change, "passphrase": PASSPHRASE } });
        let mut events = wallet.broker.events();
        let deny = async {
            loop {
                if let crate::Event::Asked { question } = events.recv().await.unwrap() {
                    sentences.insert(format!("{:?}", question.subject));
                    return wallet.broker.deny(&question.id).await.unwrap();
                }
            }
        };
        let (answer, ()) = tokio::join!(wallet.send(&request), deny);
        assert_eq!(answer[0], json!({ "said": "confirm" }), "{change}");
        assert_eq!(answer[1]["refused"]["exit"], 3, "{change}");
    }
    assert_eq!(sentences.len(), 5, "each change is shown in its own words: {sentences:?}");
    assert_eq!(wallet.snapshot(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_22_a_locked_wallet_opens_for_the_passphrase_alone() {
    let wallet = Wallet::open().await;
    wallet.send(&json!({ "shrink": "lock" })).await;
    for request in [json!({ "unlock": {} }), json!({ "unlock": { "passphrase": "correct mule" } })] {
        assert_eq!(wallet.send(&request).await[0]["refused"]["exit"], 3, "{request}");
        assert_eq!(wallet.broker.status().wallet, WalletState::Locked);
    }
    wallet.send(&json!({ "unlock": { "passphrase": PASSPHRASE } })).await;
    assert_eq!(wallet.broker.status().wallet, WalletState::Unlocked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_with_the_passphrase_is_done() {
    let wallet = Wallet::open().await;
    let request = json!({ "grow": { "change": { "add_agent": "second" }, "passphrase": PASSPHRASE } });
    let answer = wallet.send(&request).await;
    assert_eq!(answer[0]["done"]["name"], "second", "{answer:?}");
    assert_eq!(wallet.broker.agents().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_takes_the_question_along() {
    let wallet = Wallet::open().await;
    wallet.broker.set_windows(true);
    let mut events = wallet.broker.events();
    let mut stream = UnixStream::connect(wallet.dir.path().join("c.sock")).await.unwrap();
    stream.write_all(b"{\"grow\":{\"change\":\"resume_all\"}}\n").await.unwrap();
    while !matches!(events.recv().await.unwrap(), crate::Event::Asked { .. }) {}
    drop(stream);
    while !matches!(events.recv().await.unwrap(), crate::Event::Ended { .. }) {}
    assert!(wallet.broker.questions().is_empty());
}
