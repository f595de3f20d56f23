//! The token endpoint: codes and refresh tokens become tokens, and tokens are given back (RFC 6749, RFC 7009).
//!
//! The only file of this crate that sees secrets.

use crate::OAuthError;
use crate::metadata::{Authority, Discovered};
use crate::web::Line;
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::Timestamp;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use oauth2::basic::{
    BasicClient, BasicErrorResponse, BasicErrorResponseType, BasicTokenResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest,
    PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, TokenResponse, TokenUrl,
};
use std::borrow::Cow;
use url::{Url, form_urlencoded};
use vault::{ClientRegistration, Secret, TokenSet};

/// A client that knows where to authorize and where to get tokens.
pub(crate) type Client =
    BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Why there are no tokens.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The grant or the client is not known any more: only a new login helps.
    Gone,
    /// The server said something else, or nothing.
    Other(OAuthError),
}

/// Everything a request to the token endpoint needs to know about the account.
pub(crate) struct Account<'a> {
    pub(crate) line: Line,
    pub(crate) discovered: &'a Discovered,
    pub(crate) registration: &'a ClientRegistration,
    /// The server's canonical resource URI.
    pub(crate) resource: &'a str,
}

impl Account<'_> {
    /// Exchanges a code. `scope` is what was asked for: a server that grants just that need not repeat it (RFC 6749 §5.1).
    pub(crate) async fn exchange(
        &self,
        code: String,
        verifier: PkceCodeVerifier,
        redirect_uri: &RedirectUrl,
        scope: Option<String>,
        now: Timestamp,
    ) -> Result<TokenSet, Failed> {
        let response = client(&self.discovered.authority, self.registration)
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(verifier)
            .set_redirect_uri(Cow::Borrowed(redirect_uri))
            .add_extra_param("resource", &self.discovered.resource)
            .request_async(&self.line)
            .await;
        self.tokens(&response.map_err(|error| self.failed(error))?, None, scope, now)
    }

    /// Refreshes. A server that does not rotate keeps the old refresh token valid.
    pub(crate) async fn refresh(&self, old: &TokenSet, now: Timestamp) -> Result<TokenSet, Failed> {
        let token = RefreshToken::new(text(old.refresh.as_ref().ok_or(Failed::Gone)?));
        let response = client(&self.discovered.authority, self.registration)
            .exchange_refresh_token(&token)
            .add_extra_param("resource", &self.discovered.resource)
            .request_async(&self.line)
            .await;
        let response = response.map_err(|error| self.failed(error))?;
        self.tokens(&response, old.refresh.as_ref(), old.scope.clone(), now)
    }

    /// Gives tokens back; `Ok(false)` where nobody takes them.
    pub(crate) async fn revoke(&self, tokens: &TokenSet) -> Result<bool, OAuthError> {
        let Some(endpoint) = &self.discovered.authority.revocation_endpoint else { return Ok(false) };
        let refresh = tokens.refresh.as_ref().map(|token| (token, "refresh_token"));
        let mut outcome = Ok(true);
        for (token, hint) in refresh.into_iter().chain([(&tokens.access, "access_token")]) {
            // One that is not taken back is no reason to leave the other.
            outcome = self.revoke_one(endpoint, token, hint).await.and(outcome);
        }
        outcome
    }

    async fn revoke_one(&self, endpoint: &Url, token: &Secret, hint: &str) -> Result<bool, OAuthError> {
        let response = self.line.send(self.revocation(endpoint, token, hint)?).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(true);
        }
        Err(OAuthError::bad_answer(endpoint.as_str(), format!("revocation answered {}", status.as_u16())))
    }

    fn revocation(&self, endpoint: &Url, token: &Secret, hint: &str) -> Result<HttpRequest, OAuthError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", &text(token)).append_pair("token_type_hint", hint);
        let mut request = Request::post(endpoint.as_str());
        match &self.registration.client_secret {
            Some(secret) if !in_body(self.registration) => {
                request = request.header(AUTHORIZATION, basic(&self.registration.client_id, secret));
            }
            secret => {
                form.append_pair("client_id", &self.registration.client_id);
                form.extend_pairs(secret.iter().map(|secret| ("client_secret", text(secret))));
            }
        }
        request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish().into_bytes())
            .map_err(|_| OAuthError::bad_answer(endpoint.as_str(), "no usable address"))
    }

    fn tokens(
        &self,
        response: &BasicTokenResponse,
        old_refresh: Option<&Secret>,
        asked: Option<String>,
        now: Timestamp,
    ) -> Result<TokenSet, Failed> {
        let authority = &self.discovered.authority;
        if *response.token_type() != BasicTokenType::Bearer {
            return Err(Failed::Other(OAuthError::bad_answer(
                &authority.issuer,
                "tokens that are not Bearer",
            )));
        }
        let join = |scopes: &Vec<oauth2::Scope>| {
            scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
        };
        let refresh = response.refresh_token().map(|token| Secret::new(token.secret().clone()));
        Ok(TokenSet {
            resource: self.resource.into(),
            issuer: authority.issuer.clone(),
            access: Secret::new(response.access_token().secret().clone()),
            refresh: refresh.or_else(|| old_refresh.map(|token| Secret::new(text(token)))),
            expires: response.expires_in().map(|span| now.plus(span)),
            scope: response.scopes().map(join).or(asked),
            token_type: "Bearer".into(),
        })
    }

    fn failed(&self, error: RequestTokenError<OAuthError, BasicErrorResponse>) -> Failed {
        let issuer = &self.discovered.authority.issuer;
        match error {
            RequestTokenError::ServerResponse(said) => match said.error() {
                BasicErrorResponseType::InvalidGrant
                | BasicErrorResponseType::InvalidClient
                | BasicErrorResponseType::UnauthorizedClient => Failed::Gone,
                BasicErrorResponseType::InvalidRequest
                | BasicErrorResponseType::InvalidScope
                | BasicErrorResponseType::UnsupportedGrantType
                | BasicErrorResponseType::Extension(_) => Failed::Other(denied(issuer, &said)),
            },
            RequestTokenError::Request(error) => Failed::Other(error),
            // The body may hold tokens: nothing of it is repeated.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                Failed::Other(OAuthError::bad_answer(issuer, "no tokens and no OAuth error"))
            }
        }
    }
}

