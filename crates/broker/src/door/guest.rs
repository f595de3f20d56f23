//! Agents that were let in over HTTP: their sessions are like any other, and end with the tokens they came by.
//!
//! A legacy agent's session is its own. Modern requests stand alone, so all that one program says of itself in the same words, by
//! the same tokens, shares one session, which ends when it was not used for a while.

use super::who::Who;
use crate::Event;
use crate::held::lock;
use crate::inner::Inner;
use crate::session::{self, Ids, Session};
use crate::voice::Voice;
use async_trait::async_trait;
use domain::{Digest, Endpoint, SessionId};
use issuer::{Admitted, FamilyId};
use mcp::Message;
use mcp::agents::{self, Talk, Unwelcome};
use mcp::era::Era;
use mcp::flow::Speech;
use policy::{Connection, Own};
use proof::receipt::{Body, Kind};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A modern agent's session that nobody uses for so long ends.
const IDLE: Duration = Duration::from_mins(5);
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(30);
/// How many different things one program may say of itself at once.
const SELVES: usize = 8;
/// How many are remembered as let in; one that was forgotten is let in anew.
const REMEMBERED: usize = 256;

/// Everybody who was let in.
#[derive(Default)]
pub(crate) struct Guests {
    known: Mutex<HashMap<Key, Arc<Guest>>>,
    /// The open sessions, and by which tokens each was begun.
    open: Mutex<HashMap<SessionId, (FamilyId, Arc<Session>)>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    family: FamilyId,
    endpoint: Endpoint,
    pid: u32,
}

/// One program, by one yes of the human's, at one endpoint.
struct Guest {
    inner: Arc<Inner>,
    family: FamilyId,
    guest: session::Guest,
    modern: Arc<Modern>,
}

/// A conversation over a session of its own.
struct Spoken {
    session: Option<Arc<Session>>,
    apart: Mutex<Option<mpsc::Receiver<Speech>>>,
}

/// All that a modern agent says: a session for each thing it says of itself.
struct Modern {
    inner: Arc<Inner>,
    family: FamilyId,
    guest: session::Guest,
    selves: Mutex<HashMap<Digest, OneSelf>>,
}

struct OneSelf {
    session: Arc<Session>,
    used: Instant,
}

impl Inner {
    /// Lets in whom a token stands for, if the agent still is what the human accepted.
    pub(super) fn let_in(
        self: &Arc<Self>,
        endpoint: &Endpoint,
        admitted: Admitted,
        who: &Who,
    ) -> Result<Arc<dyn agents::Guest>, Unwelcome> {
        let Admitted { agent, family } = admitted;
        let key = Key { family, endpoint: endpoint.clone(), pid: who.pid };
        let known = lock(&self.door.guests.known).get(&key).cloned();
        let guest = known.unwrap_or_else(|| {
            let guest = session::Guest { agent, peer: who.peer(), scope: key.endpoint.clone() };
            Arc::new(Guest::new(self.clone(), key.family.clone(), guest))
        });
        self.is_welcome(&guest.guest)?;
        let mut known = lock(&self.door.guests.known);
        if known.len() >= REMEMBERED {
            known.retain(|_, guest| guest.modern.is_in_use());
        }
        known.entry(key).or_insert_with(|| guest.clone());
        Ok(guest)
    }

    /// A program that the human accepted for an agent that was not revoked. That it holds a token says no more than that it once was.
    fn is_welcome(&self, guest: &session::Guest) -> Result<(), Unwelcome> {
        let book = self.books.read().ok_or(Unwelcome::Locked)?;
        let agent = book.agent(&guest.agent).map_err(|_| Unwelcome::Unauthorized)?;
        let own = Own { uid: rustix::process::getuid().as_raw(), shim: None };
        match policy::connect(agent, &guest.peer, own) {
            Connection::Welcome => Ok(()),
            Connection::Ask { .. } | Connection::Refuse(_) => Err(Unwelcome::Unauthorized),
        }
    }

    /// Begins a session, and sees to its end. None when the wallet was locked, or the agent sent away, in this very moment.
    fn begin(
        self: &Arc<Self>,
        family: &FamilyId,
        guest: session::Guest,
    ) -> Option<(Arc<Session>, mpsc::Receiver<Speech>)> {
        let (session, heard) = Session::new(self.clone(), guest.clone());
        self.sessions.add(session.clone());
        lock(&self.door.guests.open).insert(session.id.clone(), (family.clone(), session.clone()));
        // Looked at once more: an end since may have come too early to find the session.
        let holds = self.with_issuer(|issuer| issuer.holds(family)).unwrap_or(false);
        let welcome = holds && self.is_welcome(&guest).is_ok();
        if !welcome || self.write(self.about_guest(&guest, Kind::AgentConnected)).is_err() {
            self.leave(&session);
            return None;
        }
        self.tell(Event::Agents);
        let (inner, ending) = (self.clone(), session.clone());
        tokio::spawn(async move {
            ending.over().await;
            ending.close().await;
            let ended = inner.books.change(|book, _| {
                book.end_session(&ending.id);
                Ok(())
            });
            if ended.is_ok() {
                // A wallet that is locked by now has recorded that instead.
                let _ = inner.write(inner.about_guest(&guest, Kind::AgentDisconnected));
            }
            inner.leave(&ending);
        });
        Some((session, heard))
    }

