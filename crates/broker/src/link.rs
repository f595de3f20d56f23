//! The way from one session to one server: requests out, answers matched, the server's own messages passed on.
//!
//! Each session has its own link to each server it uses, so ids, progress tokens and server-side sessions never meet
//! another agent's.

use crate::session::Session;
use crate::tools::Tools;
use domain::{Denial, Server, ServerName};
use http::HeaderMap;
use mcp::era::{self, Era, Hello};
use mcp::lists::List;
use mcp::upstream::{Incoming, Outgoing, Upstream, UpstreamError};
use mcp::{Kind, Message, RawId};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use vault::Redactor;

/// The most pages of a list that are read.
const PAGES: usize = 100;
/// Where a server puts the nonce it wants in the next call's proof (formats, §3).
const NONCE: &str = "io.countersign/nonce";
/// A credential that a server took for at least so long is worth renewing to go on listening.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// A way to a server.
pub(crate) struct Link {
    pub(crate) server: Server,
    opened: era::Opened,
    hello: Hello,
    upstream: Arc<dyn Upstream>,
    waiting: Mutex<HashMap<RawId, oneshot::Sender<Message>>>,
    tools: Mutex<Known>,
    nonce: Mutex<Option<String>>,
    next_id: std::sync::atomic::AtomicU64,
    prefix: String,
    over: CancellationToken,
}

