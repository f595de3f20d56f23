//! The authorization endpoint: a client's request becomes a page, a click becomes a code.

use super::page;
use super::refusal::Refusal;
use super::store::Request;
use super::{Desk, OFFLINE, SCOPE};
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Instant;
use url::Url;

/// The parameters of RFC 6749 §4.1.1, RFC 7636 §4.3 and RFC 8707 §2.
#[derive(Deserialize)]
pub(super) struct Asked {
    client_id: String,
    redirect_uri: String,
    response_type: Option<String>,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    scope: Option<String>,
    resource: Option<String>,
}

/// What the page's form sends back.
#[derive(Deserialize)]
pub(super) struct Answer {
    ticket: String,
    decision: String,
}

/// A client asks. Until its redirect is known to be its own, nothing is sent there.
pub(super) async fn ask(State(desk): State<Arc<Desk>>, Query(asked): Query<Asked>) -> Response {
    desk.store().counts.authorizations += 1;
    let Some(client) = name_of(&desk, &asked) else {
        return page::stop("This client or its return address is not registered here.");
    };
    let (redirect_uri, state) = (asked.redirect_uri.clone(), asked.state.clone());
    match admit(&desk, asked).and_then(|request| proceed(&desk, &client, request)) {
        Ok(response) => response,
        Err(refusal) => back(&desk, &redirect_uri, state.as_deref(), &error_of(&refusal)),
    }
}

/// The human answers.
pub(super) async fn answer(State(desk): State<Arc<Desk>>, Form(answer): Form<Answer>) -> Response {
    let now = Instant::now();
    let Some(request) = desk.store().take_ticket(&answer.ticket, now) else {
        return page::stop("This page was answered before, or waited too long.");
    };
    let (redirect_uri, state) = (request.redirect_uri.clone(), request.state.clone());
    let decided = match answer.decision.as_str() {
        "allow" => consent(&desk, request, now),
        _ => Err(Refusal::new("access_denied", "the human said no")),
    };
    decided.unwrap_or_else(|refusal| back(&desk, &redirect_uri, state.as_deref(), &error_of(&refusal)))
}

fn name_of(desk: &Desk, asked: &Asked) -> Option<String> {
    let store = desk.store();
    let client = store.client(&asked.client_id)?;
    client.has_redirect(&asked.redirect_uri).then(|| client.name.clone())
}

fn admit(desk: &Desk, asked: Asked) -> Result<Request, Refusal> {
    if asked.response_type.as_deref() != Some("code") {
        return Err(Refusal::new("unsupported_response_type", "only `code` is supported"));
    }
    let (Some(challenge), Some("S256")) = (asked.code_challenge, asked.code_challenge_method.as_deref())
    else {
        return Err(Refusal::request("PKCE with S256 is mandatory"));
    };
    if asked.resource.as_ref() != Some(&desk.resource) {
        return Err(Refusal::new("invalid_target", format!("`resource` must be {}", desk.resource)));
    }
    let scope = asked.scope.unwrap_or_else(|| SCOPE.into());
    if !scope.split(' ').all(|scope| scope == SCOPE || scope == OFFLINE) {
        return Err(Refusal::new("invalid_scope", format!("known scopes are `{SCOPE}` and `{OFFLINE}`")));
    }
    Ok(Request {
        client_id: asked.client_id,
        redirect_uri: asked.redirect_uri,
        state: asked.state,
        challenge,
        scope,
        resource: desk.resource.clone(),
    })
}

fn proceed(desk: &Desk, client: &str, request: Request) -> Result<Response, Refusal> {
    let now = Instant::now();
    if desk.auto_approve {
        return consent(desk, request, now);
    }
    let redirect_uri = request.redirect_uri.clone();
    let stays = request.scope.split(' ').any(|scope| scope == OFFLINE);
    let ticket = desk.store().wait(request, now)?;
    Ok(page::consent(&page::Consent { client, redirect_uri: &redirect_uri, stays, ticket: &ticket }))
}

fn consent(desk: &Desk, request: Request, now: Instant) -> Result<Response, Refusal> {
    let (redirect_uri, state) = (request.redirect_uri.clone(), request.state.clone());
    let code = desk.store().make_code(request, now)?;
    Ok(back(desk, &redirect_uri, state.as_deref(), &[("code", &code)]))
}

fn error_of(refusal: &Refusal) -> [(&'static str, &str); 2] {
    [("error", refusal.code), ("error_description", &refusal.description)]
}

/// Back to the client, with `iss` on good news and bad (RFC 9207 §2).
fn back(desk: &Desk, redirect_uri: &str, state: Option<&str>, answer: &[(&str, &str)]) -> Response {
    let Ok(mut url) = Url::parse(redirect_uri) else {
        return page::stop("The client's return address is not an address.");
    };
    url.query_pairs_mut()
        .extend_pairs(answer)
        .extend_pairs(state.map(|state| ("state", state)))
        .append_pair("iss", &desk.issuer);
    (StatusCode::SEE_OTHER, [(LOCATION, url.as_str()), (CACHE_CONTROL, "no-store")]).into_response()
}
