//! A server behind Streamable HTTP, in both eras.
//!
//! One POST a message. Answers come as JSON or as an event stream; the session's id and the protocol version are kept and
//! sent along. Redirects are not followed, cookies not kept, and every body and every wait is bounded.

mod body;
mod exchange;
mod flights;
mod headers;
mod marks;
mod near;

pub use marks::{MARK, marks_are_sound, param_headers};

use super::{Inbox, Outgoing, Upstream, UpstreamError, cancelled};
use crate::flow::Reply;
use crate::message::{Kind, MAX_MESSAGE, RawId};
use async_trait::async_trait;
use bytes::Bytes;
use exchange::Exchange;
use flights::Flights;
use http::{HeaderMap, HeaderValue, Method};
use near::Near;
pub use reqwest::Client;
use reqwest::redirect::Policy;
use reqwest::{NoProxy, Proxy, Request, Response};
use std::env;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

const CONNECT: Duration = Duration::from_secs(10);
/// How the wallet calls itself.
const AGENT: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"));
/// How long ending a session may take.
const GOODBYE: Duration = Duration::from_secs(2);
/// Bounds on a server's answers.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// The longest silence while an answer is awaited.
    pub silence: Duration,
    /// The largest message taken.
    pub message: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { silence: Duration::from_secs(300), message: MAX_MESSAGE }
    }
}

/// A server's endpoint, and the session with it.
#[derive(Debug)]
pub struct HttpUpstream {
    client: Client,
    /// Its own connections, where it is on this machine.
    near: Option<Near>,
    url: Url,
    limits: HttpLimits,
    inbox: Inbox,
    session: RwLock<Session>,
    flights: Flights,
}

/// What a legacy server said when it was initialised; empty before that, and with modern servers.
#[derive(Clone, Debug, Default)]
struct Session {
    id: Option<HeaderValue>,
    version: Option<HeaderValue>,
}

/// The connections all HTTP servers share. Make one a process. A proxy named in the environment is used for https alone:
/// plain http is for servers on this machine, and their credentials stay on it.
///
/// # Errors
/// When the system's TLS certificates can't be read, or the proxy's address.
pub fn client() -> Result<Client, reqwest::Error> {
    let client = Client::builder()
        .user_agent(AGENT)
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .no_proxy();
    let proxy = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].into_iter();
    match proxy.filter_map(|name| env::var(name).ok()).find(|url| !url.is_empty()) {
        Some(url) => client.proxy(Proxy::https(url)?.no_proxy(NoProxy::from_env())).build(),
        None => client.build(),
    }
}

impl HttpUpstream {
    /// A server at `url`. Nothing is sent yet.
    #[must_use]
    pub fn new(client: Client, url: Url, limits: HttpLimits, inbox: Inbox) -> Self {
        let near = Near::of(&url);
        Self { client, near, url, limits, inbox, session: RwLock::default(), flights: Flights::default() }
    }

    fn session(&self) -> Session {
        self.session.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change_session(&self, change: impl FnOnce(&mut Session)) {
        change(&mut self.session.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Sends a request and waits for the head of its answer.
    async fn ask(&self, method: Method, headers: HeaderMap, body: Bytes) -> Result<Response, UpstreamError> {
        let answer = timeout(self.limits.silence, self.exchange(method, headers, body)).await;
        answer.map_err(|_| UpstreamError::Silent(self.limits.silence))?
    }

    async fn exchange(
        &self,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, UpstreamError> {
        if let Some(near) = &self.near {
            return near.send(method, headers, body).await;
        }
        let mut request = Request::new(method, self.url.clone());
        *request.headers_mut() = headers;
        if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        self.client.execute(request).await.map_err(body::broke)
    }
}

#[async_trait]
impl Upstream for HttpUpstream {
    async fn send(&self, out: Outgoing) -> Result<Option<Reply>, UpstreamError> {
        let Kind::Request { id, .. } = out.message.kind() else {
            return Exchange::run(self, &out).await;
        };
        let mut flight = self.flights.begin(id);
        tokio::select! {
            biased;
            result = Exchange::run(self, &out) => result,
            () = flight.cancelled() => Err(UpstreamError::Cancelled),
        }
    }

    /// Closes the request's stream. To a modern server that says it; a legacy server is told in words, also when whoever sent
    /// the request has given up waiting already.
    async fn cancel(&self, id: &RawId, headers: HeaderMap) {
        self.flights.cancel(id);
        if self.session().version.is_some() {
            // A server that can't be told any more has nothing left to cancel.
            let _ = self.send(Outgoing { message: cancelled(id), headers }).await;
        }
    }

    /// Keeps the legacy GET stream open until the server has no more to say. A server without one (405) has nothing to say.
    async fn listen(&self, headers: HeaderMap) -> Result<(), UpstreamError> {
        Exchange::listen(self, &headers).await
    }

    async fn close(&self, headers: HeaderMap) {
        self.flights.cancel_all();
        let session = self.session();
        self.change_session(|session| *session = Session::default());
        if session.id.is_some() {
            let mut all = headers::for_session(&session);
            all.extend(headers);
            // A session that can't be ended now ends by itself, in the server's time.
            let _ = timeout(GOODBYE, self.exchange(Method::DELETE, all, Bytes::new())).await;
        }
    }
}