/// A client for the authorization request and for the token endpoint.
pub(crate) fn client(authority: &Authority, registration: &ClientRegistration) -> Client {
    let client = BasicClient::new(ClientId::new(registration.client_id.clone()))
        .set_auth_uri(AuthUrl::from_url(authority.authorization_endpoint.clone()))
        .set_token_uri(TokenUrl::from_url(authority.token_endpoint.clone()));
    let client =
        client.set_auth_type(if in_body(registration) { AuthType::RequestBody } else { AuthType::BasicAuth });
    match &registration.client_secret {
        Some(secret) => client.set_client_secret(ClientSecret::new(text(secret))),
        None => client,
    }
}

/// Whether the client shows its secret in the body of a request, as it was registered; else in its header.
fn in_body(registration: &ClientRegistration) -> bool {
    registration.auth_method.as_deref() == Some("client_secret_post")
}

/// RFC 6749, §2.3.1: both parts form-encoded first.
fn basic(client_id: &str, secret: &Secret) -> String {
    let encode = |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(client_id), encode(&text(secret)))))
}

fn denied(issuer: &str, said: &BasicErrorResponse) -> OAuthError {
    let description = said.error_description().map(String::as_str).unwrap_or_default();
    let said = crate::error::tidy(format!("{} {description}", said.error().as_ref()).trim());
    OAuthError::Denied { issuer: issuer.into(), said }
}

/// A secret as the text it is sent as.
#[expect(
    clippy::disallowed_methods,
    reason = "the server that gave it wants it back, in the body of a request"
)]
fn text(secret: &Secret) -> String {
    secret.expose_text().unwrap_or_default().to_owned()
}
