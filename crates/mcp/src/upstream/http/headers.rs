//! The headers MCP puts on a request (Streamable HTTP, request metadata).

use super::Session;
use crate::message::Message;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::{Map, Value};

/// Carries a legacy session's id.
pub(super) const SESSION: &str = "mcp-session-id";
const VERSION: &str = "mcp-protocol-version";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";
const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// The headers of a session, for any method.
pub(super) fn for_session(session: &Session) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    if let Some(id) = &session.id {
        headers.insert(SESSION, id.clone());
    }
    if let Some(version) = &session.version {
        headers.insert(VERSION, version.clone());
    }
    headers
}

/// The headers of a POST. What a modern message says of itself is mirrored, so that it always agrees with the body.
pub(super) fn for_message(message: &Message, session: &Session) -> HeaderMap {
    let mut headers = for_session(session);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if session.version.is_some() {
        return headers;
    }
    let Some(version) = message.member_text(&["_meta", META_VERSION]) else { return headers };
    let method = message.method().unwrap_or_default();
    let name = match method {
        "tools/call" | "prompts/get" => message.member_text(&["name"]),
        "resources/read" => message.member_text(&["uri"]),
        _ => None,
    };
    headers.insert(VERSION, encode(&version));
    headers.insert(METHOD, encode(method));
    if let Some(name) = name {
        headers.insert(NAME, encode(&name));
    }
    headers
}

/// The `Mcp-Param-*` headers of a `tools/call`: the arguments that the tool's `inputSchema` marks with `x-mcp-header`.
/// A mark that can't name a header is left out, as is an argument that is missing or null.
#[must_use]
pub fn param_headers(input_schema: &Value, arguments: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    collect_params(input_schema, arguments, &mut headers);
    headers
}

/// Marks count only where a chain of `properties` alone leads to them.
fn collect_params(schema: &Value, arguments: &Value, headers: &mut HeaderMap) {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for (name, schema) in properties {
        let Some(value) = arguments.get(name) else { continue };
        collect_params(schema, value, headers);
        let marked = schema.get("x-mcp-header").and_then(Value::as_str);
        let header = marked.and_then(|mark| HeaderName::try_from(format!("mcp-param-{mark}")).ok());
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => continue,
        };
        if let Some(header) = header {
            headers.insert(header, encode(&text));
        }
    }
}

/// Plain ASCII as it is, anything else as `=?base64?…?=` (value encoding).
fn encode(text: &str) -> HeaderValue {
    let plain = text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\t'))
        && text.trim() == text
        && !(text.starts_with("=?base64?") && text.ends_with("?="));
    let value = if plain { text.to_owned() } else { format!("=?base64?{}?=", STANDARD.encode(text)) };
    HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_encoded_as_the_specification_shows() {
        for (value, encoded) in [
            ("us-west1", "us-west1"),
            ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
            (" padded ", "=?base64?IHBhZGRlZCA=?="),
            ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
            ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ] {
            assert_eq!(encode(value).to_str().unwrap(), encoded, "{value:?}");
        }
    }

    #[test]
    fn marked_arguments_become_headers_also_nested_ones() {
        let schema = json!({"properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "deep": {"properties": {"n": {"type": "integer", "x-mcp-header": "N"}}},
            "list": {"items": {"properties": {"x": {"x-mcp-header": "X"}}}},
            "bad": {"x-mcp-header": "a b\r\n"},
            "none": {"x-mcp-header": "None"},
        }});
        let arguments =
            json!({"region": "eu", "deep": {"n": 42}, "list": [{"x": 1}], "bad": "v", "none": null});
        let headers = param_headers(&schema, &arguments);
        assert_eq!(headers["mcp-param-region"], "eu");
        assert_eq!(headers["mcp-param-n"], "42");
        assert_eq!(headers.len(), 2);
    }
}
