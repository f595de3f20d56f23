//! The requests under way: how each is heard, and how it is taken back.
//!
//! Over one line an agent's ids are its own business: two requests under way with one id are an error. Over HTTP several
//! exchanges share a session, and their ids and progress tokens may meet; then the later one goes by another, and gets its own
//! back with everything it hears.

use super::Session;
use crate::clean::Clean;
use crate::end::Stop;
use crate::held::lock;
use crate::voice::Voice;
use mcp::{Message, RawId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
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
    withdrawn: CancellationToken,
    voice: Voice,
    /// The token by which servers tell its progress.
    token: Option<RawId>,
    /// The agent's own, where that is another.
    own_token: Option<RawId>,
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
    /// The agent takes one back.
    pub(super) fn withdraw(&self, id: &RawId) {
        let withdrawn = lock(&self.0).get(id).map(|entry| entry.withdrawn.clone());
        withdrawn.inspect(CancellationToken::cancel);
    }

    pub(super) fn withdraw_all(&self) {
        lock(&self.0).values().for_each(|entry| entry.withdrawn.cancel());
    }

    /// Whose a message is: of the request it came `during`, or the one whose progress it tells. That comes with the agent's own
    /// token.
    fn place(&self, during: Option<&RawId>, message: Message) -> (Option<Voice>, Message) {
        let token = progress_token(&message);
        let under_way = lock(&self.0);
        let of_token = |entry: &&Entry| token.is_some() && entry.token == token;
        let entry = during.and_then(|id| under_way.get(id)).or_else(|| under_way.values().find(of_token));
        let Some(entry) = entry else { return (None, message) };
        let own = entry.own_token.as_ref().filter(|_| of_token(&entry)).map(RawId::to_value);
        let message = own.map_or(message.clone(), |own| message.edit().param("progressToken", &own).finish());
        (Some(entry.voice.clone()), message)
    }

    /// Takes a request up under an id and a token that no other has.
    fn begin(
        &self,
        mut request: Message,
        voice: &Voice,
        ids: Ids,
    ) -> Option<(RawId, CancellationToken, Message)> {
        let mut under_way = lock(&self.0);
        if request.id().is_some_and(|id| under_way.contains_key(id)) {
            if ids == Ids::Unique {
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
        let entry = Entry { withdrawn: withdrawn.clone(), voice: voice.clone(), token, own_token };
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

    /// By which voice the agent hears a message, and as what.
    pub(super) fn placed(&self, during: Option<&RawId>, message: Message) -> (Voice, Message) {
        let (voice, message) = self.under_way.place(during, message);
        (voice.unwrap_or_else(|| self.apart.clone()), message)
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
        lock(&self.session.under_way.0).remove(&self.id);
    }
}

fn progress_token(message: &Message) -> Option<RawId> {
    let tells = message.method() == Some("notifications/progress");
    message.member(&["progressToken"]).filter(|_| tells).and_then(RawId::parse)
}
