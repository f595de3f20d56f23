//! The requests under way: how each is heard, and how it is taken back.
//!
//! Over one line an agent's ids are its own business: two requests under way with one id are an error. Over HTTP several
//! exchanges share a session, and their ids and progress tokens may meet; then the later one goes by another, and gets its own
//! back with everything it hears.

use super::Session;
use super::parked::Pending;
use crate::clean::Clean;
use crate::end::Stop;
use crate::held::lock;
use crate::voice::Voice;
use domain::ServerName;
use mcp::translate::logging::Level;
use mcp::{Message, RawId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Whether requests under way have different ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// They have: a second one with an id is refused. One is taken back by its id.
    Unique,
    /// They need not. One is taken back by hearing its voice no more.
    Shared,
}

/// Requests under way, by the id they go by.
#[derive(Default)]
pub(super) struct UnderWay(Mutex<HashMap<RawId, Entry>>);

struct Entry {
    /// The id by which the agent knows it.
    own: RawId,
    withdrawn: CancellationToken,
    /// How it is heard; by nobody while it waits for its agent to come again.
    voice: Option<Voice>,
    /// The token by which servers tell its progress.
    token: Option<RawId>,
    /// The agent's own, where that is another.
    own_token: Option<RawId>,
    /// Where it has gone.
    server: Option<ServerName>,
    /// How much a modern agent wants to hear of the server's work.
    level: Option<Level>,
    /// Where a legacy server's questions go, whose agent can't be asked in between.
    asks: Option<mpsc::Sender<Pending>>,
}

/// Whose a message is.
enum Whose {
    /// A request's.
    Of(Voice),
    /// A request's that nobody listens to now.
    Nobodys,
    /// No request's.
    Apart,
}

/// A request's place among those under way, which it keeps also when it is answered for the time being.
pub(crate) struct Held {
    id: RawId,
    session: Weak<Session>,
    /// Whether the place is freed with it; else the request is answered yet, and frees it.
    frees: bool,
}

/// A request under way. However its work ends, its id is free again then.
pub(super) struct Begun {
    id: RawId,
    ids: Ids,
    voice: Voice,
    withdrawn: CancellationToken,
    session: Arc<Session>,
}

