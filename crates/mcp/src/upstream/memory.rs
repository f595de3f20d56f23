//! A server in memory: what the wallet sends is read, and what the server says is written, by a test or a demonstration.

use super::{Inbox, Incoming, Outgoing, Upstream, UpstreamError, cancelled};
use crate::flow::Reply;
use crate::message::{Message, RawId};
use async_trait::async_trait;
use http::HeaderMap;
use tokio::sync::mpsc;

/// The wallet's end.
#[derive(Debug)]
pub struct MemoryUpstream {
    to_server: mpsc::Sender<Outgoing>,
}

/// The server's end.
#[derive(Debug)]
pub struct MemoryServer {
    from_wallet: mpsc::Receiver<Outgoing>,
    to_wallet: Inbox,
}

/// Two ends that talk to each other; what the server says goes to `inbox`.
#[must_use]
pub fn pair(inbox: Inbox) -> (MemoryUpstream, MemoryServer) {
    let (to_server, from_wallet) = mpsc::channel(64);
    (MemoryUpstream { to_server }, MemoryServer { from_wallet, to_wallet: inbox })
}

impl MemoryServer {
    /// What the wallet sent next; `None` when it has gone.
    pub async fn next(&mut self) -> Option<Outgoing> {
        self.from_wallet.recv().await
    }

    /// Says something. Whether the wallet still listens makes no difference to a server.
    pub async fn say(&self, message: Message) {
        let _ = self.to_wallet.send(Incoming::Message { message, during: None }).await;
    }
}

#[async_trait]
impl Upstream for MemoryUpstream {
    async fn send(&self, out: Outgoing) -> Result<Option<Reply>, UpstreamError> {
        self.to_server.send(out).await.map_err(|_| UpstreamError::Closed)?;
        Ok(None)
    }

    async fn cancel(&self, id: &RawId, headers: HeaderMap) {
        let _ = self.send(Outgoing { message: cancelled(id), headers }).await;
    }

    async fn close(&self, _: HeaderMap) {}
}
