//! Completions and manual pages.

use crate::wallet::Wallet;

#[test]
fn every_shell_gets_completions_that_know_the_commands() {
    let wallet = Wallet::none();
    for shell in ["bash", "zsh", "fish"] {
        let script = wallet.run(&["completions", shell]).done().out;
        for word in ["delegate", "approvals", "passphrase-fd"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    assert_eq!(wallet.run(&["completions", "tcsh"]).code, 2);
}

#[test]
fn every_command_has_a_manual_page() {
    let wallet = Wallet::none();
    let dir = wallet.path().join("man");
    wallet.run(&["man", dir.to_str().unwrap()]).done();
    for page in ["countersign", "countersign-serve", "countersign-server-add", "countersign-audit-verify"] {
        let text = std::fs::read_to_string(dir.join(format!("{page}.1"))).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
    }
    assert!(wallet.run(&["man"]).done().out.contains(".TH countersign"));
}