impl UnderWay {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        lock(&self.0).len()
    }

    /// The agent takes one back, by its own id for it.
    pub(super) fn withdraw(&self, id: &RawId) {
        let under_way = lock(&self.0);
        let own = |entry: &&Entry| entry.own == *id && entry.voice.is_some();
        let entry = under_way.get(id).filter(own).or_else(|| under_way.values().find(own));
        let withdrawn = entry.map(|entry| entry.withdrawn.clone());
        drop(under_way);
        withdrawn.inspect(CancellationToken::cancel);
    }

    /// By which id the agent knows a request, and by which voice it is heard.
    pub(super) fn known_as(&self, id: &RawId) -> Option<(RawId, Voice)> {
        let under_way = lock(&self.0);
        let entry = under_way.get(id)?;
        Some((entry.own.clone(), entry.voice.clone()?))
    }

    /// Who hears a server's remark about its work: the request it came `during`, or one that is there now, if that wants to hear
    /// so much.
    pub(super) fn hears_remark(
        &self,
        during: Option<&RawId>,
        server: &ServerName,
        remark: Level,
    ) -> Option<Voice> {
        let under_way = lock(&self.0);
        let wants = |entry: &&Entry| entry.level.is_some_and(|level| level <= remark);
        let there = |entry: &&Entry| entry.server.as_ref() == Some(server) && entry.voice.is_some();
        let entry = match during.and_then(|id| under_way.get(id)) {
            Some(entry) => Some(entry).filter(wants),
            None => under_way.values().filter(there).find(wants),
        };
        entry.and_then(|entry| entry.voice.clone())
    }

    /// The request goes to this server.
    pub(super) fn sent(&self, id: &RawId, server: &ServerName) {
        if let Some(entry) = lock(&self.0).get_mut(id) {
            entry.server = Some(server.clone());
        }
    }

    /// Where a question of this server's goes: to the request it came `during`, or to one that is there now.
    pub(super) fn takes_questions(
        &self,
        during: Option<&RawId>,
        server: &ServerName,
    ) -> Option<mpsc::Sender<Pending>> {
        let under_way = lock(&self.0);
        let there = |entry: &&Entry| entry.asks.is_some() && entry.server.as_ref() == Some(server);
        let entry = during.and_then(|id| under_way.get(id)).filter(there);
        let entry =
            entry.or_else(|| under_way.values().filter(there).max_by_key(|entry| entry.voice.is_some()));
        entry.and_then(|entry| entry.asks.clone())
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }

    pub(super) fn withdraw_all(&self) {
        lock(&self.0).values().for_each(|entry| entry.withdrawn.cancel());
    }

    /// Whose a message is: of the request it came `during`, or the one whose progress it tells. That comes with the agent's own
    /// token.
    fn place(&self, during: Option<&RawId>, message: Message) -> (Whose, Message) {
        let token = progress_token(&message);
        let under_way = lock(&self.0);
        let of_token = |entry: &&Entry| token.is_some() && entry.token == token;
        let entry = during.and_then(|id| under_way.get(id)).or_else(|| under_way.values().find(of_token));
        let Some(entry) = entry else { return (Whose::Apart, message) };
        let own = entry.own_token.as_ref().filter(|_| of_token(&entry)).map(RawId::to_value);
        let message = own.map_or(message.clone(), |own| message.edit().param("progressToken", &own).finish());
        (entry.voice.clone().map_or(Whose::Nobodys, Whose::Of), message)
    }

    /// Takes a request up under an id and a token that no other has.
    fn begin(
        &self,
        mut request: Message,
        voice: &Voice,
        ids: Ids,
    ) -> Option<(RawId, CancellationToken, Message)> {
        let mut under_way = lock(&self.0);
        let own_id = request.id()?.clone();
        if let Some(other) = under_way.get(&own_id) {
            // An id whose request was answered for the time being is the agent's to use again.
            if ids == Ids::Unique && other.voice.is_some() && other.own == own_id {
                return None;
            }
            request = request.edit().id(RawId::text(&crate::random::make_id())).finish();
        }
        let id = request.id()?.clone();
        let own = request.member(&["_meta", "progressToken"]).and_then(RawId::parse);
        let met = own.is_some() && under_way.values().any(|entry| entry.token == own);
        let (token, own_token) = if met && ids == Ids::Shared {
            let token = RawId::text(&crate::random::make_id());
            request = request.edit().meta("progressToken", &token.to_value()).finish();
            (Some(token), own)
        } else {
            (own, None)
        };
        let withdrawn = CancellationToken::new();
        let entry = Entry {
            own: own_id,
            withdrawn: withdrawn.clone(),
            voice: Some(voice.clone()),
            token,
            own_token,
            server: None,
            level: Level::asked_by(&request).ok().flatten(),
            asks: None,
        };
        under_way.insert(id.clone(), entry);
        Some((id, withdrawn, request))
    }
}

impl Session {
    /// Notes a request as under way, unless one with its id is.
    pub(super) fn begin(&self, request: Message, voice: &Voice, ids: Ids) -> Option<(Begun, Message)> {
        let session = self.me.upgrade()?;
        let (id, withdrawn, request) = self.under_way.begin(request, voice, ids)?;
        Some((Begun { id, ids, voice: voice.clone(), withdrawn, session }, request))
    }

    /// By which voice the agent hears a message, and as what; none when nobody listens to its request now.
    pub(super) fn placed(&self, during: Option<&RawId>, message: Message) -> Option<(Voice, Message)> {
        match self.under_way.place(during, message) {
            (Whose::Of(voice), message) => Some((voice, message)),
            (Whose::Apart, message) => Some((self.apart.clone(), message)),
            (Whose::Nobodys, _) => None,
        }
    }

