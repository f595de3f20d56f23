//! The whole story, as `make demo` tells it.

use crate::wallet::Wallet;
use serde_json::Value;

#[test]
fn the_demo_allows_asks_strikes_out_refuses_revokes_and_verifies() {
    let nothing = Wallet::none();
    let story = nothing.run(&["demo", "--quick", "--json"]).json();
    let lines =
        story["scenes"].as_array().unwrap().iter().flat_map(|scene| scene["lines"].as_array().unwrap());
    let told: Vec<_> = lines.filter_map(Value::as_str).collect();
    for wanted in [
        "scout: tools/list  →  playground__read_note, playground__send_money, playground__show_headers",
        "[redacted by Countersign]",
        "scout: delete_note  →  Refused: not granted",
        "scout wants to use send_money of playground",
        "Pretended to send 1200 EUR to Ada",
        "that is not the wallet's passphrase",
        "scout: read_note  →  Refused",
        "The record holds",
    ] {
        assert!(told.iter().any(|line| line.contains(wanted)), "{wanted:?} is missing in {told:#?}");
    }
    assert!(nothing.path().read_dir().unwrap().next().is_none(), "the demo leaves nothing behind");
}
