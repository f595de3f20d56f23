//! What is said with one agent, whichever way it came in.
//!
//! ```text
//! Connected ──handshake, peer evidence, the human's yes──► Identified ──end of stream, revoke, lock──► Closed
//! ```
//! Connected is `gate`; this file is Identified; what a session owns (links, children, standing answers) ends with it. Whose bytes
//! these are, a line's or a web server's, it does not know: it is asked and told, and speaks by [`Voice`]s.

mod asked;
mod asking;
mod gauge;
mod greeting;
pub(crate) mod line;
mod lists;
mod parked;
mod refusals;
mod servers;
mod slot;
mod subscriptions;
mod tasks;
#[cfg(test)]
mod tests;
mod under_way;

use crate::clean::Clean;
use crate::end::Stop;
use crate::held::lock;
use crate::inner::Inner;
use crate::listing::{self, search::Own};
use crate::voice::Voice;
use crate::wanted::Wanted;
use asked::Asked;
use domain::{AgentName, Delegation, Denial, Endpoint, Peer, ServerName, SessionId, Target};
pub(crate) use lists::kind;
use mcp::era::{Era, Hello};
use mcp::flow::Speech;
use mcp::lists::List;
use mcp::translate::logging::Level;
use mcp::translate::tasks::is_about_task;
use mcp::{Kind, Message, RawId};
use parked::Parked;
pub(crate) use parked::Pending;
use proof::receipt::{self, Body, Verdict};
use serde_json::{Value, json};
use slot::Slot;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;
use subscriptions::Subscriptions;
pub(crate) use tasks::Tasks;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use under_way::UnderWay;
pub(crate) use under_way::{Held, Ids};

/// How many requests of one session may be under way.
const AT_ONCE: usize = 256;
/// How often an agent that waits for the human hears that it still does.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Who was let in, and where.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    pub(crate) agent: AgentName,
    pub(crate) peer: Peer,
    /// Which servers it came for.
    pub(crate) scope: Endpoint,
}

/// An identified agent's connection.
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) agent: AgentName,
    pub(crate) peer: Peer,
    pub(crate) scope: Endpoint,
    pub(crate) inner: Arc<Inner>,
    /// What the agent said of itself when it began.
    pub(crate) hello: OnceLock<Hello>,
    me: Weak<Self>,
    /// For what belongs to no request.
    apart: Voice,
    links: Mutex<HashMap<ServerName, Arc<Slot>>>,
    under_way: UnderWay,
    places: Arc<Semaphore>,
    /// What it is shown of its servers.
    pub(crate) shown: listing::Shown,
    asked: Mutex<Asked>,
    parked: Parked,
    subscriptions: Subscriptions,
    /// How much a legacy agent wants to hear of its servers' work.
    level: Mutex<Option<Level>>,
    refusals: Mutex<refusals::Refusals>,
    ended: CancellationToken,
}

