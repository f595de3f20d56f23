//! The way to a server on this machine over plain HTTP: connections of the upstream's own, kept for its next exchanges. What
//! such a server is, most of a general client's work is not for: no names to look up, no TLS, no proxy, no second protocol.

use super::{AGENT, CONNECT, body};
use crate::upstream::UpstreamError;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use reqwest::{Body, Response, ResponseBuilderExt as _};
use std::sync::{Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::{Host, Url};

/// How many connections are kept.
const KEPT: usize = 64;

type Sender = SendRequest<Full<Bytes>>;

/// A server on this machine, and the connections to it.
#[derive(Debug)]
pub(super) struct Near {
    url: Url,
    address: String,
    host: HeaderValue,
    path: Uri,
    /// Those that are not in use, or are still being read from.
    open: Mutex<Vec<Sender>>,
}

impl Near {
    /// The server at `url`, if that is plain HTTP to an address of this machine.
    pub(super) fn of(url: &Url) -> Option<Self> {
        if url.scheme() != "http" || !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let is_near = match url.host()? {
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
            Host::Domain(name) => name == "localhost",
        };
        if !is_near {
            return None;
        }
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        Some(Self {
            address: format!("{}:{}", url.host_str()?, url.port_or_known_default()?),
            host: HeaderValue::try_from(host).ok()?,
            path: Uri::try_from(path).ok()?,
            url: url.clone(),
            open: Mutex::default(),
        })
    }

    /// Sends a request and waits for the head of its answer. Over a connection that has ended before anything was sent nothing
    /// has happened: then another one is taken.
    pub(super) async fn send(
        &self,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, UpstreamError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = self.path.clone();
        *request.headers_mut() = headers;
        request.headers_mut().insert(header::HOST, self.host.clone());
        request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(AGENT));
        loop {
            let (mut sender, kept) = match self.kept() {
                Some(sender) => (sender, true),
                None => (self.connect().await?, false),
            };
            match sender.try_send_request(request).await {
                Ok(response) => {
                    self.keep(sender);
                    let (parts, body) = response.into_parts();
                    let mut answer = http::Response::builder().status(parts.status).url(self.url.clone());
                    if let Some(headers) = answer.headers_mut() {
                        *headers = parts.headers;
                    }
                    return answer
                        .body(Body::wrap(body))
                        .map(Response::from)
                        .map_err(|e| body::broke_off(&e));
                }
                Err(mut failed) => match failed.take_message().filter(|_| kept) {
                    Some(unsent) => request = unsent,
                    None => return Err(body::broke_off(failed.error())),
                },
            }
        }
    }

    async fn connect(&self) -> Result<Sender, UpstreamError> {
        let unreachable = |what: &dyn ToString| UpstreamError::Unreachable { what: what.to_string() };
        let stream = timeout(CONNECT, TcpStream::connect(&self.address)).await;
        let stream = stream.map_err(|_| unreachable(&"it took too long"))?.map_err(|e| unreachable(&e))?;
        stream.set_nodelay(true).map_err(|e| unreachable(&e))?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|e| unreachable(&e))?;
        // It ends with its sender, and what went wrong is told there.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    /// A connection that can be used at once.
    fn kept(&self) -> Option<Sender> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|sender| !sender.is_closed());
        let ready = open.iter().rposition(Sender::is_ready)?;
        Some(open.swap_remove(ready))
    }

    fn keep(&self, sender: Sender) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() < KEPT {
            open.push(sender);
        }
    }
}