    /// By which voice the answer of a request is heard, and under which id.
    pub(crate) fn heard(&self, id: &RawId) -> Option<(RawId, Voice)> {
        let under_way = lock(&self.under_way.0);
        let entry = under_way.get(id)?;
        Some((entry.own.clone(), entry.voice.clone()?))
    }

    /// A request goes to this server, under the id it is under way by.
    pub(crate) fn goes_to(&self, id: &RawId, server: &ServerName) {
        self.under_way.sent(id, server);
    }

    /// The request goes on under another id as well: what belongs to that one is heard by the same voice.
    pub(crate) fn goes_on_under(&self, id: &RawId, other: &RawId) -> Option<Held> {
        let mut under_way = lock(&self.under_way.0);
        let entry = under_way.get(id)?;
        let (withdrawn, voice) = (entry.withdrawn.clone(), entry.voice.clone());
        let entry = Entry {
            own: entry.own.clone(),
            withdrawn,
            voice,
            token: None,
            own_token: None,
            server: entry.server.clone(),
            level: entry.level,
            asks: None,
        };
        under_way.insert(other.clone(), entry);
        Some(Held { id: other.clone(), session: self.me.clone(), frees: true })
    }

    /// Keeps a request among those under way until what is given is dropped; questions it can't hear in between go there.
    pub(super) fn hold(&self, id: &RawId, asks: mpsc::Sender<Pending>) -> Held {
        if let Some(entry) = lock(&self.under_way.0).get_mut(id) {
            entry.asks = Some(asks);
        }
        Held { id: id.clone(), session: self.me.clone(), frees: false }
    }
}

impl Held {
    /// Nobody listens to it now.
    pub(super) fn waits(&mut self) {
        self.frees = true;
        self.change(|entry, _| entry.voice = None);
    }

    /// It is heard as the request `id` from now on.
    pub(super) fn goes_on_as(&self, id: &RawId) {
        self.change(|entry, under_way| {
            let Some(new) = under_way.get(id) else { return };
            entry.voice.clone_from(&new.voice);
            entry.own = new.own.clone();
            entry.level = new.level;
            entry.own_token = new.own_token.clone().or_else(|| new.token.clone());
        });
    }

    fn change(&self, change: impl FnOnce(&mut Entry, &HashMap<RawId, Entry>)) {
        let Some(session) = self.session.upgrade() else { return };
        let mut under_way = lock(&session.under_way.0);
        if let Some(mut entry) = under_way.remove(&self.id) {
            change(&mut entry, &under_way);
            under_way.insert(self.id.clone(), entry);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(session) = self.session.upgrade().filter(|_| self.frees) {
            lock(&session.under_way.0).remove(&self.id);
        }
    }
}

impl Begun {
    /// Works on it. Over HTTP an agent that stops listening has taken it back.
    pub(super) async fn answer(&self, request: &Message) -> Result<Clean, Stop> {
        let answer = self.session.answer(request, &self.withdrawn);
        if self.ids == Ids::Unique {
            return answer.await;
        }
        let left = async {
            self.voice.unheard().await;
            self.withdrawn.cancel();
            std::future::pending().await
        };
        tokio::select! {
            biased;
            answer = answer => answer,
            never = left => never,
        }
    }

    pub(super) fn end(self) -> (Arc<Session>, Voice) {
        (self.session.clone(), self.voice.clone())
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let mut under_way = lock(&self.session.under_way.0);
        // One that waits for its agent keeps its place.
        if under_way.get(&self.id).is_some_and(|entry| entry.voice.is_some()) {
            under_way.remove(&self.id);
        }
    }
}

fn progress_token(message: &Message) -> Option<RawId> {
    let tells = message.method() == Some("notifications/progress");
    message.member(&["progressToken"]).filter(|_| tells).and_then(RawId::parse)
}