impl Session {
    /// A session, and the end at which is heard what belongs to no request.
    pub(crate) fn new(inner: Arc<Inner>, guest: Guest) -> (Arc<Self>, mpsc::Receiver<Speech>) {
        let (apart, heard) = Voice::new();
        let Guest { agent, peer, scope } = guest;
        let session = Arc::new_cyclic(|me| Self {
            id: SessionId::new(crate::random::make_id()),
            agent,
            peer,
            scope,
            inner,
            hello: OnceLock::new(),
            me: me.clone(),
            apart,
            links: Mutex::default(),
            under_way: UnderWay::default(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            shown: listing::Shown::default(),
            asked: Mutex::default(),
            parked: Parked::default(),
            subscriptions: Subscriptions::default(),
            level: Mutex::default(),
            refusals: Mutex::default(),
            ended: CancellationToken::new(),
        });
        (session, heard)
    }

    /// Sends the agent away.
    pub(crate) fn end(&self) {
        self.ended.cancel();
    }

    /// Ends when the agent was sent away, or has left.
    pub(crate) async fn over(&self) {
        self.ended.cancelled().await;
    }

    /// Whether it was, or has.
    pub(crate) fn is_over(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// Whether no request is under way.
    pub(crate) fn is_quiet(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Ends it: what is under way is taken back, and the servers are left.
    pub(crate) async fn close(&self) {
        self.ended.cancel();
        self.under_way.withdraw_all();
        self.parked.withdraw_all();
        let slots = std::mem::take(&mut *lock(&self.links));
        self.tell_refusals();
        futures_util::future::join_all(slots.into_values().map(|slot| self.shut(slot))).await;
    }

    /// Works on a request beside all others. What belongs to it comes by `voice`, its answer last.
    pub(crate) async fn ask(&self, request: Message, voice: &Voice, ids: Ids) {
        let Some(id) = request.id().cloned() else { return };
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            let sentence = format!("{AT_ONCE} requests are under way already; wait for some to end");
            return self.say(voice, Message::failure(Some(&id), -32000, &sentence, None)).await;
        };
        let Some((begun, request)) = self.begin(request, voice, ids) else {
            let sentence = "a request with this id is under way already";
            return self.say(voice, Message::failure(Some(&id), -32600, sentence, None)).await;
        };
        tokio::spawn(async move {
            let answer = begun.answer(&request).await;
            let (session, voice) = begun.end();
            let answer = match answer {
                Ok(answer) => Some(answer.under(&id)),
                Err(stop) => stop.answer(&id, &session.inner.vault.redactor()),
            };
            if let Some(answer) = answer {
                session.send(&voice, answer).await;
            }
            drop(place);
        });
    }

    /// Takes in what wants no answer: a notification, or the answer to a server's own question.
    pub(crate) fn tell(&self, message: &Message) {
        match message.kind() {
            Kind::Notification { .. } => self.notified(message),
            Kind::Response { .. } => self.answered(message),
            Kind::Request { .. } => {}
        }
    }

    async fn answer(&self, request: &Message, withdrawn: &CancellationToken) -> Result<Clean, Stop> {
        let Kind::Request { id, method } = request.kind() else { return Err(Stop::Withdrawn) };
        if let Some(refused) = self.out_of_place(request) {
            return refused;
        }
        self.remember_modern(request);
        if let Some(list) = List::of_method(method) {
            return listing::list(self, list, request).await;
        }
        let result = match method.as_ref() {
            "initialize" | "server/discover" => return Ok(self.greet(request).await),
            "ping" => json!({}),
            "logging/setLevel" => {
                let level = request.member_text(&["level"]).and_then(|level| Level::parse(&level));
                self.set_level(level.ok_or_else(|| Stop::invalid("level must be one of syslog's"))?);
                json!({})
            }
            "subscriptions/listen" => return self.listen(request, withdrawn).await,
            "tasks/list" => return self.list_tasks(request, withdrawn).await,
            method if is_about_task(method) => return self.about_task(request, withdrawn).await,
            "tools/call"
            | "prompts/get"
            | "resources/read"
            | "resources/subscribe"
            | "resources/unsubscribe"
            | "completion/complete" => {
                let meant = match listing::search::own_tool(self, request).await? {
                    Some(Own::Found(answer)) => return Ok(answer),
                    Some(Own::Call(meant)) => Some(meant),
                    None => None,
                };
                let request = meant.as_ref().unwrap_or(request);
                let wanted = Wanted::read(request, self).map_err(|misread| self.misread(method, misread))?;
                return self.carry(request, wanted, withdrawn).await;
            }
            other => return Err(Stop::unknown_method(other)),
        };
        Ok(self.clean(Message::response(id, &self.in_era(method, result))))
    }

    fn notified(&self, message: &Message) {
        match message.method() {
            Some("notifications/cancelled") => {
                let id =
                    message.params().get("requestId").map(Value::to_string).and_then(|id| RawId::parse(&id));
                if let Some(id) = id {
                    self.under_way.withdraw(&id);
                }
            }
            Some("notifications/roots/list_changed") => self.to_all(message),
            Some("notifications/progress") => self.progressed(message),
            _ => {}
        }
    }

    /// Whether a server is one the agent came for.
    pub(crate) fn reaches(&self, server: &ServerName) -> bool {
        match &self.scope {
            Endpoint::All => true,
            Endpoint::One(one) => one == server,
        }
    }

    /// The agent's delegations, whether they hold now or not.
    pub(crate) fn delegations(&self) -> Vec<Delegation> {
        let Some(book) = self.inner.books.read() else { return vec![] };
        book.delegations_of(&self.agent)
    }

    /// Refuses what belongs to no server in particular.
    pub(super) fn refuse_unplaced(&self, target: &Target, reason: &str, stop: Stop) -> Stop {
        let body = Body {
            agent: Some(self.agent.clone()),
            session: Some(self.id.clone()),
            peer: Some(self.peer.clone()),
            tool: Some(receipt::Tool { target: target.clone(), definition: None }),
            decision: Some(receipt::Decision {
                outcome: Verdict::Denied,
                reason: Some(reason.to_owned()),
                rule: Some("policy".to_owned()),
                approval: None,
            }),
            ..self.inner.body(receipt::Kind::CallDenied)
        };
        self.refused(body).map_or_else(Stop::Denied, |()| stop)
    }

    /// Records a refusal and tells whoever listens.
    pub(crate) fn denied(&self, server: ServerName, target: &Target, denial: &Denial, body: Body) {
        if let Err(error) = self.refused(body) {
            tracing::error!(%error, "a refusal could not be recorded");
        }
        self.inner.tell(crate::Event::CallDenied {
            agent: self.agent.clone(),
            server,
            target: target.clone(),
            denial: denial.clone(),
        });
    }

    /// While the human thinks, an agent that asked for progress hears that its call is alive. Never ends by itself.
    pub(crate) async fn keep_waiting(&self, request: &Message) {
        let token = request.params().pointer("/_meta/progressToken").cloned();
        let (Some(token), Some(id)) = (token, request.id()) else { return std::future::pending().await };
        let mut beat = 0_u32;
        loop {
            tokio::time::sleep(KEEP_ALIVE).await;
            beat += 1;
            let params = json!({
                "progressToken": token,
                "progress": beat,
                "message": "Waiting for the human's approval in Countersign",
            });
            self.say_in_place(Some(id), Message::notification("notifications/progress", &params)).await;
        }
    }

    /// The answer of a server that speaks `era` as the agent gets it: in its own era, without secrets.
    pub(crate) fn for_agent(&self, method: &str, era: Era, answer: Message) -> Clean {
        self.clean(self.answer_in_era(method, era, answer))
    }

    pub(crate) fn clean(&self, message: Message) -> Clean {
        Clean::of(message, &self.inner.vault.redactor())
    }

    /// Says something by the voice of the request it belongs to.
    async fn say_in_place(&self, during: Option<&RawId>, message: Message) {
        if let Some((voice, message)) = self.placed(during, message) {
            self.say(&voice, message).await;
        }
    }

    async fn say(&self, voice: &Voice, message: Message) {
        self.send(voice, self.clean(message)).await;
    }

    async fn send(&self, voice: &Voice, message: Clean) {
        tokio::select! {
            () = voice.say(message) => {}
            () = self.ended.cancelled() => {}
        }
    }
}
