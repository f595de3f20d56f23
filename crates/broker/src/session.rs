//! One agent's connection.
//!
//! ```text
//! Connected ──handshake, peer evidence, the human's yes──► Identified ──end of stream, revoke, lock──► Closed
//! ```
//! Connected is `gate`; this file is Identified; what a session owns (links, children, standing answers) ends with it.

mod greeting;
mod servers;

use crate::call::journey;
use crate::end::Stop;
use crate::inner::Inner;
use crate::link::Link;
use crate::listing;
use crate::wanted::Wanted;
use bytes::Bytes;
use domain::{AgentName, Delegation, Denial, Peer, ServerName, SessionId, Target};
use mcp::era::Hello;
use mcp::framing::{LineError, LineReader, LineWriter};
use mcp::lists::List;
use mcp::{Kind, Message, RawId};
use proof::receipt::{self, Body, Verdict};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
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

/// An identified agent's connection.
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) agent: AgentName,
    pub(crate) peer: Peer,
    pub(crate) inner: Arc<Inner>,
    /// What the agent said of itself when it began.
    pub(crate) hello: OnceLock<Hello>,
    me: Weak<Self>,
    out: mpsc::Sender<Bytes>,
    links: Mutex<HashMap<ServerName, Arc<Slot>>>,
    under_way: Mutex<HashMap<RawId, CancellationToken>>,
    places: Arc<Semaphore>,
    asked: Mutex<HashMap<RawId, (Weak<Link>, RawId)>>,
    ended: CancellationToken,
}

/// The link to one server, once it is open. Opening one holds up no other.
type Slot = tokio::sync::Mutex<Option<Arc<Link>>>;

