//! Agents come in over HTTP, on this machine alone (Streamable HTTP, both eras).
//!
//! ```text
//! connection ─► visit (target, Host, Origin) ─► a page of the authorization server
//!                                            └► a credential ─► modern: each request alone
//!                                                            └► legacy: sessions, streams that can be taken up again
//! ```
//! This room knows HTTP and the two eras' manners. Who is let in, and what a message does, is the [`House`]'s.

mod answer;
mod desk;
mod endpoint;
mod legacy;
mod modern;
mod stream;
mod visit;

pub use endpoint::{Doorway, DoorwayError};

use crate::era::Era;
use crate::flow::Speech;
use crate::message::Message;
use async_trait::async_trait;
use bytes::Bytes;
use domain::{Endpoint, Loopback};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Who is behind the door.
#[async_trait]
pub trait House: Send + Sync + 'static {
    /// Who shows this credential at this endpoint.
    ///
    /// # Errors
    /// [`Unwelcome`].
    async fn admit(
        &self,
        endpoint: &Endpoint,
        credential: Credential<'_>,
    ) -> Result<Arc<dyn Guest>, Unwelcome>;

    /// What is no MCP: documents, registration, consent, tokens.
    async fn page(&self, request: http::Request<Bytes>, visitor: &Visitor) -> http::Response<Bytes>;

    /// The challenge of a 401 at an endpoint (RFC 9728 §5.1). `shown` says whether a token was shown.
    fn challenge(&self, endpoint: &Endpoint, host: Loopback, shown: bool) -> String;
}

/// An agent that was let in, at one endpoint.
#[async_trait]
pub trait Guest: Send + Sync {
    /// Who it is: a session that one began is open to nobody else.
    fn key(&self) -> &str;

    /// Begins to talk: anew for each legacy session; modern requests share one.
    async fn talk(&self, era: Era) -> Arc<dyn Talk>;
}

/// What is said with one agent.
#[async_trait]
pub trait Talk: Send + Sync {
    /// Begins a request. What belongs to it comes out, its answer last; dropping the receiver withdraws it.
    async fn ask(&self, request: Message) -> mpsc::Receiver<Speech>;

    /// Takes in what wants no answer: a notification, or (legacy) an answer to a question of the server's.
    async fn tell(&self, message: Message);

    /// What comes from the servers and belongs to no request; given once.
    fn apart(&self) -> Option<mpsc::Receiver<Speech>>;

    /// Whether it was ended from inside: the agent is told that its session is unknown, and begins anew.
    fn is_over(&self) -> bool;

    /// The agent has left.
    async fn end(&self);
}

/// One connection's two ends, by which the process at the other end can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Which connection: counted from the first, and never used again, unlike the ports.
    pub connection: u64,
    /// Ours.
    pub local: SocketAddr,
    /// Theirs.
    pub remote: SocketAddr,
    /// How this machine was named in the request.
    pub host: Loopback,
}

/// What a request shows (RFC 6750 §2.1, RFC 9449 §7.1).
#[derive(Clone, Copy)]
pub struct Credential<'a> {
    /// `Bearer` or `DPoP`, in whatever case it came.
    pub scheme: &'a str,
    /// The access token.
    pub token: &'a str,
    /// The `DPoP` header.
    pub proof: Option<&'a str>,
    /// The request's method.
    pub method: &'a str,
    /// The request's address, with the host as the agent named it.
    pub uri: &'a str,
    /// The connection it came by.
    pub visitor: &'a Visitor,
}

/// Why an agent is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwelcome {
    /// The token is no good here: 401.
    Unauthorized,
    /// The wallet is locked: 503, for a human can change that.
    Locked,
}
