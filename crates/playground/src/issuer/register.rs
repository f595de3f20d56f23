//! Dynamic client registration (RFC 7591), for public clients with loopback or https redirects.

use super::Desk;
use super::refusal::Refusal;
use super::store::Client;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use url::{Host, Url};

/// What a client says of itself; members the playground has no use for are ignored.
#[derive(Deserialize)]
pub(super) struct Registration {
    #[serde(default)]
    client_name: Option<String>,
    redirect_uris: Vec<String>,
}

pub(super) async fn register(
    State(desk): State<Arc<Desk>>,
    body: Result<Json<Registration>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let Json(registration) =
        body.map_err(|error| Refusal::new("invalid_client_metadata", error.body_text()))?;
    if registration.redirect_uris.is_empty() || !registration.redirect_uris.iter().all(|uri| is_safe(uri)) {
        return Err(Refusal::new("invalid_redirect_uri", "each redirect must be https, or http on loopback"));
    }
    let name = registration.client_name.unwrap_or_else(|| "A client without a name".into());
    let client = Client { name, redirect_uris: registration.redirect_uris };
    let answer = json!({
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "client_id": desk.store().register(client)?,
    });
    Ok((StatusCode::CREATED, Json(answer)))
}

fn is_safe(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|uri| uri.scheme() == "https" || is_loopback(&uri))
}

/// Whether `uri` is http to this machine (RFC 8252 §7.3).
pub(super) fn is_loopback(uri: &Url) -> bool {
    let host_is_loopback = match uri.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    uri.scheme() == "http" && host_is_loopback
}
