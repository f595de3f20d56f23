//! The place of one server in a session: its link, once it is open.

use super::{Session, lock};
use crate::link::{Fault, Link};
use domain::ServerName;
use mcp::upstream::UpstreamError;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The link to one server. Opening one holds up no other.
pub(super) struct Slot {
    link: Arc<tokio::sync::Mutex<Option<Arc<Link>>>>,
    /// The session has ended, or has left the server.
    left: CancellationToken,
}

impl Slot {
    fn new(session: &Session) -> Arc<Self> {
        Arc::new(Self { link: Arc::default(), left: session.ended.child_token() })
    }

    /// The link, unless it is only being opened.
    pub(super) fn link(&self) -> Option<Arc<Link>> {
        self.link.try_lock().ok()?.clone()
    }
}

impl Session {
    /// The link to a server, opened when it is first needed.
    pub(crate) async fn link(&self, server: &ServerName) -> Result<Arc<Link>, Fault> {
        let slot = lock(&self.links).entry(server.clone()).or_insert_with(|| Slot::new(self)).clone();
        let mut place = slot.link.clone().lock_owned().await;
        if let Some(link) = place.as_ref().filter(|link| !link.is_over()) {
            return Ok(link.clone());
        }
        let session = self.me.upgrade().ok_or(UpstreamError::Closed)?;
        let server = server.clone();
        // In a task of its own: a server that starts slowly is there for the next one who asks, whoever has given up by now.
        let opening = tokio::spawn(async move {
            let link = session.open(&server, &slot.left).await?;
            *place = Some(link.clone());
            Ok(link)
        });
        opening.await.unwrap_or_else(|_| Err(UpstreamError::Closed.into()))
    }

    async fn open(&self, server: &ServerName, left: &CancellationToken) -> Result<Arc<Link>, Fault> {
        let opened = left.run_until_cancelled(crate::open::open(self, server, self.me.clone())).await;
        let link = opened.ok_or(UpstreamError::Closed)??;
        self.tell_level(&link);
        Ok(link)
    }

    /// What `ask` gets of a server. One that has forgotten the session is asked again in a new one, once.
    pub(crate) async fn at<T, F>(
        &self,
        server: &ServerName,
        ask: impl Fn(Arc<Link>) -> F,
    ) -> Result<(Arc<Link>, T), Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let link = self.link(server).await?;
        match ask(link.clone()).await {
            Err(Fault::Upstream(UpstreamError::SessionLost)) => {
                let link = self.link(server).await?;
                let answer = ask(link.clone()).await?;
                Ok((link, answer))
            }
            answer => Ok((link, answer?)),
        }
    }

    /// Leaves a server that the human has removed, or that the agent may not use any more.
    pub(crate) fn leave(&self, server: &ServerName) {
        let slot = lock(&self.links).remove(server);
        if let (Some(slot), Some(session)) = (slot, self.me.upgrade()) {
            slot.left.cancel();
            self.inner.sessions.farewells.spawn(async move { session.shut(slot).await });
        }
    }

    /// Ends the way to a server. That must reach it also when the delegation has just ended.
    pub(super) async fn shut(&self, slot: Arc<Slot>) {
        let link = slot.link.lock().await.take();
        if let Some(link) = link {
            let headers = match self.housekeeping(&link.server.name).await {
                Ok(headers) => headers,
                Err(_) => self.as_owner(&link.server.name),
            };
            link.close(headers).await;
        }
    }

    /// Leaves the servers that the agent may not use any more.
    pub(crate) fn leave_ungranted(&self) {
        let servers: Vec<_> = lock(&self.links).keys().cloned().collect();
        servers.iter().filter(|server| self.may_use(server).is_err()).for_each(|server| self.leave(server));
    }
}
