//! Every way of writing a secret, at every offset.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

fn knowing(values: &[&str]) -> Redactor {
    let values: Vec<_> = values.iter().map(|value| Secret::new(*value)).collect();
    Redactor::default().knowing(&values.iter().collect::<Vec<_>>())
}

fn redacted(redactor: &Redactor, text: &str) -> String {
    redactor.redact_text(text)
}

fn percent(value: &str) -> String {
    value
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).into() } else { format!("%{b:02X}") })
        .collect()
}

fn all_unicode(value: &str) -> String {
    value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn json(value: &str) -> String {
    let quoted = serde_json::to_string(value).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Ways to write a value that show it to anyone who decodes them.
fn writings(value: &str) -> Vec<String> {
    let hex: String = value.bytes().map(|b| format!("{b:02x}")).collect();
    vec![
        value.to_owned(),
        STANDARD.encode(value),
        STANDARD_NO_PAD.encode(value),
        URL_SAFE.encode(value),
        URL_SAFE_NO_PAD.encode(value),
        hex.to_uppercase(),
        hex,
        percent(value),
        value.bytes().map(|b| format!("%{b:02x}")).collect(),
        json(value),
        json(value).replace('/', "\\/"),
        json(&json(value)),
        json(&json(&json(value))),
        all_unicode(value),
        all_unicode(value).to_uppercase().replace("\\U", "\\u"),
        json(&all_unicode(value)),
        percent(&STANDARD.encode(value)),
        json(&STANDARD.encode(value)).replace('/', "\\/"),
    ]
}

proptest! {
    #[test]
    fn threat_29_a_secret_is_struck_out_however_it_is_written_and_wherever(
        secret in "[ -~é😀]{8,60}", before in "[a-z ]{0,9}", after in "[a-z ]{0,9}",
    ) {
        let redactor = knowing(&[&secret]);
        for writing in writings(&secret) {
            let clean = redacted(&redactor, &format!("{before}{writing}{after}"));
            prop_assert!(clean.contains("[redacted by Countersign]"), "{writing} in {clean}");
            prop_assert!(!clean.contains(&writing), "{writing} in {clean}");
        }
    }

    #[test]
    fn threat_29_base64_of_a_larger_text_shows_nothing_of_the_secret_in_it(
        secret in "[!-~]{12,40}", before: Vec<u8>, after: Vec<u8>,
    ) {
        let larger = [before.as_slice(), secret.as_bytes(), &after].concat();
        for encoded in [STANDARD.encode(&larger), URL_SAFE_NO_PAD.encode(&larger)] {
            let clean = redacted(&knowing(&[&secret]), &encoded);
            let longest = clean.split("[redacted by Countersign]").map(str::len).sum::<usize>();
            // What is left are the characters of the neighbours, and at most two that are shared with the secret.
            let neighbours = (before.len() + after.len()) * 4 / 3 + 8;
            prop_assert!(clean.contains("[redacted") && longest <= neighbours, "{clean}");
        }
    }

    #[test]
    fn json_stays_json(secret in "[ -~\\n\\t]{8,30}", before in ".{0,9}", after in ".{0,9}", layers in 1_usize..4) {
        let mut text = format!("{before}{secret}{after}");
        for _ in 0..layers {
            text = serde_json::to_string(&[text]).unwrap();
        }
        let clean = redacted(&knowing(&[&secret]), &text);
        prop_assert!(serde_json::from_str::<Vec<String>>(&clean).is_ok(), "{clean}");
        prop_assert!(clean.contains("[redacted by Countersign]"));
    }

    #[test]
    fn threat_29_no_text_however_odd_keeps_a_secret_or_stops_the_search(
        text in r#"(\\|u004|1|%4|%|"|n|ab|é){8,40}"#, picks: [(prop::sample::Index, prop::sample::Index); 3],
    ) {
        let characters: Vec<char> = text.chars().collect();
        let piece = |(start, length): &(prop::sample::Index, prop::sample::Index)| -> String {
            let start = start.index(characters.len());
            characters[start..].iter().take(8 + length.index(8)).collect()
        };
        let secrets: Vec<String> = picks.iter().map(piece).filter(|piece| piece.len() >= 8).collect();
        let redactor = knowing(&secrets.iter().map(String::as_str).collect::<Vec<_>>());
        let clean = redacted(&redactor, &text);
        prop_assert!(!secrets.iter().any(|secret| clean.contains(secret)), "{secrets:?} in {clean}");
    }

    #[test]
    fn text_without_a_secret_is_the_very_same(text: Vec<u8>) {
        let given = Bytes::from(text);
        let same = knowing(&["a secret nobody wrote down"]).redact(given.clone());
        prop_assert_eq!(same.as_ptr(), given.as_ptr());
        prop_assert_eq!(same, given);
    }
}

#[test]
fn threat_29_the_parts_of_a_credential_are_secrets_too() {
    for (value, leaks) in [
        ("Bearer canary-token-1", vec!["canary-token-1"]),
        ("Basic YWRhOmNhbmFyeS1wYXNz", vec!["canary-pass", "ada:canary-pass", "YWRhOmNhbmFyeS1wYXNz"]),
        ("postgres://ada:canary-pass@db/main", vec!["canary-pass"]),
    ] {
        for leak in leaks {
            let clean = redacted(&knowing(&[value]), &format!("<{leak}>"));
            assert_eq!(clean, "<[redacted by Countersign]>", "{leak} of {value}");
        }
    }
}

#[test]
fn threat_29_two_secrets_that_overlap_are_both_struck_out() {
    let redactor = knowing(&["canary-one-two", "two-three-canary"]);
    assert_eq!(redacted(&redactor, "x canary-one-two-three-canary y"), "x [redacted by Countersign] y");
}

#[test]
fn threat_29_a_value_that_was_replaced_is_still_known() {
    let old = knowing(&["canary-before"]);
    let both = old.knowing(&[&Secret::new("canary-after!")]);
    assert_eq!(redacted(&both, "canary-before").matches("redacted").count(), 1);
    assert_eq!(redacted(&both, "canary-after!").matches("redacted").count(), 1);
}

#[test]
fn an_escape_before_a_secret_is_not_mistaken_for_its_first_letter() {
    let clean = redacted(&knowing(&["newcanary1"]), r#"["\newcanary1","\\newcanary1"]"#);
    assert_eq!(clean, r#"["[redacted by Countersign]","\\[redacted by Countersign]"]"#);
}

#[test]
fn short_values_are_left_alone() {
    assert_eq!(redacted(&knowing(&["main", ""]), "the main branch"), "the main branch");
}

#[test]
fn threat_24_debug_of_a_redactor_shows_no_value() {
    assert_eq!(format!("{:?}", knowing(&["canary-secret"])), "Redactor(1 values)");
}

proptest! {
    #[test]
    fn threat_29_a_secret_in_a_text_that_comes_in_pieces_is_struck_out_wherever_it_is_cut(
        value in "[ -~]{8,60}", before in "[a-z \\\\%]{0,40}", filler in 0usize..40_000, cuts in proptest::collection::vec(1usize..30_000, 1..20),
    ) {
        let redactor = Arc::new(knowing(&[&value]));
        let filler = "some quiet text. ".repeat(filler / 10);
        let text: String = writings(&value).iter().map(|written| format!("{before}{filler}\"{written}\"")).collect();
        let mut rest = text.as_bytes();
        let mut pieces = Pieces::new(redactor.clone());
        let mut clean = vec![];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, then) = rest.split_at((*cut).min(rest.len()));
            clean.extend_from_slice(&pieces.push(piece));
            rest = then;
        }
        clean.extend_from_slice(&pieces.end());
        let clean = String::from_utf8(clean).unwrap();
        prop_assert_eq!(clean, redacted(&redactor, &text));
    }
}

#[test]
fn what_is_held_back_is_bounded_and_a_text_without_secrets_comes_as_it_is() {
    let redactor = Arc::new(knowing(&["a-secret-of-some-length"]));
    let mut pieces = Pieces::new(redactor);
    let (mut given, mut taken) = (0, 0);
    for _ in 0..200 {
        let piece = "\\u0041%20".repeat(1000);
        taken += piece.len();
        given += pieces.push(piece.as_bytes()).len();
        assert!(taken - given < 256 << 10, "{}", taken - given);
    }
    given += pieces.end().len();
    assert_eq!(given, taken);
}
