//! One request's way through the door.

use super::answer::{self, Answer};
use super::legacy::{Asking, Sessions};
use super::visit::{self, single};
use super::{Credential, Guest, House, Unwelcome, Visitor, modern};
use crate::message::{MAX_MESSAGE, Message, ParseError};
use bytes::Bytes;
use domain::{Endpoint, Loopback, Origin};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The longest body of what is no MCP.
const PAGE: usize = 64 << 10;
/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where requests are taken in.
pub(super) struct Desk<H> {
    pub(super) house: Arc<H>,
    pub(super) origin: Origin,
    pub(super) sessions: Sessions,
}

/// A connection's number and its two ends.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    pub(super) connection: u64,
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
}

impl<H: House> Desk<H> {
    /// Answers one request.
    pub(super) async fn serve(&self, request: Request<Incoming>, ends: Ends) -> Answer {
        let host = match visit::check(self.origin, request.uri(), request.headers()) {
            Ok(host) => host,
            Err(status) => return answer::bare(status),
        };
        let Ends { connection, local, remote } = ends;
        let visitor = Visitor { connection, local, remote, host };
        let path = request.uri().path();
        if path != "/mcp" && !path.starts_with("/mcp/") {
            return self.page(request, &visitor).await;
        }
        let Some(endpoint) = Endpoint::at(path) else { return answer::bare(StatusCode::NOT_FOUND) };
        let served = [Method::POST, Method::GET, Method::DELETE].contains(request.method());
        if !served {
            return answer::bare(StatusCode::METHOD_NOT_ALLOWED);
        }
        match self.admit(&endpoint, &request, &visitor).await {
            Ok(guest) => self.mcp(guest.as_ref(), &endpoint, request).await,
            Err(refused) => refused,
        }
    }

    async fn page(&self, request: Request<Incoming>, visitor: &Visitor) -> Answer {
        let (head, body) = request.into_parts();
        match collect(body, PAGE).await {
            Ok(body) => answer::page(self.house.page(Request::from_parts(head, body), visitor).await),
            Err(status) => answer::bare(status),
        }
    }

    /// Lets the agent in by what it shows; in the header alone, for addresses are written down (RFC 6750 §2.3).
    async fn admit(
        &self,
        endpoint: &Endpoint,
        request: &Request<Incoming>,
        visitor: &Visitor,
    ) -> Result<Arc<dyn Guest>, Answer> {
        let refused = |shown| self.unauthorized(endpoint, visitor.host, shown);
        let headers = request.headers();
        let shown = single(headers, &header::AUTHORIZATION).map_err(answer::bare)?;
        let proof = single(headers, &HeaderName::from_static("dpop")).map_err(answer::bare)?;
        let Some((scheme, token)) = shown.and_then(|shown| shown.split_once(' ')) else {
            return Err(refused(shown.is_some()));
        };
        let uri = format!("{}{}", self.origin.under(visitor.host), request.uri());
        let method = request.method().as_str();
        let credential = Credential { scheme, token: token.trim_start(), proof, method, uri: &uri, visitor };
        self.house.admit(endpoint, credential).await.map_err(|unwelcome| match unwelcome {
            Unwelcome::Unauthorized => refused(true),
            Unwelcome::Locked => answer::bare(StatusCode::SERVICE_UNAVAILABLE),
        })
    }

    fn unauthorized(&self, endpoint: &Endpoint, host: Loopback, shown: bool) -> Answer {
        let mut answer = answer::bare(StatusCode::UNAUTHORIZED);
        if let Ok(challenge) = HeaderValue::try_from(self.house.challenge(endpoint, host, shown)) {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        answer
    }

    async fn mcp(&self, guest: &dyn Guest, endpoint: &Endpoint, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        let asking = Asking { guest, endpoint, headers: &head.headers };
        match head.method {
            Method::GET => {
                if !accepts(&head.headers, &["text/event-stream"]) {
                    return answer::bare(StatusCode::NOT_ACCEPTABLE);
                }
                self.sessions.get(&asking)
            }
            Method::DELETE => self.sessions.delete(&asking).await,
            _ => match read(&head.headers, body).await {
                Ok(message) if modern::is_modern(&message, &head.headers) => {
                    modern::post(guest, message, &head.headers).await
                }
                Ok(message) => self.sessions.post(&asking, message).await,
                Err(refused) => refused,
            },
        }
    }
}

/// Reads one message.
async fn read(headers: &http::HeaderMap, body: Incoming) -> Result<Message, Answer> {
    let kind = single(headers, &header::CONTENT_TYPE).map_err(answer::bare)?.unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(answer::bare(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    if !accepts(headers, &["application/json", "text/event-stream"]) {
        return Err(answer::bare(StatusCode::NOT_ACCEPTABLE));
    }
    let body = collect(body, MAX_MESSAGE).await.map_err(answer::bare)?;
    Message::parse(body.clone()).map_err(|error| {
        let no_json = matches!(error, ParseError::NotJson { .. } | ParseError::NotUtf8 { .. });
        let (id, code) = (Message::refused_id(&body), if no_json { -32700 } else { -32600 });
        answer::failure(StatusCode::BAD_REQUEST, id.as_ref(), code, &error.to_string(), None)
    })
}

/// Whether every one of these kinds would be taken (RFC 9110 §12.5.1, without weights: nobody refuses with `q=0` here).
fn accepts(headers: &http::HeaderMap, kinds: &[&str]) -> bool {
    let ranges = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<_> = ranges
        .flat_map(|value| value.split(','))
        .map(|range| range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
        .collect();
    kinds.iter().all(|kind| {
        let family = kind.split('/').next().unwrap_or_default();
        ranges.iter().any(|range| range == kind || range == "*/*" || *range == format!("{family}/*"))
    })
}

async fn collect(body: Incoming, limit: usize) -> Result<Bytes, StatusCode> {
    let whole = timeout(PATIENCE, Limited::new(body, limit).collect()).await;
    let whole = whole.map_err(|_| StatusCode::REQUEST_TIMEOUT)?;
    whole.map(http_body_util::Collected::to_bytes).map_err(|error| {
        let too_large = error.is::<http_body_util::LengthLimitError>();
        if too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST }
    })
}
