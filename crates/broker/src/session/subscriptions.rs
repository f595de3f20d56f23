//! What an agent hears of changes: a legacy one of everything it may see, a modern one of what it subscribed to.

use super::{Session, lock};
use crate::call::journey;
use crate::clean::Clean;
use crate::end::Stop;
use crate::random;
use crate::voice::Voice;
use crate::wanted::Wanted;
use domain::{DelegationState, ServerName, Target};
use mcp::translate::subscriptions::{self, Filter};
use mcp::{Message, RawId};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// How many subscriptions one session may have.
const MOST: usize = 32;

/// A session's subscriptions.
#[derive(Default)]
pub(super) struct Subscriptions(Mutex<Vec<Arc<Subscription>>>);

struct Subscription {
    /// The agent's own id for the request that began it.
    id: RawId,
    filter: Filter,
    voice: Voice,
}

/// Takes a subscription off the list, however it ends.
struct Subscribed<'a> {
    session: &'a Session,
    subscription: Arc<Subscription>,
}

impl Session {
    /// A modern agent's subscription, from its first word to its end.
    pub(super) async fn listen(
        &self,
        request: &Message,
        withdrawn: &CancellationToken,
    ) -> Result<Clean, Stop> {
        let mut filter = Filter::read(request).map_err(Stop::invalid)?;
        let (id, voice) = request.id().and_then(|id| self.under_way.known_as(id)).ok_or(Stop::Withdrawn)?;
        let asked = filter.uris.iter().map(|uri| async move {
            let granted = self.follow("resources/subscribe", uri, withdrawn).await;
            granted.then(|| uri.clone())
        });
        let granted = futures_util::future::join_all(asked).await.into_iter().flatten().collect();
        filter.uris = granted;
        filter.tasks.retain(|task| self.has_task(task));
        let subscription = Arc::new(Subscription { id: id.clone(), filter, voice });
        if !self.subscriptions.add(&subscription) {
            return Err(Stop::invalid(format!("there are {MOST} subscriptions already")));
        }
        let _subscribed = Subscribed { session: self, subscription: subscription.clone() };
        self.say(&subscription.voice, subscriptions::acknowledged(&id, &subscription.filter)).await;
        tokio::select! {
            () = withdrawn.cancelled() => Err(Stop::Withdrawn),
            () = self.ended.cancelled() => Ok(self.clean(subscriptions::ended(&id))),
        }
    }

    /// Has a server tell of a resource, or not any more. It is decided like every request for one.
    async fn follow(&self, method: &str, uri: &str, withdrawn: &CancellationToken) -> bool {
        let request = Message::request(RawId::text(&random::make_id()), method, &json!({ "uri": uri }));
        let Ok(wanted) = Wanted::read(&request, self) else { return false };
        journey(self, wanted, withdrawn).await.is_ok_and(|answer| answer.message().error().is_none())
    }

    /// Tells a change to each subscription that is about it.
    pub(super) async fn tell_subscribers(&self, message: &Message) {
        for subscription in self.subscriptions.about(message) {
            self.say(&subscription.voice, subscriptions::tagged(message, &subscription.id)).await;
        }
    }

    /// Tells the agent that what it may use has changed. A queue that is full holds enough for it to notice.
    pub(crate) fn lists_changed(&self) {
        for list in ["tools", "resources", "prompts"] {
            let message = Message::notification(&format!("notifications/{list}/list_changed"), &Value::Null);
            if !self.is_modern() {
                self.apart.say_now(self.clean(message));
                continue;
            }
            for subscription in self.subscriptions.about(&message) {
                let tagged = subscriptions::tagged(&message, &subscription.id);
                subscription.voice.say_now(self.clean(tagged));
            }
        }
    }

    /// Whether the agent is granted a resource now.
    pub(super) fn may_hear_of(&self, server: &ServerName, uri: &str) -> bool {
        let (target, now) = (Target::resource(uri), self.inner.clock.now());
        self.delegations().iter().any(|delegation| {
            delegation.state(now) == DelegationState::Active
                && delegation.grant(server).is_some_and(|grant| grant.names(&target))
        })
    }
}

impl Subscriptions {
    fn add(&self, subscription: &Arc<Subscription>) -> bool {
        let mut all = lock(&self.0);
        let fits = all.len() < MOST;
        if fits {
            all.push(subscription.clone());
        }
        fits
    }

    fn about(&self, message: &Message) -> Vec<Arc<Subscription>> {
        lock(&self.0).iter().filter(|it| it.filter.wants(message)).cloned().collect()
    }
}

impl Drop for Subscribed<'_> {
    fn drop(&mut self) {
        let left: Vec<String> = {
            let mut all = lock(&self.session.subscriptions.0);
            all.retain(|known| !Arc::ptr_eq(known, &self.subscription));
            let still = |uri: &&String| all.iter().any(|known| known.filter.uris.contains(uri));
            self.subscription.filter.uris.iter().filter(|uri| !still(uri)).cloned().collect()
        };
        let Some(session) = self.session.me.upgrade().filter(|_| !left.is_empty()) else { return };
        let ended = session.ended.clone();
        tokio::spawn(async move {
            for uri in left.iter().take_while(|_| !ended.is_cancelled()) {
                session.follow("resources/unsubscribe", uri, &ended).await;
            }
        });
    }
}
