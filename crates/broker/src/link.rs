//! The way from one session to one server: requests out, answers matched, the server's own messages passed on.
//!
//! Each session has its own link to each server it uses, so ids, progress tokens and server-side sessions never meet
//! another agent's.

mod changes;
mod lists;
#[cfg(test)]
mod tests;

use crate::clean;
use crate::held::lock;
use crate::session::{Pending, Session};
use domain::{Denial, Server, ServerName};
use futures_util::FutureExt as _;
use http::HeaderMap;
use mcp::era::{self, Era, Hello};
use mcp::flow::Reply;
use mcp::lists::List;
use mcp::translate::logging::{self, Level};
use mcp::upstream::http::param_headers;
use mcp::upstream::{Incoming, Outgoing, Upstream, UpstreamError};
use mcp::{Kind, Message, RawId};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// The most pages of a list that are read.
const PAGES: usize = 100;
/// Where a server puts the nonce it wants in the next call's proof (formats, §3).
const NONCE: &str = "io.countersign/nonce";
/// A credential that a server took for at least so long is worth renewing to go on listening.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// How many questions of a legacy server may wait for a modern agent's next call.
const UNASKED: usize = 16;
/// How long the calls of a link that ends may take to take leave of the server.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long telling a server something may take before the next thing is told.
const ERRAND: Duration = Duration::from_secs(30);

/// A way to a server.
pub(crate) struct Link {
    pub(crate) server: Server,
    pub(crate) opened: era::Opened,
    hello: Hello,
    upstream: Arc<dyn Upstream>,
    waiting: Mutex<HashMap<RawId, oneshot::Sender<Reply>>>,
    lists: lists::Lists,
    nonce: Mutex<Option<String>>,
    next_id: AtomicU64,
    prefix: String,
    errands: mpsc::Sender<Message>,
    /// The server has forgotten the session: the next one to need it opens a new way. What is under way here ends by itself.
    lost: AtomicBool,
    changes: changes::Changes,
    /// How much the server was told to say of its work.
    level: Mutex<Option<Level>>,
    /// A legacy server's questions that came while no call was there to bring them to a modern agent.
    unasked: Mutex<Vec<Pending>>,
    /// What is under way; see [`Link::busy`].
    busy: TaskTracker,
    over: CancellationToken,
}

