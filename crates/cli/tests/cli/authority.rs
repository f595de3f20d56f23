//! Agents have shells too: nothing typed without the passphrase gives anybody more.

use crate::wallet::{PASSPHRASE, Wallet};
use serde_json::Value;

const GROWING: [&[&str]; 6] = [
    &["server", "add", "other", "--url", "http://127.0.0.1:9/mcp"],
    &["server", "add", "tool", "--", "/bin/true"],
    &["agent", "add", "other"],
    &["agent", "resume", "scout"],
    &["agent", "resume", "--all"],
    &["delegate", "scout", "--server", "first", "--tool", "t", "--ask", "never"],
];

fn prepared() -> Wallet {
    let wallet = Wallet::running();
    wallet.grows(&["agent", "add", "scout"]);
    wallet.grows(&["server", "add", "first", "--url", "http://127.0.0.1:9/mcp", "--no-login"]);
    wallet
}

fn everything(wallet: &Wallet) -> Vec<Value> {
    [["agent", "list"], ["server", "list"], ["delegation", "list"]]
        .map(|[what, list]| wallet.run(&[what, list, "--json"]).json())
        .into()
}

#[test]
fn threat_22_no_command_grows_authority_without_the_passphrase() {
    let wallet = prepared();
    let before = everything(&wallet);
    for words in GROWING {
        for said in [wallet.typed("not the passphrase", words), wallet.typed("", words)] {
            assert!(
                matches!(said.code, 2 | 3),
                "{words:?} ended with {}: {}{}",
                said.code,
                said.out,
                said.err
            );
        }
    }
    assert_eq!(everything(&wallet), before);
}

#[test]
fn threat_22_the_agent_s_own_secret_is_no_passphrase() {
    let wallet = prepared();
    let key = std::fs::read_to_string(wallet.path().join("data/agents/scout.key")).unwrap();
    let said = wallet.typed(key.trim(), &["agent", "add", "other"]);
    assert_eq!(said.code, 3, "{}", said.err);
}

#[test]
fn what_takes_authority_away_needs_nobody() {
    let wallet = prepared();
    wallet.run(&["agent", "pause", "--all"]).done();
    assert_eq!(wallet.run(&["status", "--json"]).json()["status"]["paused"], true);
    wallet.typed(PASSPHRASE, &["agent", "resume", "--all"]).done();
    wallet.run(&["agent", "revoke", "scout"]).done();
    assert_eq!(wallet.run(&["agent", "show", "scout", "--json"]).json()["agent"]["state"], "revoked");
    wallet.run(&["server", "remove", "first"]).done();
    assert_eq!(wallet.run(&["server", "list", "--json"]).json(), serde_json::json!([]));
}

#[test]
fn a_name_is_given_once() {
    let wallet = prepared();
    let said = wallet.typed(PASSPHRASE, &["agent", "add", "scout"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("taken"), "{}", said.err);
}
