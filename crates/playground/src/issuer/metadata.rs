//! The two documents that a client discovers: RFC 9728 for the MCP server, RFC 8414 for the authorization server.

use super::{Desk, OFFLINE, SCOPE};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use std::sync::Arc;

/// Well-known path of the protected resource `/mcp` (RFC 9728 §3.1).
pub(super) const RESOURCE_PATH: &str = "/.well-known/oauth-protected-resource/mcp";
/// Well-known path of an issuer without a path (RFC 8414 §3.1).
pub(super) const ISSUER_PATH: &str = "/.well-known/oauth-authorization-server";

pub(super) async fn resource(State(desk): State<Arc<Desk>>) -> Json<Value> {
    Json(json!({
        "resource": desk.resource,
        "authorization_servers": [desk.issuer],
        "scopes_supported": [SCOPE],
        "bearer_methods_supported": ["header"],
        "resource_name": "Countersign playground",
    }))
}

pub(super) async fn issuer(State(desk): State<Arc<Desk>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", desk.issuer);
    Json(json!({
        "issuer": desk.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "registration_endpoint": at("/register"),
        "revocation_endpoint": at("/revoke"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": [SCOPE, OFFLINE],
        "authorization_response_iss_parameter_supported": true,
    }))
}