/// Why a link gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// Policy does not let this agent talk to the server at all.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The human has to log in.
    #[error("the human has to log in to this server again")]
    LoginNeeded,
    /// The login holds, and does not reach far enough.
    #[error("log in again: {}", wanted(server, scopes))]
    MoreScope {
        /// Which server.
        server: ServerName,
        /// What it wants besides, as far as it said.
        scopes: String,
    },
    /// No login helps.
    #[error(transparent)]
    Login(#[from] oauth::OAuthError),
    /// The server, or the way to it.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// The server could not be opened.
    #[error(transparent)]
    Open(#[from] era::OpenError),
    /// What the server is to be shown is not there.
    #[error(transparent)]
    Vault(#[from] vault::VaultError),
}

impl Link {
    pub(crate) fn new(
        server: Server,
        hello: Hello,
        opened: era::Opened,
        upstream: Arc<dyn Upstream>,
        errands: mpsc::Sender<Message>,
    ) -> Self {
        Self {
            hello,
            server,
            opened,
            upstream,
            errands,
            waiting: Mutex::default(),
            lists: lists::Lists::default(),
            nonce: Mutex::default(),
            next_id: AtomicU64::new(1),
            prefix: crate::random::make_id(),
            lost: AtomicBool::new(false),
            changes: changes::Changes::default(),
            level: Mutex::default(),
            unasked: Mutex::default(),
            busy: TaskTracker::new(),
            over: CancellationToken::new(),
        }
    }

    /// Sends a request and waits for all of its answer.
    pub(crate) async fn request(&self, message: Message, headers: HeaderMap) -> Result<Message, Fault> {
        let reply = self.reply(message, headers).await?;
        let whole = reply.whole();
        let answer = self.over.run_until_cancelled(whole).await.ok_or_else(ended)??;
        self.keep_nonce(&answer);
        Ok(answer)
    }

    /// Sends a request and waits for its answer, or for the beginning of a large one.
    pub(crate) async fn reply(&self, message: Message, headers: HeaderMap) -> Result<Reply, Fault> {
        let Some(id) = message.id().cloned() else {
            return Err(Fault::Upstream(UpstreamError::Closed));
        };
        if self.over.is_cancelled() {
            return Err(UpstreamError::Closed.into());
        }
        let (tell, mut answer) = oneshot::channel();
        lock(&self.waiting).insert(id.clone(), tell);
        let _forget = Forget { link: self, id };
        let upstream = self.upstream.clone();
        let message = self.dressed(message);
        let mut exchange =
            Box::pin(async move { upstream.send(Outgoing::new(message).with_headers(headers)).await });
        // Once the exchange has begun the server may have the request, whatever comes next.
        let early = tokio::select! {
            biased;
            answer = &mut answer => Some(answer),
            () = self.over.cancelled() => return Err(ended()),
            sent = &mut exchange => match self.noted(sent)? {
                Some(answer) => return Ok(answer),
                None => None,
            }
        };
        let answer = if let Some(answer) = early {
            // The answer is here; the rest of the exchange, if any, ends by itself, and keeps its connection usable.
            if (&mut exchange).now_or_never().is_none() {
                tokio::spawn(exchange);
            }
            answer
        } else {
            tokio::select! {
                biased;
                answer = answer => answer,
                () = self.over.cancelled() => return Err(ended()),
            }
        };
        answer.map_err(|_| ended())
    }

    /// What became of an exchange; a session that is lost is remembered.
    fn noted(&self, sent: Result<Option<Reply>, UpstreamError>) -> Result<Option<Reply>, Fault> {
        if matches!(sent, Err(UpstreamError::SessionLost)) {
            self.lost.store(true, Ordering::Release);
        }
        Ok(sent?)
    }

    /// The era the server speaks.
    pub(crate) const fn era(&self) -> Era {
        self.opened.era
    }

    /// Keeps a question for the next call; gives it back when too many wait.
    pub(crate) fn keep_until_asked(&self, question: Pending) -> Option<Pending> {
        let mut unasked = lock(&self.unasked);
        if unasked.len() >= UNASKED {
            return Some(question);
        }
        unasked.push(question);
        None
    }

    /// The questions that wait for a call.
    pub(crate) fn take_unasked(&self) -> Vec<Pending> {
        std::mem::take(&mut *lock(&self.unasked))
    }

    /// Whether the server, opened in the legacy era, says that it speaks the modern one too.
    pub(crate) async fn speaks_modern(&self, headers: &HeaderMap) -> bool {
        let meta: serde_json::Map<_, _> =
            self.hello.meta().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let answer = self.ask("server/discover", &json!({ "_meta": meta }), headers.clone()).await;
        let result = answer.ok().and_then(|answer| answer.result()).unwrap_or_default();
        let spoken = result["supportedVersions"].as_array();
        spoken.is_some_and(|versions| versions.contains(&json!(era::MODERN)))
    }

    /// How many answers it owes.
    pub(crate) fn awaited(&self) -> usize {
        lock(&self.waiting).len()
    }

    /// Whether the server says that it has such a thing.
    pub(crate) fn offers(&self, capability: &str) -> bool {
        self.opened.capabilities.get(capability).is_some_and(Value::is_object)
    }

    /// A request of the wallet's own, with an id no agent can guess.
    async fn ask(&self, method: &str, params: &Value, headers: HeaderMap) -> Result<Message, Fault> {
        let number = self.next_id.fetch_add(1, Ordering::Relaxed);
        let id = RawId::text(&format!("countersign:{}:{number}", self.prefix));
        let answer = self.request(Message::request(id, method, params), headers).await?;
        if matches!(answer.kind(), Kind::Response { is_error: false, .. }) {
            return Ok(answer);
        }
        Err(UpstreamError::NoAnswer.into())
    }

    /// Sends what wants no answer.
    pub(crate) async fn tell(&self, message: Message, headers: HeaderMap) -> Result<(), Fault> {
        self.noted(self.upstream.send(Outgoing::new(message).with_headers(headers)).await).map(drop)
    }

    /// Has what wants no answer sent, after what waits already, by [`run_errands`]. Nobody waits for the server: what does not
    /// fit is dropped.
    pub(crate) fn leave_errand(&self, message: Message) {
        if self.errands.try_send(message).is_err() {
            tracing::debug!(server = %self.server.name, "too much waits for this server; a message was dropped");
        }
    }

    /// Asks the server to stop working on a request.
    pub(crate) async fn cancel(&self, id: &RawId, headers: HeaderMap) {
        self.upstream.cancel(id, headers).await;
    }

    /// Held by a call from when it is sent until the server has answered, or has been asked to stop.
    pub(crate) fn busy(&self) -> TaskTrackerToken {
        self.busy.token()
    }

    /// Whether no call is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.busy.is_empty()
    }

    /// Ends the link; what waits is told. Calls that have just been stopped get a moment to say so to the server.
    pub(crate) async fn close(&self, headers: HeaderMap) {
        self.busy.close();
        let _ = timeout(LAST_WORDS, self.busy.wait()).await;
        self.over.cancel();
        self.upstream.close(headers).await;
    }

    /// Whether another way has to be opened: the server has gone away, or has forgotten this session.
    pub(crate) fn is_over(&self) -> bool {
        self.over.is_cancelled() || self.lost.load(Ordering::Acquire)
    }

    /// The nonce the server wants in the next proof, once.
    pub(crate) fn take_nonce(&self) -> Option<String> {
        lock(&self.nonce).take()
    }

    /// A modern server wants to hear with every request who asks; a legacy agent has not said it there.
    fn dressed(&self, message: Message) -> Message {
        if self.opened.era == Era::Legacy
            || message
                .params()
                .pointer(&format!("/_meta/{}", "io.modelcontextprotocol~1protocolVersion"))
                .is_some()
        {
            return message;
        }
        let meta = self.hello.meta();
        let edit = meta.iter().fold(message.edit(), |edit, (name, value)| edit.meta(name, value));
        match *lock(&self.level) {
            Some(level) => edit.meta(logging::LEVEL, &level.as_str().into()).finish(),
            None => edit.finish(),
        }
    }

    /// What tells the server to say so much of its work; nothing where a request does that, or it was told already. `at_least`:
    /// what it was told to say besides stays.
    pub(crate) fn at_level(&self, level: Level, at_least: bool) -> Option<Message> {
        let mut told = lock(&self.level);
        let enough = told.is_some_and(|told| if at_least { told <= level } else { told == level });
        if enough || !self.offers("logging") {
            return None;
        }
        *told = Some(level);
        let id = RawId::text(&format!("countersign:{}", crate::random::make_id()));
        let message = Message::request(id, "logging/setLevel", &level.to_params());
        (self.era() == Era::Legacy).then_some(message)
    }

    /// Whether what a tool's definition marks is told in headers.
    fn wants_headers(&self) -> bool {
        self.era() == Era::Modern && matches!(self.server.transport, domain::Transport::Http { .. })
    }

    /// What a modern server over HTTP wants to see of a call in headers too.
    pub(crate) fn param_headers(&self, tool: &str, arguments: &Value) -> HeaderMap {
        if !self.wants_headers() {
            return HeaderMap::new();
        }
        let tools = self.known(List::Tools);
        let schema =
            tools.and_then(|tools| tools.find(tool)?.item.value::<Value>()?.get("inputSchema").cloned());
        schema.map(|schema| param_headers(&schema, arguments)).unwrap_or_default()
    }

    fn keep_nonce(&self, answer: &Message) {
        if answer.body().is_none_or(|body| !body.contains(NONCE)) {
            return;
        }
        let said = answer.body_as::<Value>().unwrap_or_default();
        let places = ["/_meta", "/data/_meta"].map(|place| said.pointer(place));
        let nonce = places.into_iter().flatten().find_map(|meta| meta.get(NONCE)?.as_str());
        if let Some(nonce) = nonce.filter(|nonce| nonce.len() <= 256) {
            *lock(&self.nonce) = Some(nonce.to_owned());
        }
    }
}

impl Link {
    /// Hears what the server says of its own accord, where that comes over a connection of its own, until the link ends.
    pub(crate) fn hear(
        self: &Arc<Self>,
        session: Weak<Session>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (upstream, server, over) = (self.upstream.clone(), self.server.name.clone(), self.over.clone());
        let changes = (self.era() == Era::Modern).then(|| changes::of(self, session.clone()));
        async move {
            match changes {
                Some(changes) => changes.await,
                None => drop(over.run_until_cancelled(listen(upstream, server, session)).await),
            }
        }
    }
}

/// Listens with a credential that is good now, and again with a new one when the login was renewed meanwhile.
async fn listen(upstream: Arc<dyn Upstream>, server: ServerName, session: Weak<Session>) {
    while let Some(session) = session.upgrade() {
        let (inner, began) = (session.inner.clone(), session.inner.clock.now());
        let Ok(headers) = session.housekeeping(&server).await else { return };
        drop(session);
        let heard = upstream.listen(headers).await;
        let was_good = inner.clock.now().since(began) > GOOD_FOR;
        let renewed = match &heard {
            Err(UpstreamError::Unauthorized { .. }) if was_good => inner.renew_login(&server, began).await,
            _ => false,
        };
        if !renewed {
            let why = heard.err().map(|error| clean::words(&inner.vault.redactor(), &error));
            tracing::debug!(%server, why, "nothing more is heard of the server's own accord");
            return;
        }
    }
}

/// Nobody holds it any more: what listens for it ends.
impl Drop for Link {
    fn drop(&mut self) {
        self.over.cancel();
    }
}

/// Sends what was left with [`Link::leave_errand`], one after the other, until the link ends.
pub(crate) async fn run_errands(
    link: Weak<Link>,
    session: Weak<Session>,
    mut errands: mpsc::Receiver<Message>,
) {
    while let Some(message) = errands.recv().await {
        let (Some(link), Some(session)) = (link.upgrade(), session.upgrade()) else { return };
        let told = timeout(ERRAND, session.tell_server(&link, message));
        match link.over.run_until_cancelled(told).await {
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(error))) => {
                let error = clean::words(&session.inner.vault.redactor(), &error);
                tracing::debug!(server = %link.server.name, error, "a message did not reach its server");
            }
            Some(Err(_)) => tracing::debug!(server = %link.server.name, "a server is too slow to be told"),
            None => return,
        }
    }
}

