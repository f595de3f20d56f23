//! What any server answers: who it is, and what it has.

use super::Heard;
use serde_json::{Value, json};

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// The answer to what every server must answer; none to anything else.
pub(super) fn answer(heard: &Heard) -> Option<String> {
    let modern = !heard.value(&["params", "_meta", VERSION]).is_null();
    let result = match heard.method.as_str() {
        "initialize" => json!({
            "protocolVersion": heard.value(&["params", "protocolVersion"]),
            "capabilities": capabilities(),
            "serverInfo": {"name": "puppet", "version": "1"},
        }),
        "server/discover" if modern => json!({
            "supportedVersions": ["2026-07-28"],
            "capabilities": capabilities(),
            "resultType": "complete",
            "ttlMs": 0,
            "cacheScope": "public",
        }),
        "ping" => json!({}),
        "tools/list" => listed("tools", &json!([{"name": "do", "inputSchema": {"type": "object"}}]), modern),
        "prompts/list" => listed("prompts", &json!([{"name": "say"}]), modern),
        "resources/list" => {
            listed("resources", &json!([{"uri": "puppet://strings", "name": "strings"}]), modern)
        }
        "resources/templates/list" => listed("resourceTemplates", &json!([]), modern),
        _ => return None,
    };
    heard.wants_answer().then(|| heard.result(&result.to_string()))
}

fn capabilities() -> Value {
    json!({"tools": {}, "prompts": {}, "resources": {}, "completions": {}, "logging": {}})
}

fn listed(member: &str, items: &Value, modern: bool) -> Value {
    match modern {
        true => json!({member: items, "resultType": "complete", "ttlMs": 0, "cacheScope": "public"}),
        false => json!({member: items}),
    }
}
