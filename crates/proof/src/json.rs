//! Reading JSON so that nobody can read it differently: no member twice (RFC 7493, §2.3), and no member name that the
//! parser itself would take for something else.

use serde_json::Value;
use std::collections::HashSet;

/// The JSON library hands numbers and raw text through objects with such a member. An object from outside that has one
/// would be read as a number or as other JSON, and share that one's digest.
const RESERVED: &str = "$serde_json::private::";

/// Why JSON was refused. Says where, never what was there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, or nested deeper than 128.
    #[error("not JSON at line {line}, column {column}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// One object has the same member twice; readers differ on which counts.
    #[error("the member at byte {at} stands twice in its object")]
    Duplicate {
        /// From 0.
        at: usize,
    },
    /// A member name this wallet can't carry.
    #[error("the member name at byte {at} is reserved")]
    Reserved {
        /// From 0.
        at: usize,
    },
}

/// Reads JSON with one meaning only. Numbers keep their digits.
///
/// # Errors
/// [`JsonError`] for anything that is not JSON, and for what two readers could take differently.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    let value = serde_json::from_slice(text)
        .map_err(|error| JsonError::Syntax { line: error.line(), column: error.column() })?;
    check_names(text)?;
    Ok(value)
}

/// Looks at every member name of JSON that is known to be well formed.
fn check_names(text: &[u8]) -> Result<(), JsonError> {
    let mut objects: Vec<HashSet<String>> = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'{' => objects.push(HashSet::new()),
            b'}' => drop(objects.pop()),
            b'"' => {
                let end = end_of_string(text, at);
                if let (true, Some(names)) = (is_name(text, end), objects.last_mut()) {
                    check_name(&text[at..end], at, names)?;
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

fn check_name(token: &[u8], at: usize, names: &mut HashSet<String>) -> Result<(), JsonError> {
    let Ok(name) = serde_json::from_slice::<String>(token) else { return Err(JsonError::Reserved { at }) };
    if name.starts_with(RESERVED) {
        return Err(JsonError::Reserved { at });
    }
    if names.insert(name) { Ok(()) } else { Err(JsonError::Duplicate { at }) }
}

/// The index behind the closing quote of the string that opens at `start`.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// Whether the string that ended here is followed by a colon.
fn is_name(text: &[u8], end: usize) -> bool {
    let rest = text.get(end..).unwrap_or_default();
    rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_member_that_stands_twice_is_refused_however_it_is_spelled() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"b":{"a":1 , "a" : 1}}]"#,
            "{\"a\\\"\":1,\"a\\u0022\":2}",
        ] {
            assert!(matches!(parse(text.as_bytes()), Err(JsonError::Duplicate { .. })), "{text}");
        }
    }

    #[test]
    fn the_same_name_in_different_objects_and_in_values_is_fine() {
        for text in [r#"{"a":{"a":["a","a"]},"b":[{"a":1},{"a":":"}]}"#, r#"["a","a"]"#, r#""a:\"""#] {
            assert!(parse(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn threat_20_an_object_can_not_pose_as_a_number_or_as_other_json() {
        for text in [
            r#"{"amount":{"$serde_json::private::Number":"1"}}"#,
            r#"{"amount":{"$serde_json::private::RawValue":"1"}}"#,
            r#"{"amount":{"\u0024serde_json::private::Number":"1"}}"#,
        ] {
            assert!(matches!(parse(text.as_bytes()), Err(JsonError::Reserved { .. })), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for text in ["", "{", "{'a':1}", "[1,]", "NaN", "01", "\"\\ud800\"", "1 2", "\u{feff}1"] {
            assert!(matches!(parse(text.as_bytes()), Err(JsonError::Syntax { .. })), "{text}");
        }
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(parse(b"\"\xff\"").is_err());
    }

    proptest! {
        #[test]
        fn no_input_makes_it_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
