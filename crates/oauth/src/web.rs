//! Bounded HTTP: every answer has a size limit and a time limit, every address is looked at before it is connected to.

use crate::OAuthError;
use crate::place::{self, Depth, Refused};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use http::{Request, Response, StatusCode};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use serde::de::DeserializeOwned;
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use url::Url;

/// How many redirects a metadata document may be away.
const HOPS: usize = 3;

/// How long and how much a stranger may answer.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// For a connection to stand.
    pub connect: Duration,
    /// For a whole answer, from the first byte sent to the last received.
    pub total: Duration,
    /// Bytes of an answer's body.
    pub body: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(30), body: 256 * 1024 }
    }
}

/// The wallet's own door to the web. Clones share their connections.
#[derive(Clone, Debug)]
pub(crate) struct Web {
    limits: HttpLimits,
    /// One for each depth, made when first used: reading the system's certificates takes its time.
    clients: Arc<[OnceLock<Client>; 3]>,
}

/// A line out through it, on behalf of a server that lies this far inside.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    web: Web,
    pub(crate) server: Depth,
}

impl Web {
    pub(crate) fn new(limits: HttpLimits) -> Self {
        Self { limits, clients: Arc::default() }
    }

    /// A line that leads to the internet and nowhere further in.
    pub(crate) fn outwards(&self) -> Line {
        Line { web: self.clone(), server: Depth::Public }
    }

    /// A line for the server with this resource URI. A name counts as private when all it resolves to is, so that servers
    /// inside a company work; never as this machine, since what a name resolves to is its owner's choice.
    pub(crate) async fn line_for(&self, resource: &str) -> Line {
        let server = match Url::parse(resource) {
            Ok(url) if Depth::of_server(&url) == Depth::Public => resolved_depth(&url).await,
            Ok(url) => Depth::of_server(&url),
            Err(_) => Depth::Public,
        };
        Line { web: self.clone(), server }
    }
}

async fn resolved_depth(url: &Url) -> Depth {
    let host = url.host_str().unwrap_or_default();
    let found = tokio::net::lookup_host((host, 0)).await.into_iter().flatten();
    let outermost = found.filter_map(|address| Depth::of(address.ip())).min();
    outermost.unwrap_or(Depth::Public).min(Depth::Private)
}

impl Line {
    /// Fetches a JSON document that may not be there; `None` for any 4xx, and for a page where a document should be.
    pub(crate) async fn document<T: DeserializeOwned>(&self, url: &Url) -> Result<Option<T>, OAuthError> {
        let (host, response) = self.follow(url).await?;
        let status = response.status();
        if status.is_client_error() || (status == StatusCode::OK && !is_json(&response)) {
            return Ok(None);
        }
        if status != StatusCode::OK {
            return Err(OAuthError::bad_answer(host, format!("status {}", status.as_u16())));
        }
        let document = serde_json::from_slice(response.body());
        document.map(Some).map_err(|error| OAuthError::bad_answer(host, error.to_string()))
    }

    /// Fetches a JSON document that must be at exactly this address.
    pub(crate) async fn as_it_is(&self, url: &Url) -> Result<Vec<u8>, OAuthError> {
        let request = Request::get(url.as_str()).header(ACCEPT, "application/json").body(Vec::new());
        let request = request.map_err(|_| OAuthError::refused(url.as_str(), Refused::Malformed))?;
        let response = self.send(request).await?;
        if response.status() == StatusCode::OK && is_json(&response) {
            return Ok(response.into_body());
        }
        Err(OAuthError::bad_answer(
            host_of(url),
            format!("no document, status {}", response.status().as_u16()),
        ))
    }

    /// Sends one request, which is not redirected: what it carries is for this address alone.
    pub(crate) async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, OAuthError> {
        let url = request.uri().to_string();
        let url = place::parse(&url, self.server).map_err(|reason| OAuthError::refused(&url, reason))?;
        let host = host_of(&url);
        let request = reqwest::Request::try_from(request).map_err(|error| unreachable(&host, &error))?;
        let client = self.client(&url).map_err(|error| unreachable(&host, &error))?;
        let response = client.execute(request).await;
        let response = response.map_err(|error| not_connected(&url, &host, &error))?;
        self.read(&host, response).await
    }

    async fn follow(&self, url: &Url) -> Result<(String, Response<Vec<u8>>), OAuthError> {
        let mut url = url.clone();
        for _ in 0..=HOPS {
            let request = Request::get(url.as_str()).header(ACCEPT, "application/json").body(Vec::new());
            let request = request.map_err(|_| OAuthError::refused(url.as_str(), Refused::Malformed))?;
            let response = self.send(request).await?;
            if !response.status().is_redirection() {
                return Ok((host_of(&url), response));
            }
            url = next(&url, &response)?;
        }
        Err(OAuthError::bad_answer(host_of(&url), "too many redirects"))
    }

