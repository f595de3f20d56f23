//! What a modern server tells of changes: by a subscription that is kept open as long as the way to it is, and begun anew when
//! something else is to be heard (`subscriptions/listen`).

use super::{Fault, GOOD_FOR, Link};
use crate::clean;
use crate::held::lock;
use crate::session::Session;
use http::HeaderMap;
use mcp::flow::Reply;
use mcp::translate::subscriptions::{self, Filter};
use mcp::upstream::{Outgoing, Upstream, UpstreamError};
use mcp::{Message, RawId};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

/// The wait before a subscription that ended is begun anew, and the longest such wait.
const AGAIN: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// How often in a row one may end before its first word.
const TRIES: u32 = 6;
/// How long a server may take to say what it will tell.
const FIRST_WORD: Duration = Duration::from_secs(10);
/// How many resources of one server a session may want to hear of.
const RESOURCES: usize = 256;

/// What is to be heard of a server, and what it said it will tell.
#[derive(Default)]
pub(super) struct Changes {
    wanted: watch::Sender<BTreeSet<String>>,
    told: watch::Sender<Option<(RawId, Filter)>>,
}

/// A subscription under way; abandoned when dropped.
struct Running {
    id: RawId,
    task: AbortHandle,
    ended: oneshot::Receiver<Result<Option<Reply>, UpstreamError>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Link {
    /// Hears of a resource from now on, once the server has said that it will tell.
    pub(crate) async fn subscribe(&self, uri: &str) -> Result<(), Fault> {
        let deaf =
            || UpstreamError::Broke { what: "the server does not tell of changes of this resource".into() };
        if self.opened.capabilities.pointer("/resources/subscribe") != Some(&Value::Bool(true)) {
            return Err(deaf().into());
        }
        let mut told = self.changes.told.subscribe();
        let full = self.changes.wanted.borrow().len() >= RESOURCES;
        self.changes.wanted.send_if_modified(|uris| !full && uris.insert(uri.to_owned()));
        let tells = |told: &Option<(RawId, Filter)>| {
            told.as_ref().is_some_and(|(_, filter)| filter.uris.iter().any(|known| known == uri))
        };
        let heard = timeout(FIRST_WORD, told.wait_for(tells)).await.is_ok_and(|told| told.is_ok());
        if heard {
            return Ok(());
        }
        self.unsubscribe(uri);
        Err(deaf().into())
    }

    /// Does not hear of it any more.
    pub(crate) fn unsubscribe(&self, uri: &str) {
        self.changes.wanted.send_if_modified(|uris| uris.remove(uri));
    }

    /// What a notification is apart from the subscription it came by; nothing when it is about the subscription itself.
    pub(super) fn unwrapped(&self, message: Message, during: Option<&RawId>) -> Option<Message> {
        let ours = |id: &RawId| id.as_json().starts_with(&format!("\"{}", self.listener()));
        let named = subscriptions::subscription(&message);
        let ended = || message.member(&["requestId"]).and_then(RawId::parse).filter(|id| ours(id));
        if message.method() == Some("notifications/cancelled")
            && let Some(id) = ended()
        {
            lock(&self.waiting).remove(&id);
            return None;
        }
        let Some(id) = named.as_ref().or(during).filter(|id| ours(id)) else { return Some(message) };
        if message.method() == Some("notifications/subscriptions/acknowledged") {
            let filter = Filter::read(&message).unwrap_or_default();
            self.changes.told.send_replace(Some((id.clone(), filter)));
            return None;
        }
        Some(subscriptions::untagged(message))
    }

    fn listener(&self) -> String {
        format!("countersign:listen:{}:", self.prefix)
    }

    fn hears(&self) -> Filter {
        let says = |list: &str| {
            let place = format!("/{list}/listChanged");
            self.opened.capabilities.pointer(&place) == Some(&Value::Bool(true))
        };
        let uris = self.changes.wanted.borrow().iter().cloned().collect();
        let lists = Filter {
            tools: says("tools"),
            prompts: says("prompts"),
            resources: says("resources"),
            ..Filter::default()
        };
        Filter { uris, ..lists }
    }

    /// Begins a subscription to all that is to be heard now.
    fn begin_to_hear(&self, headers: HeaderMap) -> Running {
        let id = RawId::text(&format!("{}{}", self.listener(), crate::random::make_id()));
        let message = self.dressed(subscriptions::listen(id.clone(), &self.hears()));
        let (tell, answer) = oneshot::channel();
        lock(&self.waiting).insert(id.clone(), tell);
        let (over, ended) = oneshot::channel();
        let upstream = self.upstream.clone();
        let task = tokio::spawn(async move {
            let sent = upstream.send(Outgoing::new(message).with_headers(headers)).await;
            let end = match sent {
                Ok(None) => answer.await.map(Some).map_err(|_| UpstreamError::Closed),
                sent => sent,
            };
            // Whoever began it may have begun another.
            let _ = over.send(end);
        });
        Running { id, task: task.abort_handle(), ended }
    }
}

/// Hears a modern server's changes until the link ends.
pub(super) async fn hear(link: Weak<Link>, session: Weak<Session>) {
    let mut tries = 0;
    let mut before: Option<Running> = None;
    loop {
        let (Some(now), Some(owner)) = (link.upgrade(), session.upgrade()) else { return };
        let (inner, server) = (owner.inner.clone(), now.server.name.clone());
        let mut wanted = now.changes.wanted.subscribe();
        if now.hears() == Filter::default() {
            drop((now, owner));
            if wanted.changed().await.is_err() {
                return;
            }
            continue;
        }
        let began = inner.clock.now();
        let Ok(headers) = owner.housekeeping(&server).await else { return };
        let mut running = now.begin_to_hear(headers.clone());
        let (mut told, upstream) = (now.changes.told.subscribe(), now.upstream.clone());
        drop((now, owner));
        let id = running.id.clone();
        let of_this = |told: &Option<(RawId, Filter)>| told.as_ref().is_some_and(|(known, _)| *known == id);
        let mut early = None;
        let spoke = tokio::select! {
            biased;
            spoke = timeout(FIRST_WORD, told.wait_for(of_this)) => spoke.is_ok_and(|told| told.is_ok()),
            end = &mut running.ended => { early = Some(end); false }
        };
        if let Some(before) = before.take() {
            leave(&link, &*upstream, &before, headers.clone()).await;
        }
        tries = if spoke { 0 } else { tries + 1 };
        let end = match early {
            Some(end) => end,
            None => tokio::select! {
                end = &mut running.ended => end,
                changed = wanted.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    before = Some(running);
                    continue;
                }
            },
        };
        let again = match end {
            Ok(Err(UpstreamError::Unauthorized { .. })) => {
                inner.clock.now().since(began) > GOOD_FOR && inner.renew_login(&server, began).await
            }
            Ok(Ok(Some(Reply::Whole(answer)))) if answer.error().is_some() => false,
            Ok(Err(error)) => {
                let error = clean::words(&inner.vault.redactor(), &error);
                tracing::debug!(%server, error, "a subscription has ended");
                true
            }
            Ok(Ok(_)) | Err(_) => true,
        };
        if !again || tries >= TRIES {
            // Only a wish for something else is a reason to ask once more.
            if wanted.changed().await.is_err() {
                return;
            }
            tries = 0;
            continue;
        }
        tokio::select! {
            () = sleep((AGAIN * 2_u32.pow(tries)).min(LONGEST)) => {}
            _ = wanted.changed() => {}
        }
    }
}

/// Ends a subscription for which there is another.
async fn leave(link: &Weak<Link>, upstream: &dyn Upstream, running: &Running, headers: HeaderMap) {
    running.task.abort();
    if let Some(link) = link.upgrade() {
        lock(&link.waiting).remove(&running.id);
    }
    let _ = timeout(FIRST_WORD, upstream.cancel(&running.id, headers)).await;
}

/// Both ends of what is to be heard, for the link.
pub(super) fn of(link: &Arc<Link>, session: Weak<Session>) -> impl Future<Output = ()> + Send + 'static {
    let (weak, over) = (Arc::downgrade(link), link.over.clone());
    async move {
        over.run_until_cancelled(hear(weak, session)).await;
    }
}
