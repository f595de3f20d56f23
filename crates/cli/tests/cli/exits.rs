//! How commands end: the exit code for programs, the sentence for people.

use crate::wallet::{PASSPHRASE, Wallet};

#[test]
fn without_a_running_wallet_commands_say_so_with_5() {
    let wallet = Wallet::none();
    for words in [
        &["status"][..],
        &["agent", "list"],
        &["server", "list"],
        &["delegation", "list"],
        &["approvals", "list"],
        &["lock"],
        &["agent", "revoke", "a"],
        &["logout", "s"],
    ] {
        let said = wallet.run(words);
        assert_eq!(said.code, 5, "{words:?}: {}", said.err);
        assert!(said.err.contains("countersign serve"), "{words:?}: {}", said.err);
    }
}

#[test]
fn a_program_gets_the_failure_as_json() {
    let said = Wallet::none().run(&["status", "--json"]);
    let failure: serde_json::Value = serde_json::from_str(&said.err).unwrap();
    assert_eq!(failure["error"]["exit"], 5);
    assert!(said.out.is_empty(), "{}", said.out);
}

#[test]
fn what_makes_no_sense_ends_with_2() {
    let wallet = Wallet::none();
    for words in [&["frobnicate"][..], &["delegate", "a"], &["server", "add", "x", "--url", "ftp://a/"]] {
        assert_eq!(wallet.run(words).code, 2, "{words:?}");
    }
}

#[test]
fn an_empty_home_is_not_served() {
    let said = Wallet::none().run(&["serve"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("countersign init"), "{}", said.err);
}

#[test]
fn a_second_init_changes_nothing() {
    let wallet = Wallet::made();
    let said = wallet.typed(PASSPHRASE, &["init", "--identity", "Other", "--keys", "passphrase"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("nothing was changed"), "{}", said.err);
}

#[test]
fn a_short_passphrase_makes_no_wallet() {
    let wallet = Wallet::none();
    let said = wallet.typed("short", &["init", "--keys", "passphrase"]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains("8 characters"), "{}", said.err);
}

#[test]
fn a_second_wallet_on_one_home_is_refused() {
    let wallet = Wallet::running();
    let said = wallet.typed(PASSPHRASE, &["serve"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("already running"), "{}", said.err);
}

#[test]
fn a_locked_wallet_ends_commands_with_4_until_it_is_unlocked() {
    let wallet = Wallet::running();
    wallet.run(&["lock"]).done();
    assert_eq!(wallet.typed(PASSPHRASE, &["agent", "add", "scout"]).code, 4);
    assert_eq!(wallet.typed("not the passphrase", &["unlock"]).code, 3);
    assert_eq!(wallet.typed(PASSPHRASE, &["agent", "add", "scout"]).code, 4);
    wallet.typed(PASSPHRASE, &["unlock"]).done();
    wallet.typed(PASSPHRASE, &["agent", "add", "scout"]).done();
}

#[test]
fn what_is_not_there_is_named_with_2() {
    let wallet = Wallet::running();
    for (words, named) in [
        (&["agent", "show", "nobody"][..], "nobody"),
        (&["server", "show", "nowhere"], "nowhere"),
        (&["logout", "nowhere"], "nowhere"),
        (&["delegation", "show", "none"], "none"),
        (&["approvals", "deny", "none"], "none"),
    ] {
        let said = wallet.run(words);
        assert_eq!(said.code, 2, "{words:?}: {}", said.err);
        assert!(said.err.contains(named), "{words:?}: {}", said.err);
    }
}

#[test]
fn sigterm_ends_the_wallet_cleanly_and_it_starts_again_with_everything() {
    let mut wallet = Wallet::running();
    wallet.grows(&["agent", "add", "scout"]);
    assert_eq!(wallet.end(), 0);
    assert_eq!(wallet.run(&["status"]).code, 5);
    wallet.serve();
    let agents = wallet.run(&["agent", "list", "--json"]).json();
    assert_eq!(agents[0]["name"], "scout");
}

#[test]
fn connect_without_a_running_wallet_answers_its_client_and_ends_with_5() {
    use std::io::Write;
    let mut wallet = Wallet::running();
    wallet.grows(&["agent", "add", "scout"]);
    wallet.end();
    let mut shim = wallet.spawn(&["connect", "--agent", "scout"]);
    writeln!(shim.stdin.take().unwrap(), r#"{{"jsonrpc":"2.0","id":7,"method":"initialize"}}"#).unwrap();
    let output = shim.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["id"], 7);
    assert!(answer["error"]["message"].as_str().unwrap().contains("not running"), "{answer}");
}

#[test]
fn a_reader_that_has_had_enough_is_no_failure() {
    let wallet = Wallet::none();
    let mut child = wallet.spawn(&["completions", "bash"]);
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn without_a_keyring_init_says_so_and_puts_the_keys_under_the_passphrase() {
    let wallet = Wallet::none();
    let said = wallet.typed(PASSPHRASE, &["init", "--json"]).done();
    assert!(said.err.contains("under your passphrase"), "{}", said.err);
    let status: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((status["wallet"].as_str(), status["keyring"].as_bool()), (Some("unlocked"), Some(false)));
}
