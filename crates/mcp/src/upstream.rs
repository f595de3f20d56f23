//! The other edge: an MCP server the wallet talks to.

mod error;
pub mod http;
pub mod memory;
mod sse;
pub mod stdio;

pub use error::{Arrival, UpstreamError};

use crate::flow::{Flow, Reply};
use crate::message::{Message, RawId};
use ::http::HeaderMap;
use async_trait::async_trait;
use serde_json::json;
use tokio::sync::mpsc;

/// A message on its way to a server, with the credentials it is sent with.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The message, as it goes out.
    pub message: Message,
    /// Headers for HTTP (credential, call proof, `Mcp-Param-*`); mark secrets as sensitive. Other transports have none.
    pub headers: HeaderMap,
}

/// What comes from a server.
#[derive(Debug)]
pub enum Incoming {
    /// A message: an answer, a notification, or a request of the server's own.
    Message {
        /// What it says.
        message: Message,
        /// The request in whose exchange it came. Over HTTP alone can that be told, and not of every message.
        during: Option<RawId>,
    },
    /// An answer too large to hold: its beginning.
    Flow(Box<Flow>),
    /// The connection is over; nothing more comes, and what was not answered never will be.
    Closed(UpstreamError),
}

/// Where a server's messages go: a bounded queue, so that a server that talks too fast has to wait.
pub type Inbox = mpsc::Sender<Incoming>;

/// A server that can be talked to. Its messages arrive in the [`Inbox`] it was made with. Dropping it ends it.
#[async_trait]
pub trait Upstream: Send + Sync {
    /// Sends one message. For a request over HTTP this resolves when the exchange is over, with the answer; only an answer that
    /// came after other messages on the same stream follows them into the inbox, so that their order holds. Over stdio it
    /// resolves when the message is written, and every answer comes by the inbox. Dropping the future abandons the exchange.
    ///
    /// # Errors
    /// [`UpstreamError`]; then no answer comes.
    async fn send(&self, out: Outgoing) -> Result<Option<Reply>, UpstreamError>;

    /// Asks the server to stop working on a request, and gives up waiting for it. `headers` as in [`Outgoing`].
    async fn cancel(&self, id: &RawId, headers: HeaderMap);

    /// Receives what the server says of its own accord, where that needs a connection of its own (the GET stream of legacy
    /// Streamable HTTP). Resolves when there is nothing (more) to hear. `headers` as in [`Outgoing`].
    ///
    /// # Errors
    /// [`UpstreamError`] when the server refuses.
    async fn listen(&self, _headers: HeaderMap) -> Result<(), UpstreamError> {
        Ok(())
    }

    /// Ends the connection in good order. `headers` as in [`Outgoing`].
    async fn close(&self, headers: HeaderMap);
}

impl Outgoing {
    /// A message without headers.
    #[must_use]
    pub fn new(message: Message) -> Self {
        Self { message, headers: HeaderMap::new() }
    }

    /// The same with these headers.
    #[must_use]
    pub fn with_headers(self, headers: HeaderMap) -> Self {
        Self { headers, ..self }
    }
}

/// What a client says when it gives up on a request (MCP cancellation).
fn cancelled(id: &RawId) -> Message {
    Message::notification("notifications/cancelled", &json!({ "requestId": id.to_value() }))
}
