//! The words of the protocol, each of them.

use crate::control::{Change, Entrusted, Look, Request, Shrink};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// Every variant's name, as the parser itself lists them.
pub(super) fn words<T: DeserializeOwned>() -> Vec<String> {
    let Err(error) = serde_json::from_str::<T>("\"no such word\"") else {
        panic!("took a word that is none")
    };
    error.to_string().split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_words_are_these_and_a_new_one_is_sorted_by_hand() {
    assert_eq!(words::<Request>(), ["look", "shrink", "grow", "unlock"]);
    assert_eq!(words::<Look>().len(), 11);
    assert_eq!(
        words::<Shrink>(),
        [
            "lock",
            "remove_server",
            "logout",
            "pause_agent",
            "pause_all",
            "revoke_agent",
            "revoke_delegation",
            "deny",
            "emergency_stop"
        ]
    );
    assert_eq!(
        words::<Change>(),
        [
            "add_server",
            "login",
            "add_agent",
            "set_tool_search",
            "resume_agent",
            "resume_all",
            "delegate",
            "allow"
        ]
    );
}

#[test]
fn a_passphrase_is_sent_and_never_shown() {
    let entrusted = Entrusted::new(Zeroizing::new("canary".into()));
    let request = Request::Unlock { passphrase: Some(entrusted) };
    assert_eq!(format!("{request:?}"), "Unlock { passphrase: Some([redacted]) }");
    assert_eq!(serde_json::to_string(&request).unwrap(), r#"{"unlock":{"passphrase":"canary"}}"#);
}
