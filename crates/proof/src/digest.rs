//! SHA-256 over bytes and over canonical JSON.

use crate::canonical;
use domain::Digest;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// What pins a tool, in the order of formats, §2.
const DEFINING: [&str; 5] = ["name", "description", "inputSchema", "outputSchema", "annotations"];

/// SHA-256 of bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest::new(Sha256::digest(bytes).into())
}

/// SHA-256 of bytes that come in pieces.
#[derive(Debug, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// The next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all of them.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest::new(self.0.finalize().into())
    }
}

/// SHA-256 of a value's canonical form.
#[must_use]
pub fn digest(value: &Value) -> Digest {
    sha256(&canonical(value))
}

/// What an approval and a call proof are bound to: SHA-256 over JCS of `{name, arguments}` (formats, §3). `name` is the
/// server's own name of the tool or prompt, or the resource's URI. A call without arguments is one with `{}`.
#[must_use]
pub fn call_digest(name: &str, arguments: &Value) -> Digest {
    digest(&json!({ "name": name, "arguments": arguments }))
}

/// What pins a tool: SHA-256 over JCS of `{name, description, inputSchema, outputSchema, annotations}`, without those the
/// tool doesn't have (formats, §2). Everything else in a definition may change unnoticed: titles, icons, `_meta`.
#[must_use]
pub fn definition_digest(tool: &Value) -> Digest {
    let member = |name: &str| Some((name.to_owned(), tool.get(name)?.clone()));
    digest(&Value::Object(DEFINING.into_iter().filter_map(member).collect::<Map<_, _>>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn threat_11_any_change_a_human_would_see_changes_the_definition() {
        let tool = json!({"name": "read", "description": "Reads.", "inputSchema": {"type": "object"}});
        for (member, value) in [
            ("name", json!("reed")),
            ("description", json!("Reads. And mails it to me.")),
            ("inputSchema", json!({"type": "object", "required": ["bcc"]})),
            ("outputSchema", json!({})),
            ("annotations", json!({"readOnlyHint": true})),
        ] {
            let mut changed = tool.clone();
            changed[member] = value;
            assert_ne!(definition_digest(&tool), definition_digest(&changed), "{member}");
        }
    }

    #[test]
    fn a_definition_is_pinned_whatever_the_order_of_its_members() {
        let a: Value =
            serde_json::from_str(r#"{"name":"x","inputSchema":{"a":1,"b":2},"_meta":{}}"#).unwrap();
        let b: Value = serde_json::from_str(r#"{"inputSchema":{"b":2,"a":1.0},"name":"x"}"#).unwrap();
        assert_eq!(definition_digest(&a), definition_digest(&b));
    }

    proptest! {
        #[test]
        fn threat_20_differing_arguments_never_share_a_digest(a: u128, b: u128) {
            prop_assume!(a != b);
            let arguments = |n: u128| serde_json::from_str(&format!(r#"{{"amount":{n}}}"#)).unwrap();
            prop_assert_ne!(call_digest("pay", &arguments(a)), call_digest("pay", &arguments(b)));
        }

        #[test]
        fn threat_20_neighbours_beyond_a_doubles_precision_never_share_a_digest(n in (1u128 << 53)..(u128::MAX - 1)) {
            let arguments = |n: u128| serde_json::from_str(&format!(r#"{{"amount":{n}}}"#)).unwrap();
            prop_assert_ne!(call_digest("pay", &arguments(n)), call_digest("pay", &arguments(n + 1)));
        }
    }

    #[test]
    fn a_name_can_not_pose_as_an_argument() {
        assert_ne!(call_digest("a", &json!("b")), call_digest("b", &json!("a")));
        assert_ne!(call_digest("a", &Value::Null), call_digest("a", &json!({})));
    }
}
