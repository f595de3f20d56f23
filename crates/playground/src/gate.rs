//! Who gets in: requests that mean this host, and on the MCP endpoint only with a token that was issued for it.

use crate::issuer::Desk;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;

/// Refuses a foreign `Host` or `Origin`, so that no web page can reach the playground by rebinding a name to loopback.
pub(crate) async fn own_host_only(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host_is_ours = sole(headers, &HOST).is_some_and(|host| desk.is_own_host(host));
    let origin_is_ours = !headers.contains_key(ORIGIN)
        || sole(headers, &ORIGIN).is_some_and(|origin| desk.is_own_origin(origin));
    if host_is_ours && origin_is_ours {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "the playground answers only to its own loopback address\n").into_response()
    }
}

/// Lets a request through with a live access token; answers 401 with the challenge of RFC 9728 §5.1 otherwise.
pub(crate) async fn token_required(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let token = sole(request.headers(), &AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    match token {
        Some(token) if desk.admits(token, Instant::now()) => next.run(request).await,
        Some(_) => {
            refuse(&desk, r#", error="invalid_token", error_description="unknown, expired or revoked""#)
        }
        None => refuse(&desk, ""),
    }
}

fn refuse(desk: &Desk, why: &str) -> Response {
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, format!("{}{why}", desk.challenge()))]).into_response()
}

/// The header's value if it is there exactly once and is text.
fn sole<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}