impl Session {
    pub(crate) fn new(inner: Arc<Inner>, agent: AgentName, peer: Peer) -> (Arc<Self>, mpsc::Receiver<Bytes>) {
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
            ended: CancellationToken::new(),
        });
        (session, queue)
    }

    /// Serves the agent until it goes or is sent away.
    pub(crate) async fn run<R, W>(
        self: Arc<Self>,
        mut reader: LineReader<R>,
        writer: LineWriter<W>,
        queue: mpsc::Receiver<Bytes>,
    ) where
        R: AsyncRead + Unpin + Send,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let writing = tokio::spawn(write_all(writer, queue, self.ended.clone()));
        loop {
            let line = tokio::select! {
                line = reader.next() => line,
                () = self.ended.cancelled() => break,
            };
            match line {
                Ok(Some(line)) => self.receive(line).await,
                Ok(None) | Err(LineError::Io(_)) => break,
                Err(error @ LineError::TooLong { .. }) => {
                    self.send(Message::failure(None, -32600, &error.to_string(), None)).await;
                }
            }
        }
        self.close().await;
        // The last answers may still be on their way out.
        let _ = tokio::time::timeout(Duration::from_secs(1), writing).await;
    }

    /// Sends the agent away.
    pub(crate) fn end(&self) {
        self.ended.cancel();
    }

    async fn close(&self) {
        self.ended.cancel();
        lock(&self.under_way).values().for_each(CancellationToken::cancel);
        let slots = std::mem::take(&mut *lock(&self.links));
        futures_util::future::join_all(slots.into_values().map(|slot| self.shut(slot))).await;
    }

    async fn shut(&self, slot: Arc<Slot>) {
        let link = slot.lock().await.take();
        if let Some(link) = link {
            let headers = self.housekeeping(&link.server.name).await.unwrap_or_default();
            link.close(headers).await;
        }
    }

    /// Leaves a server that the human has removed.
    pub(crate) fn leave(&self, server: &ServerName) {
        let slot = lock(&self.links).remove(server);
        if let (Some(slot), Some(session)) = (slot, self.me.upgrade()) {
            tokio::spawn(async move { session.shut(slot).await });
        }
    }

    async fn receive(&self, line: Bytes) {
        let message = match Message::parse(line.clone()) {
            Ok(message) => message,
            Err(error) => return self.send(refuse_unreadable(&line, &error)).await,
        };
        match message.kind() {
            Kind::Request { id, .. } => self.begin(id.clone(), message).await,
            Kind::Notification { .. } => self.notified(message).await,
            Kind::Response { .. } => self.answered(message).await,
        }
    }

    /// Works on a request beside all others.
    async fn begin(&self, id: RawId, message: Message) {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            let sentence = format!("{AT_ONCE} requests are under way already; wait for some to end");
            return self.send(Message::failure(Some(&id), -32000, &sentence, None)).await;
        };
        let withdrawn = CancellationToken::new();
        if lock(&self.under_way).insert(id.clone(), withdrawn.clone()).is_some() {
            let sentence = "a request with this id is under way already";
            return self.send(Message::failure(Some(&id), -32600, sentence, None)).await;
        }
        let Some(session) = self.me.upgrade() else { return };
        tokio::spawn(async move {
            let answer = session.answer(&message, &withdrawn).await;
            lock(&session.under_way).remove(&id);
            let answer = match answer {
                Ok(answer) => Some(answer),
                Err(stop) => stop.answer(&id),
            };
            if let Some(answer) = answer {
                session.send(answer).await;
            }
            drop(place);
        });
    }

    async fn answer(&self, request: &Message, withdrawn: &CancellationToken) -> Result<Message, Stop> {
        let Kind::Request { id, method } = request.kind() else { return Err(Stop::Withdrawn) };
        self.remember_modern(request);
        if let Some(list) = List::of_method(method) {
            let result = listing::list(self, list).await;
            return Ok(Message::response(id, &self.in_era(result)));
        }
        let result = match method.as_ref() {
            "initialize" => self.initialize(request),
            "server/discover" => Self::discover(),
            "ping" => json!({}),
            "logging/setLevel" => self.to_all(request).await,
            "tools/call"
            | "prompts/get"
            | "resources/read"
            | "resources/subscribe"
            | "resources/unsubscribe"
            | "completion/complete" => {
                let wanted = Wanted::read(request).map_err(|what| Stop::Failed {
                    code: -32602,
                    sentence: format!("{method}: {what}"),
                    reason: "invalid_params",
                })?;
                return journey(self, wanted, withdrawn).await.map(|answer| self.answer_in_era(answer));
            }
            other => {
                let sentence = format!("the wallet does not know the method {other}");
                return Err(Stop::Failed { code: -32601, sentence, reason: "unknown_method" });
            }
        };
        Ok(Message::response(id, &self.in_era(result)))
    }

    async fn notified(&self, message: Message) {
        match message.method() {
            Some("notifications/cancelled") => {
                let id =
                    message.params().get("requestId").map(Value::to_string).and_then(|id| RawId::parse(&id));
                if let Some(withdrawn) = id.and_then(|id| lock(&self.under_way).get(&id).cloned()) {
                    withdrawn.cancel();
                }
            }
            Some("notifications/roots/list_changed" | "notifications/progress") => {
                self.to_all(&message).await;
            }
            _ => {}
        }
    }

    /// The agent's delegations that hold now.
    pub(crate) fn delegations(&self) -> Vec<Delegation> {
        let Some(book) = self.inner.books.read() else { return vec![] };
        book.delegations_of(&self.agent)
    }

    /// Refuses what belongs to no server this agent has anything on.
    pub(crate) fn refuse_unplaced(&self, target: &Target) -> Stop {
        let denial = Denial::NotGranted;
        let body = Body {
            agent: Some(self.agent.clone()),
            session: Some(self.id.clone()),
            peer: Some(self.peer.clone()),
            tool: Some(receipt::Tool { target: target.clone(), definition: None }),
            decision: Some(receipt::Decision {
                outcome: Verdict::Denied,
                reason: Some(denial.code().to_owned()),
                rule: Some("policy".to_owned()),
                approval: None,
            }),
            ..self.inner.body(receipt::Kind::CallDenied)
        };
        if let Err(denial) = self.inner.write(body) {
            return Stop::Denied(denial);
        }
        Stop::Denied(denial)
    }

    /// Records a refusal and tells whoever listens.
    pub(crate) fn denied(&self, server: ServerName, target: &Target, denial: &Denial, body: Body) {
        if let Err(error) = self.inner.write(body) {
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
            self.send(Message::notification("notifications/progress", &params)).await;
        }
    }

    /// Tells the agent that what it may use has changed.
    pub(crate) fn lists_changed(&self) {
        for list in ["tools", "resources", "prompts"] {
            let message = Message::notification(&format!("notifications/{list}/list_changed"), &Value::Null);
            // A queue that is full holds enough for the agent to notice.
            let _ = self.out.try_send(message.bytes().clone());
        }
    }

    async fn send(&self, message: Message) {
        tokio::select! {
            _ = self.out.send(message.bytes().clone()) => {}
            () = self.ended.cancelled() => {}
        }
    }
}

async fn write_all<W: AsyncWrite + Unpin>(
    mut writer: LineWriter<W>,
    mut queue: mpsc::Receiver<Bytes>,
    ended: CancellationToken,
) {
    loop {
        let message = tokio::select! {
            message = queue.recv() => message,
            () = ended.cancelled() => queue.try_recv().ok(),
        };
        let Some(message) = message else { break };
        if writer.send(message).await.is_err() {
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
