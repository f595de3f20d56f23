//! One agent's connection.
//!
//! ```text
//! Connected ──handshake, peer evidence, the human's yes──► Identified ──end of stream, revoke, lock──► Closed
//! ```
//! Connected is `gate`; this file is Identified; what a session owns (links, children, standing answers) ends with it.

mod asked;
mod greeting;
mod refusals;
mod servers;
mod slot;
#[cfg(test)]
mod tests;

use crate::call::journey;
use crate::clean::Clean;
use crate::end::Stop;
use crate::held::lock;
use crate::inner::Inner;
use crate::listing;
use crate::wanted::Wanted;
use asked::Asked;
use bytes::Bytes;
use domain::{AgentName, Delegation, Denial, Peer, ServerName, SessionId, Target};
use mcp::era::Hello;
use mcp::framing::{LineError, LineReader, LineWriter};
use mcp::lists::List;
use mcp::{Kind, Message, RawId};
use proof::receipt::{self, Body, Verdict};
use serde_json::{Value, json};
use slot::Slot;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// How many requests of one session may be under way.
const AT_ONCE: usize = 256;
/// How many messages may wait to be read by a slow agent.
const QUEUE: usize = 256;
/// How often an agent that waits for the human hears that it still does.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How long an agent that goes may take to read the last answers.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// An identified agent's connection.
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) agent: AgentName,
    pub(crate) peer: Peer,
    pub(crate) inner: Arc<Inner>,
    /// What the agent said of itself when it began.
    pub(crate) hello: OnceLock<Hello>,
    me: Weak<Self>,
    out: mpsc::Sender<Clean>,
    links: Mutex<HashMap<ServerName, Arc<Slot>>>,
    under_way: Mutex<HashMap<RawId, CancellationToken>>,
    places: Arc<Semaphore>,
    asked: Mutex<Asked>,
    refusals: Mutex<refusals::Refusals>,
    ended: CancellationToken,
}

impl Session {
    pub(crate) fn new(inner: Arc<Inner>, agent: AgentName, peer: Peer) -> (Arc<Self>, mpsc::Receiver<Clean>) {
        let (out, queue) = mpsc::channel(QUEUE);
        let session = Arc::new_cyclic(|me| Self {
            id: SessionId::new(crate::random::make_id()),
            agent,
            peer,
            inner,
            hello: OnceLock::new(),
            me: me.clone(),
            out,
            links: Mutex::default(),
            under_way: Mutex::default(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            asked: Mutex::default(),
            refusals: Mutex::default(),
            ended: CancellationToken::new(),
        });
        (session, queue)
    }

    /// Serves the agent until it goes or is sent away.
    pub(crate) async fn run<R, W>(
        self: Arc<Self>,
        mut reader: LineReader<R>,
        writer: LineWriter<W>,
        queue: mpsc::Receiver<Clean>,
    ) where
        R: AsyncRead + Unpin + Send,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let mut writing = tokio::spawn(write_all(writer, queue, self.ended.clone()));
        loop {
            let line = tokio::select! {
                line = reader.next() => line,
                () = self.ended.cancelled() => break,
            };
            match line {
                Ok(Some(line)) => self.receive(line).await,
                Ok(None) | Err(LineError::Io(_)) => break,
                Err(error @ LineError::TooLong { .. }) => {
                    self.say(Message::failure(None, -32600, &error.to_string(), None)).await;
                }
            }
        }
        self.close().await;
        // The last answers may still be on their way out, to an agent that reads.
        if tokio::time::timeout(LAST_WORDS, &mut writing).await.is_err() {
            writing.abort();
        }
    }

    /// Sends the agent away.
    pub(crate) fn end(&self) {
        self.ended.cancel();
    }

    async fn close(&self) {
        self.ended.cancel();
        lock(&self.under_way).values().for_each(CancellationToken::cancel);
        let slots = std::mem::take(&mut *lock(&self.links));
        self.tell_refusals();
        futures_util::future::join_all(slots.into_values().map(|slot| self.shut(slot))).await;
    }

    async fn receive(&self, line: Bytes) {
        let message = match Message::parse(line.clone()) {
            Ok(message) => message,
            Err(error) => return self.say(refuse_unreadable(&line, &error)).await,
        };
        match message.kind() {
            Kind::Request { id, .. } => self.begin(id.clone(), message).await,
            Kind::Notification { .. } => self.notified(&message),
            Kind::Response { .. } => self.answered(&message),
        }
    }

