//! Messages as nobody writes them and everybody may: JSON texts with odd numbers, escapes, white space, unknown members.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A secret that the wallet knows, among what servers say.
pub const SECRET: &str = "cs-canary-differential-5f0c2ad81b";

/// The text of some JSON value.
pub fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![3 => number(), 4 => string(), 1 => select(vec!["null", "true", "false"]).prop_map(str::to_owned), 1 => deep()];
    leaf.prop_recursive(8, 48, 5, |inner| {
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..5), space())
                .prop_map(|(items, gap)| format!("[{gap}{}{gap}]", items.join(&format!("{gap},")))),
            members(inner).prop_map(|members| object(&members)),
        ]
    })
}

/// Members with names that nobody knows, each once.
pub fn unknown() -> impl Strategy<Value = Vec<(String, String)>> {
    members(value())
}

/// The text of an object.
#[must_use]
pub fn object(members: &[(String, String)]) -> String {
    let written: Vec<_> = members.iter().map(|(name, value)| format!("{name}:{value}")).collect();
    format!("{{{}}}", written.join(","))
}

/// The text of an object with these members in any order.
pub fn shuffled(members: Vec<(String, String)>) -> impl Strategy<Value = String> {
    (Just(members).prop_shuffle(), space(), space()).prop_map(|(members, before, after)| {
        let spaced: Vec<_> = members
            .into_iter()
            .map(|(name, value)| (format!("{before}{name}{after}"), format!("{after}{value}{before}")))
            .collect();
        object(&spaced)
    })
}

/// A member with a name that is known.
#[must_use]
pub fn known(name: &str, value: impl Into<String>) -> (String, String) {
    (format!("\"{name}\""), value.into())
}

/// The text of a JSON-RPC id.
pub fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        (-5_i32..100_000).prop_map(|id| id.to_string()),
        string(),
        Just("12345678901234567890123".to_owned())
    ]
}

/// The text of a string.
pub fn string() -> impl Strategy<Value = String> {
    let pieces = vec![
        "a",
        "Z",
        " ",
        "é",
        "\u{1f600}",
        "\u{202e}",
        "\u{2028}",
        "\u{7f}",
        "\\n",
        "\\r",
        "\\t",
        "\\/",
        "\\\"",
        "\\\\",
        "\\u0041",
        "\\u0000",
        "\\ud83d\\ude00",
        "\\u00E9",
        "data: ",
        "__",
        "{",
        "]",
        ",",
        ":",
    ];
    let short =
        prop::collection::vec(select(pieces), 0..8).prop_map(|pieces| format!("\"{}\"", pieces.concat()));
    let long = (1_usize..60_000).prop_map(|length| format!("\"{}\"", "é".repeat(length)));
    prop_oneof![60 => short, 1 => long]
}

fn number() -> impl Strategy<Value = String> {
    let odd = [
        "0",
        "-0",
        "1.0",
        "1e400",
        "-1E-7",
        "0.10",
        "12345678901234567890123",
        "0e+00",
        "1.7976931348623157e309",
    ];
    prop_oneof![
        select(odd.to_vec()).prop_map(str::to_owned),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?"
    ]
}

/// Nested as deep as is allowed anywhere.
fn deep() -> impl Strategy<Value = String> {
    (1_usize..60, any::<Index>()).prop_map(|(depth, which)| match which.index(2) {
        0 => format!("{}{}", "[".repeat(depth), "]".repeat(depth)),
        _ => format!("{}1.50{}", r#"{"a":"#.repeat(depth), "}".repeat(depth)),
    })
}

fn space() -> impl Strategy<Value = &'static str> {
    select(vec!["", "", "", " ", "  ", "\t"])
}

fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec((string(), value), 0..5).prop_map(|members| {
        let numbered = members.into_iter().enumerate();
        numbered.map(|(n, (name, value))| (format!("{}{n}\"", &name[..name.len() - 1]), value)).collect()
    })
}
