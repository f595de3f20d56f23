//! What an agent calls a server's tool or prompt: the server's name in front, and never longer than clients take.
//!
//! ```text
//! github__create_issue                                               fits
//! github__a_name_that_goes_on_for_very_much_longe_f9120d58351b436e   the head of it, and a digest of the whole
//! ```
//! Two names never meet: a server's name holds no underscore, so the first `__` ends it; a name that looks as if it ended in a
//! digest is given one itself; and of two whose digests are the same, [`meant`] finds neither.

use domain::ServerName;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Stands between a server's name and its tool's.
const SEPARATOR: &str = "__";
/// The longest name that is listed, in bytes. MCP 2025-11-25 takes 128 characters; several clients and the models' own
/// interfaces take 64.
pub const LONGEST: usize = 64;
/// Hexadecimal digits of the digest that ends a shortened name.
const DIGITS: usize = 16;

/// What an agent calls a server's tool or prompt.
#[must_use]
pub fn full_name(server: &ServerName, name: &str) -> String {
    let whole = format!("{server}{SEPARATOR}{name}");
    if whole.len() <= LONGEST && !is_short(name) { whole } else { shortened(server, name) }
}

/// The server, and what stands behind it: its own name for a tool or prompt, or the short form of one, as [`is_short`] tells.
#[must_use]
pub fn split_name(full: &str) -> Option<(ServerName, &str)> {
    let (server, name) = full.split_once(SEPARATOR)?;
    Some((ServerName::parse(server).ok()?, name)).filter(|(_, name)| !name.is_empty())
}

/// Whether the second half of a full name is a short form.
#[must_use]
pub fn is_short(name: &str) -> bool {
    name.len().checked_sub(DIGITS + 1).is_some_and(|at| {
        let (_, end) = name.as_bytes().split_at(at);
        end[0] == b'_' && end[1..].iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Which of a server's `known` names is meant by the short form `full`; none when it could be two.
#[must_use]
pub fn meant<'a>(
    server: &ServerName,
    full: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let mut found = None;
    for name in known.into_iter().filter(|name| full_name(server, name) == full) {
        if found.is_some_and(|found| found != name) {
            return None;
        }
        found = Some(name);
    }
    found
}

fn shortened(server: &ServerName, name: &str) -> String {
    let mut short = format!("{server}{SEPARATOR}");
    let room = LONGEST.saturating_sub(short.len() + 1 + DIGITS);
    short.push_str(&name[..name.floor_char_boundary(room)]);
    short.push('_');
    for byte in &Sha256::digest(name.as_bytes())[..DIGITS / 2] {
        // Writing to a String can't fail.
        let _ = write!(short, "{byte:02x}");
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn server(name: &str) -> ServerName {
        ServerName::parse(name).unwrap()
    }

    #[test]
    fn threat_12_the_same_tool_name_on_two_servers_stays_two_names() {
        let (one, two) = (server("a"), server("a-b"));
        assert_ne!(full_name(&one, "read"), full_name(&two, "read"));
        for (server, tool) in [(one, "read"), (two, "b__read"), (self::server("x"), "_y")] {
            assert_eq!(split_name(&full_name(&server, tool)), Some((server, tool)));
        }
    }

    #[test]
    fn names_that_belong_to_no_server_are_not_split() {
        for name in ["read", "__read", "A__read", "a__", "../a__read", "", "find_tools", "call_tool"] {
            assert_eq!(split_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_long_name_is_shortened_the_same_way_for_ever() {
        let long = "a_name_that_goes_on_for_very_much_longer_than_any_client_would_take";
        let short = full_name(&server("github"), long);
        assert_eq!(short, "github__a_name_that_goes_on_for_very_much_longe_f9120d58351b436e");
        assert_eq!(meant(&server("github"), &short, ["b", long]), Some(long));
        assert_eq!(meant(&server("gitlab"), &short, ["b", long]), None, "it is that server's alone");
    }

    #[test]
    fn threat_12_a_name_that_poses_as_another_s_short_form_is_not_taken_for_it() {
        let (place, long) = (server("s"), "n".repeat(80));
        let short = full_name(&place, &long);
        let (_, posing) = split_name(&short).unwrap();
        assert!(is_short(posing));
        assert_ne!(full_name(&place, posing), short);
        assert_eq!(meant(&place, &short, [posing, long.as_str()]), Some(long.as_str()));
        assert_eq!(meant(&place, &short, [posing]), None);
    }

    fn any_server() -> impl Strategy<Value = ServerName> {
        "[a-z0-9]{1,16}(-[a-z0-9]{1,15})?".prop_map(|name| server(&name))
    }

    fn any_name() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z_]{1,12}",
            "[A-Za-z0-9_.-]{1,128}",
            "_{1,4}[a-z]{0,3}_{0,4}",
            "[a-z]{0,40}_[0-9a-f]{16}",
            "\\PC{1,90}",
        ]
    }

    proptest! {
        /// The second name is sometimes the listed form of the first, as a server would write it that wants them to meet.
        #[test]
        fn threat_12_no_two_pairs_meet_and_each_name_leads_back_to_its_own(
            one in (any_server(), any_name()), two in (any_server(), any_name()), posing: bool,
        ) {
            let full = full_name(&one.0, &one.1);
            let (server, half) = split_name(&full).unwrap();
            let two = if posing { (two.0, half.to_owned()) } else { two };
            prop_assert!(full.len() <= LONGEST);
            prop_assert_eq!(&server, &one.0);
            prop_assert_eq!(full_name(&two.0, &two.1) == full, one == two);
            let known = [two.1.as_str(), one.1.as_str()];
            prop_assert_eq!(meant(&server, &full, known), Some(one.1.as_str()));
            prop_assert_eq!(is_short(half) || half == one.1, true);
        }
    }
}
