//! The session's ways to its servers, and what servers say to the agent.

use super::{AT_ONCE, Session, lock};
use crate::link::{Fault, Link, redacted};
use crate::tools::Tools;
use domain::{Denial, ServerName, Target};
use http::HeaderMap;
use mcp::{Kind, Message, RawId};
use serde_json::{Value, json};
use std::sync::Arc;
use vault::Attachment;

impl Session {
    /// The agent's answer to a server's own question goes back to that server alone.
    pub(super) async fn answered(&self, message: Message) {
        let place = message.id().and_then(|id| lock(&self.asked).remove(id));
        let Some((link, id)) = place else { return };
        let Some(link) = link.upgrade() else { return };
        if let Err(error) = self.tell(&link, message.edit().id(id).finish()).await {
            tracing::debug!(%error, server = %link.server.name, "an answer did not reach its server");
        }
    }

    /// A server asks something (sampling, elicitation, roots): passed to the agent under an id of the wallet's.
    pub(crate) async fn question_from(&self, link: &Arc<Link>, message: Message) {
        let Kind::Request { id, method } = message.kind() else { return };
        if method.as_ref() == "ping" {
            let _ = self.tell(link, Message::response(id, &json!({}))).await;
            return;
        }
        let ours = RawId::text(&format!("{}:{}", link.server.name, crate::random::make_id()));
        {
            let mut asked = lock(&self.asked);
            if asked.len() >= AT_ONCE {
                asked.clear();
            }
            asked.insert(ours.clone(), (Arc::downgrade(link), id.clone()));
        }
        let message = message.edit().id(ours).finish();
        self.send(redacted(&message, &self.inner.vault.redactor())).await;
    }

    /// A server's notification, for the agent to hear.
    pub(crate) async fn pass_on(&self, link: &Link, message: Message) {
        tracing::trace!(server = %link.server.name, method = message.method(), "passed on");
        self.send(redacted(&message, &self.inner.vault.redactor())).await;
    }

    /// The link to a server, opened when it is first needed.
    pub(crate) async fn link(&self, server: &ServerName) -> Result<Arc<Link>, Fault> {
        let slot = lock(&self.links).entry(server.clone()).or_default().clone();
        let mut slot = slot.lock().await;
        if let Some(link) = slot.as_ref().filter(|link| !link.is_over()) {
            return Ok(link.clone());
        }
        let link = tokio::select! {
            link = crate::open::open(self, server, self.me.clone()) => link?,
            () = self.ended.cancelled() => return Err(mcp::upstream::UpstreamError::Closed.into()),
        };
        *slot = Some(link.clone());
        Ok(link)
    }

    /// What a server's tools are now.
    pub(crate) async fn tools(&self, link: &Link) -> Result<Arc<Tools>, Fault> {
        match link.known_tools() {
            Some(tools) => Ok(tools),
            None => link.tools(&self.housekeeping(&link.server.name).await?).await,
        }
    }

    /// Sends a server what wants no answer.
    pub(super) async fn tell(&self, link: &Link, message: Message) -> Result<(), Fault> {
        link.tell(message, self.housekeeping(&link.server.name).await?).await
    }

    /// Asks a server to stop working on a request. That must reach it also when the delegation has just ended: then it is the
    /// human who asks.
    pub(crate) async fn take_back(&self, link: &Link, id: Option<&RawId>) {
        let Some(id) = id else { return };
        let headers = match self.housekeeping(&link.server.name).await {
            Ok(headers) => headers,
            Err(_) => self.as_owner(&link.server.name),
        };
        link.cancel(id, headers).await;
    }

    fn as_owner(&self, server: &ServerName) -> HeaderMap {
        let permit = policy::for_owner(server, self.inner.clock.now());
        self.inner.attach(permit).map(|attachment| attachment.headers()).unwrap_or_default()
    }

    /// What protocol housekeeping with a server is sent with.
    pub(crate) async fn housekeeping(&self, server: &ServerName) -> Result<HeaderMap, Fault> {
        Ok(self.admitted(server).await?.headers())
    }

    /// Leave to talk to a server at all, and the credential for it.
    pub(crate) async fn admitted(&self, server: &ServerName) -> Result<Attachment, Fault> {
        let inner = &self.inner;
        let book = inner.books.read().ok_or(Denial::Locked)?;
        let agent = book.agent(&self.agent).map_err(|_| Denial::AgentRevoked)?;
        let delegations = book.delegations_of(&self.agent);
        let now = inner.clock.now();
        let permit = policy::admit(agent, book.about.paused, &delegations, server, now)?;
        inner.freshen(server).await?;
        inner.attach(permit)
    }

    /// Which server a resource is on: the one whose grant names it.
    pub(crate) fn server_of(&self, target: &Target) -> Option<ServerName> {
        let delegations = self.delegations();
        let grants = delegations.iter().flat_map(|delegation| &delegation.grants);
        grants.into_iter().find(|grant| grant.names(target)).map(|grant| grant.server.clone())
    }

    /// Sends a message to every server that is open.
    pub(super) async fn to_all(&self, message: &Message) -> Value {
        let slots: Vec<_> = lock(&self.links).values().cloned().collect();
        // A server that is only being opened has nothing to hear yet.
        let links: Vec<_> = slots.iter().filter_map(|slot| slot.try_lock().ok()?.clone()).collect();
        for link in links {
            if let Err(error) = self.tell(&link, message.clone()).await {
                tracing::debug!(%error, server = %link.server.name, "a message to all servers did not reach one");
            }
        }
        json!({})
    }
}
