//! The token and revocation endpoints: codes and refresh tokens for tokens, each used once.

use super::refusal::Refusal;
use super::store::{Consent, Store};
use super::{Desk, OFFLINE};
use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Instant;

/// RFC 6749 §4.1.3 and §6, RFC 7636 §4.5, RFC 8707 §2.2.
#[derive(Deserialize)]
pub(super) struct TokenRequest {
    grant_type: String,
    client_id: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    resource: Option<String>,
}

/// RFC 7009 §2.1.
#[derive(Deserialize)]
pub(super) struct Revocation {
    token: String,
}

pub(super) async fn token(
    State(desk): State<Arc<Desk>>,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(request) = form.map_err(|error| Refusal::request(error.body_text()))?;
    let now = Instant::now();
    match request.grant_type.as_str() {
        "authorization_code" => exchange(&desk, &request, now),
        "refresh_token" => refresh(&desk, &request, now),
        other => Err(Refusal::new("unsupported_grant_type", format!("no grant of type {other:?} here"))),
    }
}

pub(super) async fn revoke(
    State(desk): State<Arc<Desk>>,
    form: Result<Form<Revocation>, FormRejection>,
) -> Result<(), Refusal> {
    let Form(revocation) = form.map_err(|error| Refusal::request(error.body_text()))?;
    desk.store().revoke(&revocation.token);
    Ok(())
}

fn exchange(desk: &Desk, asked: &TokenRequest, now: Instant) -> Result<Response, Refusal> {
    let code = asked.code.as_deref().ok_or_else(|| Refusal::request("`code` is missing"))?;
    let mut store = desk.store();
    let request =
        store.code(code, now).ok_or_else(|| Refusal::grant("the code is unknown, used or too old"))?;
    if asked.client_id.as_ref() != Some(&request.client_id)
        || asked.redirect_uri.as_ref() != Some(&request.redirect_uri)
    {
        return Err(Refusal::grant("the code was given to another client or return address"));
    }
    if asked.code_verifier.as_deref().map(challenge_of).as_ref() != Some(&request.challenge) {
        return Err(Refusal::grant("the code verifier does not fit the challenge"));
    }
    for_this_resource(asked, &request.resource)?;
    let consent = Consent { client_id: request.client_id, scope: request.scope, resource: request.resource };
    let family = store.spend(code, consent.clone());
    issue(desk, &mut store, family, &consent, now)
}

fn refresh(desk: &Desk, asked: &TokenRequest, now: Instant) -> Result<Response, Refusal> {
    let mut store = desk.store();
    store.counts.refreshes += 1;
    let token =
        asked.refresh_token.as_deref().ok_or_else(|| Refusal::request("`refresh_token` is missing"))?;
    let consent =
        store.consent_of(token).ok_or_else(|| Refusal::grant("the refresh token is unknown or revoked"))?;
    if asked.client_id.as_ref() != Some(&consent.client_id) {
        return Err(Refusal::grant("the refresh token was given to another client"));
    }
    for_this_resource(asked, &consent.resource)?;
    let (family, consent) = store
        .rotate(token)
        .ok_or_else(|| Refusal::grant("the refresh token was used before; its family is revoked"))?;
    issue(desk, &mut store, family, &consent, now)
}

fn for_this_resource(asked: &TokenRequest, resource: &str) -> Result<(), Refusal> {
    if asked.resource.as_deref() == Some(resource) {
        return Ok(());
    }
    Err(Refusal::new("invalid_target", format!("`resource` must be {resource}")))
}

fn issue(
    desk: &Desk,
    store: &mut Store,
    family: u64,
    consent: &Consent,
    now: Instant,
) -> Result<Response, Refusal> {
    let mut answer = json!({
        "access_token": store.make_access(family, now + desk.access_token_lifetime)?,
        "token_type": "Bearer",
        "expires_in": desk.access_token_lifetime.as_secs(),
        "scope": consent.scope,
    });
    if consent.scope.split(' ').any(|scope| scope == OFFLINE) {
        answer["refresh_token"] = store.make_refresh(family)?.into();
    }
    Ok(([(CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}
