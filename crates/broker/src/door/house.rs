//! What is served at which address, and who is let in.

use super::consent;
use super::pages::{self, Page};
use crate::inner::Inner;
use async_trait::async_trait;
use bytes::Bytes;
use domain::{Denial, Endpoint, Loopback, Origin};
use http::{Method, Request, StatusCode, header};
use issuer::{Scheme, documents};
use mcp::agents::{Credential, Guest, House, Unwelcome, Visitor};
use proof::receipt::{Body, Kind};
use std::sync::Arc;

/// The wallet behind its door.
pub(super) struct Wallet(pub(super) Arc<Inner>);

#[async_trait]
impl House for Wallet {
    async fn admit(&self, endpoint: &Endpoint, shown: Credential<'_>) -> Result<Arc<dyn Guest>, Unwelcome> {
        let inner = &self.0;
        let credential = read(&shown).ok_or(Unwelcome::Unauthorized)?;
        let who = inner.across(shown.visitor).await.ok_or(Unwelcome::Unauthorized)?;
        let now = inner.clock.now();
        let welcome = inner.with_issuer(|issuer| issuer.welcome(endpoint, credential, &who.program, now));
        let admitted = match welcome {
            Ok(Ok(admitted)) => admitted,
            Ok(Err(unwelcome)) => {
                if let issuer::Unwelcome::OtherProgram { agent } = &unwelcome {
                    inner.other_program(agent, &who, shown.visitor.connection);
                }
                tracing::info!(%unwelcome, "a token was refused");
                return Err(Unwelcome::Unauthorized);
            }
            Err(_) => return Err(Unwelcome::Locked),
        };
        inner.let_in(endpoint, admitted, &who)
    }

    async fn page(&self, request: Request<Bytes>, visitor: &Visitor) -> Page {
        let path = request.uri().path();
        let query = request.uri().query().unwrap_or_default();
        match (request.method(), path) {
            (&Method::GET, documents::SERVER | documents::OPENID) => self
                .origin()
                .map_or_else(missing, |origin| pages::document(&documents::authorization_server(origin))),
            (&Method::GET, path) if path.starts_with(documents::RESOURCE) => {
                self.resource(path, visitor.host)
            }
            (&Method::GET, documents::AUTHORIZE) => consent::authorize(&self.0, query).await,
            (&Method::GET, consent::WAIT) => consent::wait(&self.0, query),
            (&Method::POST, documents::REGISTER) => self.register(&request),
            (&Method::POST, documents::TOKEN) => self.token(&request, visitor).await,
            (&Method::POST, documents::REVOKE) => self.revoke(&request),
            (_, documents::AUTHORIZE | documents::REGISTER | documents::TOKEN | documents::REVOKE) => {
                pages::bare(StatusCode::METHOD_NOT_ALLOWED)
            }
            _ => missing(),
        }
    }

    fn challenge(&self, endpoint: &Endpoint, host: Loopback, shown: bool) -> String {
        let challenge = |origin| documents::challenge(origin, host, endpoint, shown);
        self.origin().map_or_else(|| "Bearer".into(), challenge)
    }
}

impl Wallet {
    fn origin(&self) -> Option<Origin> {
        self.0.door.origin.get().copied()
    }

    /// An endpoint's metadata; without an endpoint's path, that of the one for all servers. Of which servers there are it tells
    /// nothing: every name has one.
    fn resource(&self, path: &str, host: Loopback) -> Page {
        let endpoint = match path.strip_prefix(documents::RESOURCE) {
            Some("" | "/") => Some(Endpoint::All),
            Some(rest) => Endpoint::at(rest),
            None => None,
        };
        let described = self.origin().zip(endpoint);
        described.map_or_else(missing, |(origin, endpoint)| {
            pages::document(&documents::protected_resource(origin, host, &endpoint))
        })
    }

    fn register(&self, request: &Request<Bytes>) -> Page {
        let now = self.0.clock.now();
        match self.0.with_issuer(|issuer| issuer.register(request.body(), now)) {
            Ok(Ok(client)) => pages::created(&client),
            Ok(Err(refusal)) => pages::refused(&refusal),
            Err(_) => pages::unavailable(),
        }
    }

    /// Whoever asks for tokens is the program that the human said yes to.
    async fn token(&self, request: &Request<Bytes>, visitor: &Visitor) -> Page {
        let inner = &self.0;
        let Some(form) = form(request) else { return pages::bare(StatusCode::UNSUPPORTED_MEDIA_TYPE) };
        let proof = request.headers().get("dpop").and_then(|proof| proof.to_str().ok());
        let Some(who) = inner.across(visitor).await else { return pages::unseen() };
        let now = inner.clock.now();
        let answer = inner.with_issuer(|issuer| {
            let holder = issuer.holder(form).filter(|holder| holder.program != who.program).cloned();
            (holder, issuer.token(form, proof, visitor.host, &who.program, now))
        });
        let Ok((other, answer)) = answer else { return pages::unavailable() };
        if let Some(holder) = other {
            inner.other_program(&holder.agent, &who, visitor.connection);
        }
        // What was used twice has ended; so has what goes on with it.
        inner.end_unheld();
        answer.map_or_else(|refusal| pages::refused(&refusal), |tokens| pages::document(&tokens))
    }

    fn revoke(&self, request: &Request<Bytes>) -> Page {
        let Some(form) = form(request) else { return pages::bare(StatusCode::UNSUPPORTED_MEDIA_TYPE) };
        let revoked = self.0.with_issuer(|issuer| issuer.revoke(form));
        self.0.end_unheld();
        match revoked {
            Ok(Ok(())) => pages::bare(StatusCode::OK),
            Ok(Err(refusal)) => pages::refused(&refusal),
            Err(_) => pages::unavailable(),
        }
    }
}

fn missing() -> Page {
    pages::bare(StatusCode::NOT_FOUND)
}

/// The body, if it is a form (RFC 6749 §4.1.3).
fn form(request: &Request<Bytes>) -> Option<&str> {
    let kind = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    std::str::from_utf8(request.body()).ok().filter(|_| is_form)
}

fn read<'a>(shown: &Credential<'a>) -> Option<issuer::Credential<'a>> {
    let scheme = match shown.scheme {
        bearer if bearer.eq_ignore_ascii_case("bearer") => Scheme::Bearer,
        dpop if dpop.eq_ignore_ascii_case("dpop") => Scheme::Dpop,
        _ => return None,
    };
    let Credential { token, proof, method, uri, .. } = *shown;
    Some(issuer::Credential { scheme, token, proof, method, uri })
}

impl Inner {
    /// Somebody shows what another program was given. Recorded once for each connection.
    fn other_program(&self, agent: &domain::AgentName, who: &super::who::Who, connection: u64) {
        if !self.door.seen.refuse(connection) {
            return;
        }
        let program = who.program.path.display();
        tracing::warn!(%agent, pid = who.pid, %program, "what another program was given is shown by this one");
        let body = Body {
            agent: Some(agent.clone()),
            peer: Some(who.peer()),
            note: Some(Denial::AgentUnknown.code().to_owned()),
            ..self.body(Kind::AgentRefused)
        };
        if let Err(error) = self.write(body) {
            tracing::warn!(%error, "a refused token was not recorded");
        }
    }
}
