//! The servers' lists, as far as they can be had in time. A server that is late or dead is left out, and watched in the
//! background until it is back; then the agent hears that its lists changed.

use super::{Session, lock};
use crate::clean;
use crate::link::{Fault, Link};
use crate::listed::Listed;
use crate::listing::Watch;
use domain::{ServerName, TargetKind};
use mcp::lists::List;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// How long a list waits for a server that it has to ask.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a server that is tried again in the background may take.
const LONG_PATIENCE: Duration = Duration::from_secs(60);

/// Asks a server, and goes on when nobody waits any more.
type Asking = JoinHandle<Result<Arc<Listed>, Fault>>;

impl Session {
    /// What each server lists of which the agent may be shown something, in the order of their names.
    pub(crate) async fn gather(&self, list: List) -> Vec<(ServerName, Arc<Listed>)> {
        let asked = self.of_interest(list).into_iter().map(|server| self.in_time(server, list));
        futures_util::future::join_all(asked).await.into_iter().flatten().collect()
    }

    /// The servers that are asked for a list. One of which nothing could be shown is not even started.
    pub(crate) fn of_interest(&self, list: List) -> Vec<ServerName> {
        let Some(book) = self.inner.books.read().filter(|book| !book.about.paused) else { return vec![] };
        let Ok(agent) = book.agent(&self.agent) else { return vec![] };
        let delegations = book.of(&self.agent).map(|signed| &signed.delegation);
        let servers = policy::shown_of(agent, delegations, kind(list), self.inner.clock.now());
        servers.into_iter().filter(|server| self.reaches(server)).cloned().collect()
    }

    async fn in_time(&self, server: ServerName, list: List) -> Option<(ServerName, Arc<Listed>)> {
        let open = lock(&self.links).get(&server).and_then(|slot| slot.link()).filter(|link| !link.is_over());
        if let Some(listed) = open.as_ref().and_then(|link| link.fresh(list)) {
            return Some((server, listed));
        }
        if self.shown.absences.has(&server) {
            return None;
        }
        let (session, name) = (self.me.upgrade()?, server.clone());
        let mut asking = tokio::spawn(async move { session.list_of(&name, list).await });
        match timeout(PATIENCE, &mut asking).await {
            Ok(Ok(Ok(listed))) => return Some((server, listed)),
            Ok(Ok(Err(fault))) => self.left_out(&server, list, fault),
            Ok(Err(_)) => {}
            Err(_) => {
                // One that is only slow to say anew what it has said before is taken at its word.
                if let Some(listed) = open.and_then(|link| link.known(list)) {
                    return Some((server, listed));
                }
                tracing::info!(%server, "too slow for a list");
                self.watch_for(&server, list, Some(asking));
            }
        }
        None
    }

    /// A server that gave no list. What only the human can mend is not tried again behind their back.
    fn left_out(&self, server: &ServerName, list: List, fault: Fault) {
        let fault = self.inner.understood(server, fault);
        let error = clean::words(&self.inner.vault.redactor(), &fault);
        tracing::info!(%server, error, "left out of a list");
        if matches!(fault, Fault::Upstream(_) | Fault::Open(_)) {
            self.watch_for(server, list, None);
        }
    }

    /// Watches for a server that is not there, unless somebody does already.
    fn watch_for(&self, server: &ServerName, list: List, asking: Option<Asking>) {
        let Some(watch) = self.shown.absences.watch(server) else { return };
        let coming = come_back(self.me.clone(), server.clone(), list, watch, asking);
        tokio::spawn(self.ended.clone().run_until_cancelled_owned(coming));
    }

    /// One list of one server, for as long as it takes.
    async fn list_of(&self, server: &ServerName, list: List) -> Result<Arc<Listed>, Fault> {
        Ok(self.at(server, |link| self.listed_fresh(link, list)).await?.1)
    }

    async fn listed_fresh(&self, link: Arc<Link>, list: List) -> Result<Arc<Listed>, Fault> {
        link.listed(list, &self.housekeeping(&link.server.name).await?).await
    }

    /// The server's own name for what the agent calls by a shortened one: the one that is granted and would be listed so.
    pub(crate) fn granted_as(&self, kind: TargetKind, server: &ServerName, full: &str) -> Option<String> {
        let book = self.inner.books.read()?;
        let grants = book.of(&self.agent).filter_map(|signed| signed.delegation.grant(server));
        let names = grants.flat_map(|grant| match kind {
            TargetKind::Tool => grant.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(),
            TargetKind::Prompt => grant.prompts.iter().map(|prompt| prompt.name.as_str()).collect(),
            TargetKind::Resource => vec![],
        });
        mcp::lists::meant(server, full, names).map(ToOwned::to_owned)
    }

    /// A list as the server last gave it; asked for if it never did, or said since that it changed.
    pub(crate) async fn listed_at(&self, link: Arc<Link>, list: List) -> Result<Arc<Listed>, Fault> {
        match link.known(list) {
            Some(listed) => Ok(listed),
            None => self.listed_fresh(link, list).await,
        }
    }
}

/// Tries a server again and again, each time after a longer wait, until it is there, the human has changed something, or it is
/// given up.
async fn come_back(
    me: Weak<Session>,
    server: ServerName,
    list: List,
    mut watch: Watch,
    mut asking: Option<Asking>,
) {
    loop {
        let there = match asking.take() {
            Some(asking) => matches!(asking.await, Ok(Ok(_))),
            None => {
                let Some(wait) = watch.next() else { return };
                sleep(wait).await;
                let Some(session) = me.upgrade() else { return };
                if session.may_use(&server).is_err() {
                    return watch.back();
                }
                watch.holds()
                    && matches!(timeout(LONG_PATIENCE, session.list_of(&server, list)).await, Ok(Ok(_)))
            }
        };
        if there {
            watch.back();
            return me.upgrade().into_iter().for_each(|session| session.lists_changed());
        }
    }
}

/// What the items of a list are.
pub(crate) const fn kind(list: List) -> TargetKind {
    match list {
        List::Tools => TargetKind::Tool,
        List::Prompts => TargetKind::Prompt,
        List::Resources | List::ResourceTemplates => TargetKind::Resource,
    }
}
