//! How the wallet becomes known to an authorization server (MCP authorization, "Client Registration"): entered by the
//! human, else by a client id metadata document, else by dynamic registration (RFC 7591), else not.

use crate::metadata::Authority;
use crate::web::Line;
use crate::{OAuthError, OAuthOptions};
use domain::{ServerName, Timestamp};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Request, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use vault::{ClientRegistration, Secret};

const NONE: &str = "none";
const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";

/// A client the human has registered at an authorization server.
#[derive(Debug)]
pub struct KnownClient {
    /// `client_id`.
    pub id: String,
    /// `client_secret`, for a confidential client.
    pub secret: Option<Secret>,
    /// The port in its redirect URI, `http://127.0.0.1:PORT/callback`; without, it may come back to any.
    pub redirect_port: Option<u16>,
}

/// What the server answers (RFC 7591 §3.2).
#[derive(Deserialize)]
struct Registered {
    client_id: String,
    client_secret: Option<String>,
    client_secret_expires_at: Option<i64>,
    token_endpoint_auth_method: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// Whether the human entered this registration, or it is a document: those come without redirects, and stay. What was
/// registered for one login is not used for the next: the server may have forgotten it, and would tell only the human.
pub(crate) fn stays(known: &ClientRegistration, now: Timestamp) -> bool {
    known.redirect_uris.is_empty() && known.secret_expires.is_none_or(|end| now < end)
}

/// Becomes known to `authority`.
pub(crate) async fn register(
    line: &Line,
    authority: &Authority,
    options: &OAuthOptions,
    redirect_uri: &str,
    server: &ServerName,
) -> Result<ClientRegistration, OAuthError> {
    if let Some(document) = options.client_document.as_ref().filter(|_| authority.reads_client_documents) {
        let id = document.as_str().to_owned();
        return Ok(entered(authority, KnownClient { id, secret: None, redirect_port: None }));
    }
    let Some(endpoint) = &authority.registration_endpoint else {
        return Err(OAuthError::ClientNeeded { issuer: authority.issuer.clone(), server: server.clone() });
    };
    let request = Request::post(endpoint.as_str())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json")
        .body(application(authority, options, redirect_uri).to_string().into_bytes());
    let request = request.map_err(|_| OAuthError::bad_answer(&authority.issuer, "no usable address"))?;
    let response = line.send(request).await?;
    match response.status() {
        StatusCode::CREATED | StatusCode::OK => read(authority, response.body(), redirect_uri),
        status => Err(refused(authority, status, response.body())),
    }
}

/// A client the human made known.
pub(crate) fn entered(authority: &Authority, client: KnownClient) -> ClientRegistration {
    let method = if client.secret.is_none() { NONE } else { best_method(authority, &[BASIC, POST]) };
    ClientRegistration {
        issuer: authority.issuer.clone(),
        client_id: client.id,
        client_secret: client.secret,
        secret_expires: None,
        auth_method: Some(method.into()),
        redirect_uris: vec![],
        redirect_port: client.redirect_port,
    }
}

fn application(authority: &Authority, options: &OAuthOptions, redirect_uri: &str) -> Value {
    json!({
        "client_name": options.client_name,
        "application_type": "native",
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": best_method(authority, &[NONE, BASIC, POST]),
    })
}

/// The first of `methods` that the server has, or the first.
fn best_method(authority: &Authority, methods: &[&'static str]) -> &'static str {
    let has = |method: &&&str| authority.auth_methods.iter().any(|supported| supported == **method);
    methods.iter().find(has).or(methods.first()).copied().unwrap_or(NONE)
}

fn read(authority: &Authority, body: &[u8], redirect_uri: &str) -> Result<ClientRegistration, OAuthError> {
    let registered: Registered = serde_json::from_slice(body)
        .map_err(|_| OAuthError::bad_answer(&authority.issuer, "a registration without a client id"))?;
    let end = registered.client_secret_expires_at.filter(|&end| end != 0);
    Ok(ClientRegistration {
        issuer: authority.issuer.clone(),
        client_id: registered.client_id,
        client_secret: registered.client_secret.map(Secret::new),
        secret_expires: end.map(Timestamp::from_seconds),
        auth_method: registered.token_endpoint_auth_method,
        redirect_uris: vec![redirect_uri.into()],
        redirect_port: None,
    })
}

fn refused(authority: &Authority, status: StatusCode, body: &[u8]) -> OAuthError {
    let said = serde_json::from_slice::<Refusal>(body).map_or_else(
        |_| format!("registration answered {}", status.as_u16()),
        |refusal| format!("{} {}", refusal.error, refusal.error_description),
    );
    OAuthError::Denied { issuer: authority.issuer.clone(), said: crate::error::tidy(said.trim()) }
}
