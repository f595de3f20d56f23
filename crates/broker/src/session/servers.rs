//! The session's ways to its servers, and what servers say to the agent.

use super::{Session, lock};
use crate::clean;
use crate::end::{REFUSED, Stop};
use crate::link::{Fault, Link};
use domain::{DelegationState, Denial, Endpoint, ServerName, Target};
use http::HeaderMap;
use mcp::era::Era;
use mcp::translate::logging::Level;
use mcp::translate::{subscriptions, tasks};
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
        let method = message.method().unwrap_or_default();
        let message = match method {
            // What it names is a request of the server's own.
            "notifications/cancelled" => match self.taken_back(link, &message) {
                Some(message) => message,
                None => return,
            },
            "notifications/resources/updated" => {
                let uri = message.member_text(&["uri"]).unwrap_or_default();
                if !self.may_hear_of(&link.server.name, &uri) {
                    return;
                }
                message
            }
            "notifications/tasks" | "notifications/tasks/status" => {
                if !tasks::named(&message).is_some_and(|task| self.has_task(&task)) {
                    return;
                }
                message
            }
            _ => message,
        };
        if self.is_modern() {
            return self.pass_on_to_modern(link, message, during).await;
        }
        tracing::trace!(server = %link.server.name, method = message.method(), "passed on");
        self.say_in_place(during, message).await;
    }

    /// The same for a modern agent, which hears of changes by subscription, and of a server's work by the request it is for.
    async fn pass_on_to_modern(&self, link: &Link, message: Message, during: Option<&RawId>) {
        match message.method().unwrap_or_default() {
            method if subscriptions::is_change(method) => self.tell_subscribers(&message).await,
            "notifications/message" => {
                let remark = Level::of_remark(&message);
                let voice = self.under_way.hears_remark(during, &link.server.name, remark);
                if let Some(voice) = voice {
                    self.say(&voice, message).await;
                }
            }
            // Words of the era that its requests are not of.
            "notifications/elicitation/complete" | "notifications/tasks/status" => {}
            _ => self.say_in_place(during, message).await,
        }
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

    /// Tells every legacy server that is open. Modern ones hear nothing but requests.
    pub(super) fn to_all(&self, message: &Message) {
        let links = self.open_links().into_iter().filter(|link| link.era() == Era::Legacy);
        links.for_each(|link| link.leave_errand(message.clone()));
    }

    /// Sets how much servers are to say of their work: those that are open, and each that is opened.
    pub(super) fn set_level(&self, level: Level) {
        *lock(&self.level) = Some(level);
        self.open_links().iter().for_each(|link| self.tell_level(link));
    }

    /// Tells a server how much it is to say of its work, if the agent has said so.
    pub(super) fn tell_level(&self, link: &Link) {
        let level = *lock(&self.level);
        if let Some(message) = level.and_then(|level| link.at_level(level, false)) {
            link.leave_errand(message);
        }
    }

    /// The servers that are open. One that is only being opened has nothing to hear yet.
    fn open_links(&self) -> Vec<Arc<Link>> {
        lock(&self.links).values().filter_map(|slot| slot.link()).collect()
    }

    /// Has a legacy server say as much of its work as a modern agent's request wants to hear.
    pub(crate) async fn ask_for_remarks(&self, link: &Link, request: &Message) {
        let level = Level::asked_by(request).ok().flatten().filter(|_| self.is_modern());
        let told = level.filter(|_| link.era() == Era::Legacy).and_then(|level| link.at_level(level, true));
        if let Some(message) = told
            && let Err(error) = self.tell_server(link, message).await
        {
            let error = clean::words(&self.inner.vault.redactor(), &error);
            tracing::debug!(server = %link.server.name, error, "a server was not told how much to say");
        }
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
