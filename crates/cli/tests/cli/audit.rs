//! The record, read and verified without the wallet.

use crate::wallet::Wallet;
use std::fs;
use std::path::PathBuf;

fn recorded() -> (Wallet, PathBuf) {
    let mut wallet = Wallet::running();
    for agent in ["one", "two", "three"] {
        wallet.grows(&["agent", "add", agent]);
    }
    wallet.end();
    let file = wallet.path().join("data/ledger/000001.jsonl");
    (wallet, file)
}

#[test]
fn the_record_is_listed_shown_and_verified_while_nothing_runs() {
    let (wallet, _) = recorded();
    let listed = wallet.run(&["audit", "list", "--kind", "agent", "--json"]).json();
    let names: Vec<_> =
        listed.as_array().unwrap().iter().map(|entry| entry["body"]["agent"].clone()).collect();
    assert_eq!(names, ["one", "two", "three"]);
    let seq = listed[1]["seq"].to_string();
    assert_eq!(wallet.run(&["audit", "show", &seq, "--json"]).json()["body"]["agent"], "two");
    assert_eq!(wallet.run(&["audit", "verify", "--json"]).json()["holds"], true);
}

#[test]
fn a_changed_a_missing_and_a_moved_line_are_found_and_end_with_1() {
    let (wallet, file) = recorded();
    let whole = fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = whole.lines().collect();
    let changed = whole.replacen("\"two\"", "\"six\"", 1);
    let missing = [&lines[..1], &lines[2..]].concat().join("\n") + "\n";
    let mut swapped = lines.clone();
    swapped.swap(1, 2);
    let moved = swapped.join("\n") + "\n";
    for (what, text) in [("changed", changed), ("missing", missing), ("moved", moved)] {
        fs::write(&file, text).unwrap();
        let said = wallet.run(&["audit", "verify"]);
        assert_eq!(said.code, 1, "{what}: {}", said.out);
        assert!(said.out.contains("does not hold"), "{what}: {}", said.out);
    }
}

#[test]
fn an_export_verifies_elsewhere_with_the_key_alone() {
    let (wallet, _) = recorded();
    let copy = wallet.path().join("copy.jsonl");
    let path = copy.to_str().unwrap();
    wallet.run(&["audit", "export", path]).done();
    assert_eq!(wallet.run(&["audit", "export", path]).code, 1, "an export overwrites nothing");
    let elsewhere = Wallet::none();
    let report = elsewhere.run(&["audit", "verify", "--record", path, "--json"]).json();
    assert_eq!(report["holds"], true);
    let key = report["key"].as_str().unwrap();
    elsewhere.run(&["audit", "verify", "--record", path, "--key", key]).done();
    let foreign = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";
    assert_eq!(elsewhere.run(&["audit", "verify", "--record", path, "--key", foreign]).code, 1);
}

#[test]
fn a_kind_that_does_not_exist_is_no_empty_list() {
    let (wallet, _) = recorded();
    let said = wallet.run(&["audit", "list", "--kind", "agents"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("agent.added"), "{}", said.err);
}