/// Passes on what comes from the server, until it ends or the link does. Without a session only answers matter.
pub(crate) async fn pump(link: Weak<Link>, session: Weak<Session>, mut inbox: mpsc::Receiver<Incoming>) {
    while let Some(incoming) = inbox.recv().await {
        let Some(link) = link.upgrade() else { return };
        match incoming {
            Incoming::Message { message, during } => {
                link.receive(session.upgrade().as_deref(), message, during.as_ref()).await;
            }
            Incoming::Flow(flow) => link.answered(Reply::Flowing(flow)),
            Incoming::Closed(error) => {
                tracing::info!(server = %link.server.name, %error, "the server ended the connection");
                break;
            }
        }
    }
    if let Some(link) = link.upgrade() {
        link.over.cancel();
        lock(&link.waiting).clear();
    }
}

impl Link {
    fn answered(&self, reply: Reply) {
        let waiting = reply.id().and_then(|id| lock(&self.waiting).remove(id));
        if let Some(waiting) = waiting {
            // Whoever asked may have gone.
            let _ = waiting.send(reply);
        }
    }

    /// Handles one message of the server's, and the request in whose exchange it came.
    pub(crate) async fn receive(
        self: &Arc<Self>,
        session: Option<&Session>,
        message: Message,
        during: Option<&RawId>,
    ) {
        match message.kind() {
            Kind::Response { .. } => self.answered(Reply::Whole(message)),
            Kind::Notification { method } => {
                self.forget(method);
                let message =
                    if self.era() == Era::Modern { self.unwrapped(message, during) } else { Some(message) };
                if let (Some(session), Some(message)) = (session, message) {
                    session.pass_on(self, message, during).await;
                }
            }
            Kind::Request { .. } => {
                if let Some(session) = session {
                    session.question_from(self, message, during).await;
                }
            }
        }
    }
}

/// What a server wants, in words.
fn wanted(server: &ServerName, scopes: &str) -> String {
    match scopes {
        "" => format!("{server} wants more scope than its login gives"),
        scopes => format!("{server} wants the scope {scopes:?}, which its login does not give"),
    }
}

/// Takes a request off the list of those that wait, however it ends.
struct Forget<'a> {
    link: &'a Link,
    id: RawId,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        lock(&self.link.waiting).remove(&self.id);
    }
}

/// The way ended before the answer came.
fn ended() -> Fault {
    UpstreamError::Broke { what: "it ended".into() }.into()
}