/// A server's tools, as long as it has not said that they changed.
#[derive(Clone, Default)]
struct Known {
    tools: Option<Arc<Tools>>,
    changes: u64,
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
    ) -> Self {
        Self {
            hello,
            server,
            opened,
            upstream,
            waiting: Mutex::default(),
            tools: Mutex::default(),
            nonce: Mutex::default(),
            next_id: std::sync::atomic::AtomicU64::new(1),
            prefix: crate::random::make_id(),
            over: CancellationToken::new(),
        }
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn request(&self, message: Message, headers: HeaderMap) -> Result<Message, Fault> {
        let Some(id) = message.id().cloned() else {
            return Err(Fault::Upstream(UpstreamError::Closed));
        };
        let (tell, mut answer) = oneshot::channel();
        lock(&self.waiting).insert(id.clone(), tell);
        let _forget = Forget { link: self, id };
        let upstream = self.upstream.clone();
        let message = self.dressed(message);
        let mut exchange =
            Box::pin(async move { upstream.send(Outgoing::new(message).with_headers(headers)).await });
        let early = tokio::select! {
            sent = &mut exchange => { sent?; None }
            answer = &mut answer => Some(answer),
            () = self.over.cancelled() => return Err(UpstreamError::Closed.into()),
        };
        let answer = if let Some(answer) = early {
            // The answer is here; the rest of the exchange ends by itself, and keeps its connection usable.
            tokio::spawn(exchange);
            answer
        } else {
            tokio::select! {
                answer = answer => answer,
                () = self.over.cancelled() => return Err(UpstreamError::Broke { what: "it ended".into() }.into()),
            }
        };
        let answer = answer.map_err(|_| UpstreamError::Broke { what: "it ended".into() })?;
        self.keep_nonce(&answer);
        Ok(answer)
    }

    /// Whether the server says that it has such a thing.
    pub(crate) fn offers(&self, capability: &str) -> bool {
        self.opened.capabilities.get(capability).is_some_and(Value::is_object)
    }

    /// A request of the wallet's own, with an id no agent can guess.
    async fn ask(&self, method: &str, params: &Value, headers: HeaderMap) -> Result<Value, Fault> {
        let number = self.next_id.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let id = RawId::text(&format!("countersign:{}:{number}", self.prefix));
        let answer = self.request(Message::request(id, method, params), headers).await?;
        match answer.result() {
            Some(result) => Ok(result),
            None => Err(UpstreamError::NoAnswer.into()),
        }
    }

    /// Every item of a list, page after page.
    pub(crate) async fn list(&self, list: List, headers: &HeaderMap) -> Result<Vec<Value>, Fault> {
        let (mut items, mut cursor) = (vec![], None::<Value>);
        for _ in 0..PAGES {
            let params = cursor.take().map_or_else(|| json!({}), |cursor| json!({ "cursor": cursor }));
            let page = self.ask(list.method(), &params, headers.clone()).await?;
            items.extend_from_slice(list.items(&page));
            match page.get("nextCursor").filter(|next| !next.is_null()) {
                Some(next) => cursor = Some(next.clone()),
                None => break,
            }
        }
        Ok(items)
    }

    /// What the server's tools are now; asked once, and again after it says that they changed.
    pub(crate) async fn tools(&self, headers: &HeaderMap) -> Result<Arc<Tools>, Fault> {
        let state = lock(&self.tools).clone();
        if let Some(tools) = state.tools {
            return Ok(tools);
        }
        let listed = if self.offers("tools") { self.list(List::Tools, headers).await? } else { vec![] };
        let tools = Arc::new(Tools::new(listed));
        let mut known = lock(&self.tools);
        if known.changes == state.changes {
            known.tools = Some(tools.clone());
        }
        Ok(tools)
    }

    /// The server's tools, if they are known already.
    pub(crate) fn known_tools(&self) -> Option<Arc<Tools>> {
        lock(&self.tools).tools.clone()
    }

    /// Sends what wants no answer.
    pub(crate) async fn tell(&self, message: Message, headers: HeaderMap) -> Result<(), Fault> {
        Ok(self.upstream.send(Outgoing::new(message).with_headers(headers)).await?)
    }

    /// Asks the server to stop working on a request.
    pub(crate) async fn cancel(&self, id: &RawId, headers: HeaderMap) {
        self.upstream.cancel(id, headers).await;
    }

    /// Ends the link; what waits is told.
    pub(crate) async fn close(&self, headers: HeaderMap) {
        self.over.cancel();
        self.upstream.close(headers).await;
    }

    /// Whether the server has gone away.
    pub(crate) fn is_over(&self) -> bool {
        self.over.is_cancelled()
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
        meta.iter().fold(message.edit(), |edit, (name, value)| edit.meta(name, value)).finish()
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

    /// The server says that its tools changed: a list that is being read now is old as well.
    fn forget_tools(&self) {
        let mut known = lock(&self.tools);
        *known = Known { tools: None, changes: known.changes + 1 };
    }
}

impl Link {
    /// Hears what the server says of its own accord, where that comes over a connection of its own, until the link ends.
    pub(crate) fn hear(&self, session: Weak<Session>) -> impl Future<Output = ()> + Send + 'static {
        let (upstream, server, over) = (self.upstream.clone(), self.server.name.clone(), self.over.clone());
        async move {
            over.run_until_cancelled(listen(upstream, server, session)).await;
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
            tracing::debug!(%server, ?heard, "nothing more is heard of the server's own accord");
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

/// Passes on what comes from the server, until it ends or the link does. Without a session only answers matter.
pub(crate) async fn pump(link: Weak<Link>, session: Weak<Session>, mut inbox: mpsc::Receiver<Incoming>) {
    while let Some(incoming) = inbox.recv().await {
        let Some(link) = link.upgrade() else { return };
        match incoming {
            Incoming::Message(message) => link.receive(session.upgrade().as_deref(), message).await,
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
    /// Handles one message of the server's.
    pub(crate) async fn receive(self: &Arc<Self>, session: Option<&Session>, message: Message) {
        match message.kind() {
            Kind::Response { id, .. } => {
                let waiting = id.as_ref().and_then(|id| lock(&self.waiting).remove(id));
                if let Some(waiting) = waiting {
                    // Whoever asked may have gone.
                    let _ = waiting.send(message);
                }
            }
            Kind::Notification { method } => {
                if method.as_ref() == "notifications/tools/list_changed" {
                    self.forget_tools();
                }
                if let Some(session) = session {
                    session.pass_on(self, message).await;
                }
            }
            Kind::Request { .. } => {
                if let Some(session) = session {
                    session.question_from(self, message).await;
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

/// The same message with every known secret struck out.
pub(crate) fn redacted(message: &Message, redactor: &Redactor) -> Message {
    let clean = redactor.redact(message.bytes().clone());
    if clean.as_ptr() == message.bytes().as_ptr() {
        return message.clone();
    }
    // What is struck out is text within strings; should a server have hidden a secret in the syntax itself, the agent gets
    // nothing of it.
    Message::parse(clean).unwrap_or_else(|_| {
        Message::failure(
            message.id(),
            crate::end::UPSTREAM,
            "The server's answer held a secret and was withheld.",
            None,
        )
    })
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