    fn leave(&self, session: &Session) {
        lock(&self.door.guests.open).remove(&session.id);
        self.sessions.remove(&session.id);
        self.tell(Event::Agents);
    }

    /// Ends the sessions of tokens that were revoked.
    pub(super) fn end_unheld(&self) {
        let open: Vec<_> = lock(&self.door.guests.open).values().cloned().collect();
        let unheld = self.with_issuer(|issuer| {
            open.into_iter().filter(|(family, _)| !issuer.holds(family)).map(|(_, session)| session).collect()
        });
        let unheld: Vec<Arc<Session>> = unheld.unwrap_or_default();
        unheld.iter().for_each(|session| session.end());
    }

    fn about_guest(&self, guest: &session::Guest, kind: Kind) -> Body {
        let note = Some(format!("over HTTP, at {}", guest.scope.path()));
        Body { agent: Some(guest.agent.clone()), peer: Some(guest.peer.clone()), note, ..self.body(kind) }
    }
}

impl Guest {
    fn new(inner: Arc<Inner>, family: FamilyId, guest: session::Guest) -> Self {
        let selves = Mutex::default();
        let modern = Modern { inner: inner.clone(), family: family.clone(), guest: guest.clone(), selves };
        Self { inner, family, guest, modern: Arc::new(modern) }
    }
}

#[async_trait]
impl agents::Guest for Guest {
    fn key(&self) -> &str {
        self.family.as_str()
    }

    async fn talk(&self, era: Era) -> Arc<dyn Talk> {
        if era == Era::Modern {
            return self.modern.clone();
        }
        let (session, heard) = self.inner.begin(&self.family, self.guest.clone()).unzip();
        Arc::new(Spoken { session, apart: Mutex::new(heard) })
    }
}

#[async_trait]
impl Talk for Spoken {
    async fn ask(&self, request: Message) -> mpsc::Receiver<Speech> {
        ask(self.session.as_deref(), request, Ids::Unique).await
    }

    async fn tell(&self, message: Message) {
        self.session.iter().for_each(|session| session.tell(&message));
    }

    fn apart(&self) -> Option<mpsc::Receiver<Speech>> {
        lock(&self.apart).take()
    }

    fn is_over(&self) -> bool {
        self.session.as_ref().is_none_or(|session| session.is_over())
    }

    async fn end(&self) {
        self.session.iter().for_each(|session| session.end());
    }
}

#[async_trait]
impl Talk for Modern {
    async fn ask(&self, request: Message) -> mpsc::Receiver<Speech> {
        let session = self.session(&request);
        ask(session.as_deref(), request, Ids::Shared).await
    }

    async fn tell(&self, message: Message) {
        let sessions: Vec<_> = lock(&self.selves).values().map(|me| me.session.clone()).collect();
        sessions.iter().for_each(|session| session.tell(&message));
    }

    /// Nothing comes that no request asked for.
    fn apart(&self) -> Option<mpsc::Receiver<Speech>> {
        None
    }

    fn is_over(&self) -> bool {
        false
    }

    /// Each of its sessions ends by itself.
    async fn end(&self) {}
}

impl Modern {
    /// The session of what a request says of its client.
    fn session(&self, request: &Message) -> Option<Arc<Session>> {
        let me = said(request);
        let mut selves = lock(&self.selves);
        selves.retain(|_, me| !me.session.is_over());
        if let Some(known) = selves.get_mut(&me) {
            known.used = Instant::now();
            return Some(known.session.clone());
        }
        if selves.len() >= SELVES {
            let oldest = selves.iter().min_by_key(|(_, me)| me.used).map(|(key, _)| *key);
            oldest.and_then(|key| selves.remove(&key)).inspect(|me| me.session.end());
        }
        // What belongs to no request goes nowhere: modern agents ask for it.
        let (session, _) = self.inner.begin(&self.family, self.guest.clone())?;
        selves.insert(me, OneSelf { session: session.clone(), used: Instant::now() });
        drop(selves);
        Some(session)
    }

    fn is_in_use(&self) -> bool {
        lock(&self.selves).values().any(|me| !me.session.is_over())
    }

    fn end_idle(&self) {
        let idle = |me: &OneSelf| me.used.elapsed() >= IDLE && me.session.is_quiet();
        lock(&self.selves).values().filter(|me| idle(me)).for_each(|me| me.session.end());
    }
}

/// Ends modern sessions that nobody uses, until the wallet closes.
pub(super) async fn sweep(inner: Arc<Inner>) {
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = look.tick() => {}
            () = inner.closing.cancelled() => return,
        }
        let known: Vec<_> = lock(&inner.door.guests.known).values().cloned().collect();
        known.iter().for_each(|guest| guest.modern.end_idle());
    }
}

/// Asks over a session; one that is over says nothing.
async fn ask(session: Option<&Session>, request: Message, ids: Ids) -> mpsc::Receiver<Speech> {
    let (voice, heard) = Voice::new();
    if let Some(session) = session.filter(|session| !session.is_over()) {
        session.ask(request, &voice, ids).await;
    }
    heard
}

/// What a request says of its client (2026-07-28, `_meta`), in short.
fn said(request: &Message) -> Digest {
    let of = |name: &str| request.member(&["_meta", name]).unwrap_or_default();
    let (info, can) =
        (of("io.modelcontextprotocol/clientInfo"), of("io.modelcontextprotocol/clientCapabilities"));
    proof::sha256(format!("{info}\n{can}").as_bytes())
}