    async fn read(&self, host: &str, response: reqwest::Response) -> Result<Response<Vec<u8>>, OAuthError> {
        let mut whole = Response::new(Vec::new());
        *whole.status_mut() = response.status();
        *whole.headers_mut() = response.headers().clone();
        let mut response = response;
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(host, &error))? {
            if whole.body().len() + chunk.len() > self.web.limits.body {
                return Err(OAuthError::bad_answer(
                    host,
                    format!("more than {} bytes", self.web.limits.body),
                ));
            }
            whole.body_mut().extend_from_slice(&chunk);
        }
        Ok(whole)
    }

    /// Nothing on this machine is asked through a proxy, and nothing else is resolved to this machine.
    fn client(&self, url: &Url) -> Result<&Client, reqwest::Error> {
        let depth = match Depth::of_server(url) {
            Depth::Loopback => Depth::Loopback,
            Depth::Public | Depth::Private => self.server.min(Depth::Private),
        };
        let place = &self.web.clients[depth as usize];
        match place.get() {
            Some(client) => Ok(client),
            None => {
                let made = client(&self.web.limits, depth)?;
                Ok(place.get_or_init(|| made))
            }
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Line {
    type Error = OAuthError;
    type Future = BoxFuture<'c, Result<HttpResponse, OAuthError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        self.send(request).boxed()
    }
}

/// Resolves names as the system does, and drops what may not be connected to.
struct Guarded(Depth);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let server = self.0;
        Box::pin(async move {
            let mut refused = None;
            let mut admitted = Vec::new();
            for address in tokio::net::lookup_host((name.as_str(), 0)).await? {
                match place::admit_ip(address.ip(), server) {
                    Ok(()) => admitted.push(address),
                    Err(reason) => refused = Some(reason),
                }
            }
            match refused {
                Some(reason) if admitted.is_empty() => Err(reason.into()),
                _ => Ok(Box::new(admitted.into_iter()) as Addrs),
            }
        })
    }
}

fn client(limits: &HttpLimits, depth: Depth) -> Result<Client, reqwest::Error> {
    let client = Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(limits.connect)
        .timeout(limits.total)
        .dns_resolver(Arc::new(Guarded(depth)))
        .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")));
    match depth {
        Depth::Loopback => client.no_proxy().build(),
        Depth::Public | Depth::Private => client.build(),
    }
}

fn next(url: &Url, response: &Response<Vec<u8>>) -> Result<Url, OAuthError> {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    url.join(location).map_err(|_| OAuthError::bad_answer(host_of(url), "a redirect to nowhere"))
}

fn is_json(response: &Response<Vec<u8>>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn host_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// A refused name is told apart from a failed connection.
fn not_connected(url: &Url, host: &str, error: &reqwest::Error) -> OAuthError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return OAuthError::refused(url.as_str(), *refused);
        }
        cause = error.source();
    }
    unreachable(host, error)
}

fn unreachable(host: &str, error: &reqwest::Error) -> OAuthError {
    OAuthError::Unreachable { host: host.into(), reason: reason(error) }
}

/// The innermost cause: the outer ones repeat the address, and an address may carry what is not for a log.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it took too long".into();
    }
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    crate::error::tidy(&cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    #[tokio::test]
    async fn threat_17_a_name_that_resolves_inwards_is_refused_and_an_inner_server_may_use_it() {
        let name = || Name::from_str("localhost").unwrap();
        let refused = Guarded(Depth::Public).resolve(name()).await.err().unwrap();
        assert_eq!(refused.downcast_ref(), Some(&Refused::Inside));
        assert!(Guarded(Depth::Private).resolve(name()).await.is_err());
        assert!(Guarded(Depth::Loopback).resolve(name()).await.is_ok());
    }

    #[tokio::test]
    async fn threat_17_a_client_s_document_is_looked_for_outside_alone() {
        let line = Web::new(HttpLimits::default()).outwards();
        for inside in
            ["https://10.0.0.1/client.json", "https://[::1]/client.json", "http://client.example/me"]
        {
            let error = line.as_it_is(&Url::parse(inside).unwrap()).await.unwrap_err();
            assert!(matches!(error, OAuthError::Refused { .. }), "{inside}: {error}");
        }
    }

    #[tokio::test]
    async fn threat_17_the_refusal_of_a_name_is_told_as_such() {
        let client = client(&HttpLimits::default(), Depth::Public).unwrap();
        let url = Url::parse("http://localhost:1/").unwrap();
        let error = client.get(url.clone()).send().await.unwrap_err();
        let error = not_connected(&url, "localhost", &error);
        assert!(matches!(error, OAuthError::Refused { reason: Refused::Inside, .. }), "{error}");
    }
}
