//! Careless tools: they give back the caller's own token, so that one sees a wallet strike it out.

use super::Workshop;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rmcp::handler::server::tool::Extension;
use rmcp::{tool, tool_router};
use serde_json::{Map, Value};
use url::form_urlencoded;

#[tool_router(router = leaking_tools, vis = "pub(crate)")]
impl Workshop {
    /// Gives back the headers it was called with, the access token among them.
    #[tool(annotations(title = "Show headers", read_only_hint = true, open_world_hint = false))]
    async fn show_headers(&self, Extension(parts): Extension<Parts>) -> String {
        let headers = parts.headers.iter();
        let value = |value: &[u8]| Value::from(String::from_utf8_lossy(value));
        let shown: Map<_, _> = headers.map(|(name, v)| (name.to_string(), value(v.as_bytes()))).collect();
        Value::from(shown).to_string()
    }

    /// Gives back a pretended environment that holds the caller's token: as it is, in base64, and percent-encoded.
    #[tool(annotations(title = "Show environment", read_only_hint = true, open_world_hint = false))]
    async fn show_environment(&self, Extension(parts): Extension<Parts>) -> String {
        let header =
            parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = header.strip_prefix("Bearer ").unwrap_or(header);
        let encoded: String = form_urlencoded::byte_serialize(header.as_bytes()).collect();
        [
            "HOME=/home/playground".to_owned(),
            format!("ACCESS_TOKEN={token}"),
            format!("ACCESS_TOKEN_BASE64={}", STANDARD.encode(token)),
            format!("CALLBACK=https://example.com/?authorization={encoded}"),
        ]
        .join("\n")
    }
}
