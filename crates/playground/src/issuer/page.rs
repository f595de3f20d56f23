//! The pages a human sees: plain, without scripts, and without anything from elsewhere.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_FRAME_OPTIONS};
use axum::response::{Html, IntoResponse, Response};
use url::Url;

const CONSENT: &str = include_str!("../pages/consent.html");
const STOP: &str = include_str!("../pages/stop.html");
const STYLE: &str = include_str!("../pages/style.css");

/// What the consent page says.
pub(super) struct Consent<'a> {
    /// The client's own name for itself.
    pub(super) client: &'a str,
    /// Where the answer goes.
    pub(super) redirect_uri: &'a str,
    /// Whether the login outlives the first access token.
    pub(super) stays: bool,
    /// Ties the click to the request.
    pub(super) ticket: &'a str,
}

/// Asks the human.
pub(super) fn consent(asked: &Consent<'_>) -> Response {
    let stays = if asked.stays { "until you log out or the playground stops" } else { "for a few minutes" };
    let back =
        Url::parse(asked.redirect_uri).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    let body = fill(
        CONSENT,
        &[("client", asked.client), ("back", &back), ("stays", stays), ("ticket", asked.ticket)],
    );
    page(StatusCode::OK, body, &back)
}

/// Says why nothing goes on.
pub(super) fn stop(why: &str) -> Response {
    page(StatusCode::BAD_REQUEST, fill(STOP, &[("why", why)]), "")
}

/// `form-action` names the client's origin too: browsers apply it to the redirect that follows the form.
fn page(status: StatusCode, body: String, client_origin: &str) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' {client_origin}; frame-ancestors 'none'; base-uri 'none'"
    );
    let headers = [
        (CONTENT_SECURITY_POLICY, policy),
        (X_FRAME_OPTIONS, "DENY".into()),
        (REFERRER_POLICY, "same-origin".into()),
        (CACHE_CONTROL, "no-store".into()),
    ];
    (status, headers, Html(body)).into_response()
}

fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let page = template.replace("{{style}}", STYLE);
    values.iter().fold(page, |page, (name, value)| page.replace(&format!("{{{{{name}}}}}"), &escape(value)))
}

/// Text for HTML. Braces too, so that one value can't hold the place of the next.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '<' | '>' | '"' | '\'' | '{' | '}' => escaped.push_str(&format!("&#{};", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}