    /// Works on a request beside all others.
    async fn begin(&self, id: RawId, message: Message) {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            let sentence = format!("{AT_ONCE} requests are under way already; wait for some to end");
            return self.say(Message::failure(Some(&id), -32000, &sentence, None)).await;
        };
        let Some(begun) = self.begun(&id) else {
            let sentence = "a request with this id is under way already";
            return self.say(Message::failure(Some(&id), -32600, sentence, None)).await;
        };
        tokio::spawn(async move {
            let answer = begun.session.answer(&message, &begun.withdrawn).await;
            let session = begun.end();
            let answer = match answer {
                Ok(answer) => Some(answer),
                Err(stop) => stop.answer(&id, &session.inner.vault.redactor()),
            };
            if let Some(answer) = answer {
                session.send(answer).await;
            }
            drop(place);
        });
    }

    /// Notes a request as under way, unless one with its id is.
    fn begun(&self, id: &RawId) -> Option<Begun> {
        let session = self.me.upgrade()?;
        match lock(&self.under_way).entry(id.clone()) {
            Entry::Occupied(_) => None,
            Entry::Vacant(place) => {
                let withdrawn = place.insert(CancellationToken::new()).clone();
                Some(Begun { id: id.clone(), withdrawn, session })
            }
        }
    }

    async fn answer(&self, request: &Message, withdrawn: &CancellationToken) -> Result<Clean, Stop> {
        let Kind::Request { id, method } = request.kind() else { return Err(Stop::Withdrawn) };
        self.remember_modern(request);
        if let Some(list) = List::of_method(method) {
            let result = listing::list(self, list).await;
            return Ok(self.clean(Message::response(id, &self.in_era(result))));
        }
        let result = match method.as_ref() {
            "initialize" => self.initialize(request),
            "server/discover" => Self::discover(),
            "ping" => json!({}),
            "logging/setLevel" => {
                self.to_all(request);
                json!({})
            }
            "tools/call"
            | "prompts/get"
            | "resources/read"
            | "resources/subscribe"
            | "resources/unsubscribe"
            | "completion/complete" => {
                let wanted = Wanted::read(request).map_err(|misread| self.misread(method, misread))?;
                return journey(self, wanted, withdrawn).await;
            }
            other => {
                let sentence = format!("the wallet does not know the method {other}");
                return Err(Stop::Failed { code: -32601, sentence, reason: "unknown_method" });
            }
        };
        Ok(self.clean(Message::response(id, &self.in_era(result))))
    }

    fn notified(&self, message: &Message) {
        match message.method() {
            Some("notifications/cancelled") => {
                let id =
                    message.params().get("requestId").map(Value::to_string).and_then(|id| RawId::parse(&id));
                if let Some(withdrawn) = id.and_then(|id| lock(&self.under_way).get(&id).cloned()) {
                    withdrawn.cancel();
                }
            }
            Some("notifications/roots/list_changed") => self.to_all(message),
            Some("notifications/progress") => self.progressed(message),
            _ => {}
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
        let Some(token) = token else { return std::future::pending().await };
        let mut beat = 0_u32;
        loop {
            tokio::time::sleep(KEEP_ALIVE).await;
            beat += 1;
            let params = json!({
                "progressToken": token,
                "progress": beat,
                "message": "Waiting for the human's approval in Countersign",
            });
            self.say(Message::notification("notifications/progress", &params)).await;
        }
    }

    /// Tells the agent that what it may use has changed.
    pub(crate) fn lists_changed(&self) {
        for list in ["tools", "resources", "prompts"] {
            let message = Message::notification(&format!("notifications/{list}/list_changed"), &Value::Null);
            // A queue that is full holds enough for the agent to notice.
            let _ = self.out.try_send(self.clean(message));
        }
    }

    /// A server's answer as the agent gets it: in its own revision, without secrets.
    pub(crate) fn for_agent(&self, answer: Message) -> Clean {
        self.clean(self.answer_in_era(answer))
    }

    fn clean(&self, message: Message) -> Clean {
        Clean::of(message, &self.inner.vault.redactor())
    }

    async fn say(&self, message: Message) {
        self.send(self.clean(message)).await;
    }

    async fn send(&self, message: Clean) {
        tokio::select! {
            _ = self.out.send(message) => {}
            () = self.ended.cancelled() => {}
        }
    }
}

/// A request under way. However its work ends, its id is free again then.
struct Begun {
    id: RawId,
    withdrawn: CancellationToken,
    session: Arc<Session>,
}

impl Begun {
    fn end(self) -> Arc<Session> {
        self.session.clone()
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        lock(&self.session.under_way).remove(&self.id);
    }
}

async fn write_all<W: AsyncWrite + Unpin>(
    mut writer: LineWriter<W>,
    mut queue: mpsc::Receiver<Clean>,
    ended: CancellationToken,
) {
    loop {
        let message = tokio::select! {
            message = queue.recv() => message,
            () = ended.cancelled() => queue.try_recv().ok(),
        };
        let Some(message) = message else { break };
        if writer.send(message.into_bytes()).await.is_err() {
            ended.cancel();
            break;
        }
    }
    let _ = writer.close().await;
}

fn refuse_unreadable(line: &[u8], error: &mcp::ParseError) -> Message {
    let no_json = matches!(error, mcp::ParseError::NotJson { .. } | mcp::ParseError::NotUtf8 { .. });
    let code = if no_json { -32700 } else { -32600 };
    Message::failure(Message::refused_id(line).as_ref(), code, &error.to_string(), None)
}
