//! What a client or a server can do, in the words of the other era, and the first words that carry it.

use crate::era::{Era, MODERN};
use serde_json::{Map, Value, json};

/// Tasks in the modern era, which are another thing than the legacy ones.
pub const TASKS: &str = "io.modelcontextprotocol/tasks";
const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// The capabilities of a client or a server of one era, for one of the other: without what can't be translated, which is tasks.
#[must_use]
pub fn translated(capabilities: &Value, from: Era) -> Value {
    let mut capabilities = capabilities.clone();
    match (from, capabilities.as_object_mut()) {
        (Era::Legacy, Some(all)) => {
            all.shift_remove("tasks");
        }
        (Era::Modern, Some(all)) => {
            if let Some(Value::Object(extensions)) = all.get_mut("extensions") {
                extensions.shift_remove(TASKS);
            }
        }
        (_, None) => {}
    }
    capabilities
}

/// What a server says of itself, whichever era it speaks.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Its capabilities, in the words of the era it is told in.
    pub capabilities: &'a Value,
    /// Its name and version, or null.
    pub info: &'a Value,
    /// What it tells language models.
    pub instructions: Option<&'a str>,
}

/// The result of `initialize`.
#[must_use]
pub fn initialize(said: Said<'_>, version: &str) -> Value {
    let mut result =
        json!({ "protocolVersion": version, "capabilities": said.capabilities, "serverInfo": said.info });
    if let Some(instructions) = said.instructions {
        result["instructions"] = instructions.into();
    }
    result
}

/// The result of `server/discover`, without what [`super::results::mark`] adds.
#[must_use]
pub fn discover(said: Said<'_>) -> Map<String, Value> {
    let mut result = Map::new();
    result.insert("supportedVersions".into(), json!([MODERN]));
    result.insert("capabilities".into(), said.capabilities.clone());
    if !said.info.is_null() {
        result.insert("_meta".into(), json!({ SERVER_INFO: said.info }));
    }
    if let Some(instructions) = said.instructions {
        result.insert("instructions".into(), instructions.into());
    }
    result
}

/// Whether a client that has these capabilities can be asked this (client features, capabilities).
#[must_use]
pub fn can_answer(capabilities: &Value, method: &str, params: &Value) -> bool {
    let has = |path: &str| capabilities.pointer(path).is_some_and(Value::is_object);
    match method {
        "roots/list" => has("/roots"),
        "sampling/createMessage" => {
            let with_tools = params.get("tools").is_some() || params.get("toolChoice").is_some();
            has("/sampling") && (!with_tools || has("/sampling/tools"))
        }
        "elicitation/create" => match params.get("mode").and_then(Value::as_str) {
            Some("url") => has("/elicitation/url"),
            // An empty object is from before there was a choice.
            _ => has("/elicitation") && (has("/elicitation/form") || !has("/elicitation/url")),
        },
        _ => false,
    }
}

/// What a client would need to be asked this, as capabilities.
#[must_use]
pub fn needed(method: &str, params: &Value) -> Value {
    match (method, params.get("mode").and_then(Value::as_str)) {
        ("elicitation/create", Some("url")) => json!({ "elicitation": { "url": {} } }),
        ("elicitation/create", _) => json!({ "elicitation": {} }),
        ("sampling/createMessage", _) if params.get("tools").is_some() => {
            json!({ "sampling": { "tools": {} } })
        }
        ("sampling/createMessage", _) => json!({ "sampling": {} }),
        ("roots/list", _) => json!({ "roots": {} }),
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_do_not_cross_the_eras_and_everything_else_does() {
        let legacy = json!({"tools": {"own": 1.0}, "tasks": {"list": {}}, "experimental": {"x": {}}});
        assert_eq!(
            translated(&legacy, Era::Legacy),
            json!({"tools": {"own": 1.0}, "experimental": {"x": {}}})
        );
        let modern = json!({"extensions": {TASKS: {}, "vendor/own": {"a": 1}}});
        assert_eq!(translated(&modern, Era::Modern), json!({"extensions": {"vendor/own": {"a": 1}}}));
        assert_eq!(translated(&Value::Null, Era::Modern), Value::Null);
    }

    #[test]
    fn a_server_says_the_same_in_both_eras() {
        let (capabilities, info) = (json!({"tools": {}}), json!({"name": "n", "version": "1"}));
        let said = Said { capabilities: &capabilities, info: &info, instructions: Some("be kind") };
        assert_eq!(
            initialize(said, "2025-06-18"),
            json!({"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                "serverInfo": {"name": "n", "version": "1"}, "instructions": "be kind"})
        );
        let discovered = Value::Object(discover(said));
        assert_eq!(discovered["supportedVersions"], json!(["2026-07-28"]));
        assert_eq!(discovered["_meta"][SERVER_INFO], info);
        assert_eq!(discovered["serverInfo"], Value::Null);
        assert_eq!(discovered["instructions"], "be kind");
    }

    #[test]
    fn an_agent_is_asked_only_what_it_says_it_can_answer() {
        let (form, url) = (json!({"mode": "form"}), json!({"mode": "url"}));
        let old = json!({"elicitation": {}, "sampling": {}});
        assert!(
            can_answer(&old, "elicitation/create", &form) && !can_answer(&old, "elicitation/create", &url)
        );
        let pages = json!({"elicitation": {"url": {}}});
        assert!(
            can_answer(&pages, "elicitation/create", &url)
                && !can_answer(&pages, "elicitation/create", &form)
        );
        assert!(can_answer(&old, "sampling/createMessage", &json!({})));
        assert!(!can_answer(&old, "sampling/createMessage", &json!({"tools": []})));
        assert!(!can_answer(&old, "roots/list", &json!({})));
        assert!(!can_answer(&old, "tools/call", &json!({})));
        assert_eq!(needed("elicitation/create", &url), json!({"elicitation": {"url": {}}}));
    }
}
