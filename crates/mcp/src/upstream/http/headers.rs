//! The headers MCP puts on a request (Streamable HTTP, request metadata).

use super::Session;
use crate::message::Message;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, header};

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
        "tasks/get" | "tasks/update" | "tasks/cancel" => message.member_text(&["taskId"]),
        _ => None,
    };
    headers.insert(VERSION, encode(&version));
    headers.insert(METHOD, encode(method));
    if let Some(name) = name {
        headers.insert(NAME, encode(&name));
    }
    headers
}

/// Plain ASCII as it is, anything else as `=?base64?…?=` (value encoding).
pub(super) fn encode(text: &str) -> HeaderValue {
    let plain = text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\t'))
        && text.trim() == text
        && !(text.starts_with("=?base64?") && text.ends_with("?="));
    let value = if plain { text.to_owned() } else { format!("=?base64?{}?=", STANDARD.encode(text)) };
    HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
