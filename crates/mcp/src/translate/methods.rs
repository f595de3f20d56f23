//! Which methods each era has, and how a modern request must be made.

use crate::era::{Era, MODERN};
use crate::message::Message;
use serde_json::{Value, json};

/// What only legacy agents may ask.
const LEGACY_ONLY: [&str; 7] = [
    "initialize",
    "ping",
    "logging/setLevel",
    "resources/subscribe",
    "resources/unsubscribe",
    "tasks/list",
    "tasks/result",
];
/// What only modern agents may.
const MODERN_ONLY: [&str; 3] = ["server/discover", "subscriptions/listen", "tasks/update"];

const META_VERSION: [&str; 2] = ["_meta", "io.modelcontextprotocol/protocolVersion"];
const META_CAPABILITIES: [&str; 2] = ["_meta", "io.modelcontextprotocol/clientCapabilities"];
const INVALID_PARAMS: i64 = -32602;
const CAPABILITY_MISSING: i64 = -32021;
const VERSION_UNKNOWN: i64 = -32022;
/// The extension for calls that are answered later.
const TASKS: &str = "io.modelcontextprotocol/tasks";

/// Why a modern request is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Malformed {
    /// The JSON-RPC code that says so.
    pub code: i64,
    /// In words.
    pub sentence: String,
    /// The error's `data`.
    pub data: Option<Value>,
}

/// The era of one request: modern ones say their version in their `_meta`.
#[must_use]
pub fn era_of(request: &Message) -> Era {
    if request.member(&META_VERSION).is_some() { Era::Modern } else { Era::Legacy }
}

/// Whether an era lacks a method that the other one has.
#[must_use]
pub fn lacks(era: Era, method: &str) -> bool {
    match era {
        Era::Legacy => MODERN_ONLY.contains(&method),
        Era::Modern => LEGACY_ONLY.contains(&method),
    }
}

/// Whether a request's `_meta` is a modern one's (basic protocol, `_meta`).
///
/// # Errors
/// [`Malformed`] when its version is none of ours, or it does not say what its sender can do.
pub fn check(request: &Message) -> Result<(), Malformed> {
    let lacking = |member: &str| Malformed {
        code: INVALID_PARAMS,
        sentence: format!("_meta lacks io.modelcontextprotocol/{member}"),
        data: None,
    };
    let version = request.member_text(&META_VERSION).ok_or_else(|| lacking("protocolVersion"))?;
    if version != MODERN {
        return Err(Malformed {
            code: VERSION_UNKNOWN,
            sentence: format!("MCP {version} is not known here"),
            data: Some(json!({ "supported": [MODERN], "requested": version })),
        });
    }
    match request.member(&META_CAPABILITIES) {
        Some(capabilities) if capabilities.starts_with('{') => may_ask(request),
        _ => Err(lacking("clientCapabilities")),
    }
}

/// Who asks about tasks must know what they are (tasks extension, missing capability).
fn may_ask(request: &Message) -> Result<(), Malformed> {
    let about_tasks = request.method().is_some_and(|method| method.starts_with("tasks/"));
    let [meta, capabilities] = META_CAPABILITIES;
    if !about_tasks || request.member(&[meta, capabilities, "extensions", TASKS]).is_some() {
        return Ok(());
    }
    Err(Malformed {
        code: CAPABILITY_MISSING,
        sentence: format!("the client does not declare the extension {TASKS}"),
        data: Some(json!({ "requiredCapabilities": { "extensions": { TASKS: {} } } })),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::RawId;

    fn request(meta: &Value) -> Message {
        Message::request(RawId::number(1), "tools/list", &json!({ "_meta": meta }))
    }

    #[test]
    fn a_method_of_the_other_era_is_lacking_and_an_unknown_one_is_not() {
        assert!(lacks(Era::Modern, "initialize") && !lacks(Era::Legacy, "initialize"));
        assert!(lacks(Era::Legacy, "subscriptions/listen") && !lacks(Era::Modern, "subscriptions/listen"));
        assert!(!lacks(Era::Modern, "tools/call") && !lacks(Era::Legacy, "vendor/own"));
    }

    #[test]
    fn only_a_client_that_knows_tasks_asks_about_them() {
        let asks = |method: &str, extensions: Value| {
            let capabilities = json!({ "extensions": extensions });
            let meta = json!({ META_VERSION[1]: MODERN, META_CAPABILITIES[1]: capabilities });
            check(&Message::request(RawId::number(1), method, &json!({ "taskId": "a", "_meta": meta })))
        };
        assert_eq!(asks("tasks/get", json!({})).unwrap_err().code, CAPABILITY_MISSING);
        assert_eq!(asks("tasks/get", json!({ TASKS: {} })), Ok(()));
        assert_eq!(asks("tools/call", json!({})), Ok(()));
    }

    #[test]
    fn a_modern_request_says_its_version_and_what_its_sender_can_do() {
        let version = "io.modelcontextprotocol/protocolVersion";
        let capabilities = "io.modelcontextprotocol/clientCapabilities";
        assert_eq!(check(&request(&json!({version: MODERN, capabilities: {}}))), Ok(()));
        for (meta, code) in [
            (json!({}), INVALID_PARAMS),
            (json!({version: 7, capabilities: {}}), INVALID_PARAMS),
            (json!({version: MODERN}), INVALID_PARAMS),
            (json!({version: MODERN, capabilities: "all"}), INVALID_PARAMS),
            (json!({version: "2031-01-01", capabilities: {}}), VERSION_UNKNOWN),
        ] {
            assert_eq!(check(&request(&meta)).unwrap_err().code, code, "{meta}");
        }
    }
}
