//! The session's ways to its servers, and what servers say to the agent.

use super::{Session, lock};
use crate::end::{REFUSED, Stop};
use crate::link::{Fault, Link};
use domain::{DelegationState, Denial, Endpoint, ServerName, Target};
use http::HeaderMap;
use mcp::{Message, RawId};
use policy::Permit;
use std::collections::BTreeSet;
use std::sync::Arc;
use vault::Attachment;

impl Session {
    /// A server's notification, for the agent to hear.
    pub(crate) async fn pass_on(&self, link: &Arc<Link>, message: Message, during: Option<&RawId>) {
        if !self.may_hear(link) {
            return;
        }
        let message = match message.method() {
            // What it names is a request of the server's own.
            Some("notifications/cancelled") => match self.taken_back(link, &message) {
                Some(message) => message,
                None => return,
            },
            _ => message,
        };
        tracing::trace!(server = %link.server.name, method = message.method(), "passed on");
        self.say_in_place(during, message).await;
    }

    /// Whether the agent may hear a server at all. A server that speaks to one who may not is left, when nothing that was
    /// allowed is under way there any more.
    pub(super) fn may_hear(&self, link: &Link) -> bool {
        let may = self.may_use(&link.server.name).is_ok();
        if !may && link.is_idle() {
            self.leave(&link.server.name);
        }
        may
    }

    /// Sends a server what wants no answer.
    pub(crate) async fn tell_server(&self, link: &Link, message: Message) -> Result<(), Fault> {
        link.tell(message, self.housekeeping(&link.server.name).await?).await
    }

    /// With the human's own leave: what ends something must reach a server also when the agent's has just ended.
    pub(super) fn as_owner(&self, server: &ServerName) -> HeaderMap {
        let permit = policy::for_owner(server, self.inner.clock.now());
        self.inner.attach(permit).map(|attachment| attachment.headers()).unwrap_or_default()
    }

    /// What protocol housekeeping with a server is sent with.
    pub(crate) async fn housekeeping(&self, server: &ServerName) -> Result<HeaderMap, Fault> {
        Ok(self.admitted(server).await?.headers())
    }

    /// Leave to talk to a server at all, and the credential for it.
    pub(crate) async fn admitted(&self, server: &ServerName) -> Result<Attachment, Fault> {
        drop(self.may_use(server)?);
        self.inner.freshen(server).await?;
        self.inner.attach(self.may_use(server)?)
    }

    /// Leave to talk to a server at all.
    pub(crate) fn may_use(&self, server: &ServerName) -> Result<Permit, Denial> {
        let book = self.inner.books.read().ok_or(Denial::Locked)?;
        let agent = book.agent(&self.agent).map_err(|_| Denial::AgentRevoked)?;
        let delegations = book.delegations_of(&self.agent);
        policy::admit(agent, book.about.paused, &delegations, server, self.inner.clock.now())
    }

    /// Which server a resource is on: the one whose grant names it and holds now. Two that do are one too many, for nobody
    /// could say which of them the human meant.
    pub(crate) fn server_of(&self, target: &Target) -> Result<ServerName, Stop> {
        if let Endpoint::One(server) = &self.scope {
            return Ok(server.clone());
        }
        let now = self.inner.clock.now();
        let (mut active, mut others) = (BTreeSet::new(), BTreeSet::new());
        for delegation in self.delegations() {
            let found =
                if delegation.state(now) == DelegationState::Active { &mut active } else { &mut others };
            found.extend(
                delegation.grants.into_iter().filter(|grant| grant.names(target)).map(|grant| grant.server),
            );
        }
        // One that holds no longer is the call's to refuse, which says why.
        let found = if active.is_empty() { others } else { active };
        let mut servers = found.iter();
        match (servers.next(), servers.next()) {
            (Some(server), None) => Ok(server.clone()),
            (None, _) => {
                let denial = Denial::NotGranted;
                Err(self.refuse_unplaced(target, denial.code(), Stop::Denied(denial.clone())))
            }
            (Some(_), Some(_)) => Err(self.refuse_unplaced(target, AMBIGUOUS, ambiguous(&found))),
        }
    }

    /// Sends a message to every server that is open.
    pub(super) fn to_all(&self, message: &Message) {
        // A server that is only being opened has nothing to hear yet.
        let links: Vec<_> = lock(&self.links).values().filter_map(|slot| slot.link()).collect();
        links.iter().for_each(|link| link.leave_errand(message.clone()));
    }
}

const AMBIGUOUS: &str = "ambiguous";

fn ambiguous(servers: &BTreeSet<ServerName>) -> Stop {
    let names: Vec<_> = servers.iter().map(ServerName::as_str).collect();
    Stop::Failed {
        code: REFUSED,
        sentence: format!(
            "Refused: this resource is granted on more than one server ({}). The human can narrow the grants in Countersign.",
            names.join(", ")
        ),
        reason: AMBIGUOUS,
    }
}
