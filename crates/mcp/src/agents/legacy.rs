//! Legacy agents: sessions, and streams that can be taken up again (up to 2025-11-25).

use super::answer::{self, Answer};
use super::stream::{Reader, Stream};
use super::visit::single;
use super::{Guest, Talk};
use crate::era::{Era, LEGACY};
use crate::flow::Speech;
use crate::message::{Kind, Message};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use domain::Endpoint;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, timeout};

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// The most sessions, all agents together, and of one agent.
const SESSIONS: usize = 256;
const OF_ONE: usize = 64;
/// A session that nobody uses for so long ends.
const IDLE: Duration = Duration::from_mins(30);
/// The most streams of a session that are kept to be taken up again.
const STREAMS: usize = 64;
/// The stream of what belongs to no request.
const APART: u64 = 0;
/// The first version whose streams begin with an event that says nothing yet; older agents stumble over it.
const PRIMED: &str = "2025-11-25";

/// All sessions.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Arc<Session>>>);

struct Session {
    talk: Arc<dyn Talk>,
    /// Whose, and where: nobody else's, and nowhere else.
    key: String,
    endpoint: Endpoint,
    version: Mutex<String>,
    streams: Mutex<Streams>,
    used: Mutex<Instant>,
}

#[derive(Default)]
struct Streams {
    kept: HashMap<u64, Arc<Stream>>,
    last: u64,
}

/// Who asks, where, with which headers.
pub(super) struct Asking<'a> {
    pub(super) guest: &'a dyn Guest,
    pub(super) endpoint: &'a Endpoint,
    pub(super) headers: &'a HeaderMap,
}

impl Sessions {
    /// Takes one message.
    pub(super) async fn post(&self, asking: &Asking<'_>, message: Message) -> Answer {
        let begins = message.method() == Some("initialize") && asking.headers.get(SESSION).is_none();
        if begins {
            return self.begin(asking, message).await;
        }
        let session = match self.find(asking) {
            Ok(session) => session,
            Err(status) => return answer::bare(status),
        };
        if matches!(message.kind(), Kind::Request { .. }) {
            return session.respond(message).await;
        }
        session.talk.tell(message).await;
        answer::bare(StatusCode::ACCEPTED)
    }

    /// Opens a stream: of what belongs to no request, or one that was lost.
    pub(super) fn get(&self, asking: &Asking<'_>) -> Answer {
        let session = match self.find(asking) {
            Ok(session) => session,
            Err(status) => return answer::bare(status),
        };
        match single(asking.headers, &LAST_EVENT) {
            Ok(Some(last)) => session.resume(last),
            Ok(None) => session.listen(),
            Err(status) => answer::bare(status),
        }
    }

    /// Ends a session.
    pub(super) async fn delete(&self, asking: &Asking<'_>) -> Answer {
        let session = match self.find(asking) {
            Ok(session) => session,
            Err(status) => return answer::bare(status),
        };
        self.lock().retain(|_, kept| !Arc::ptr_eq(kept, &session));
        session.end().await;
        answer::bare(StatusCode::OK)
    }

    /// Ends sessions that nobody uses.
    pub(super) async fn sweep(&self) {
        let idle: Vec<_> = self.lock().extract_if(|_, session| session.is_idle()).collect();
        for (_, session) in idle {
            session.end().await;
        }
    }

    /// Ends all of them.
    pub(super) async fn close(&self) {
        let all = std::mem::take(&mut *self.lock());
        for session in all.into_values() {
            session.end().await;
        }
    }

    async fn begin(&self, asking: &Asking<'_>, hello: Message) -> Answer {
        if !self.has_room(asking.guest.key()) {
            return answer::bare(StatusCode::SERVICE_UNAVAILABLE);
        }
        let talk = asking.guest.talk(Era::Legacy).await;
        let answered = answer_alone(talk.ask(hello).await).await;
        let Some(answered) = answered else {
            talk.end().await;
            return answer::bare(StatusCode::INTERNAL_SERVER_ERROR);
        };
        let version = answered.member_text(&["protocolVersion"]).map(|version| version.into_owned());
        let (Some(version), Some(id)) = (version, make_id()) else {
            talk.end().await;
            return answer::message(StatusCode::OK, answered);
        };
        let session = Arc::new(Session {
            key: asking.guest.key().to_owned(),
            endpoint: asking.endpoint.clone(),
            version: Mutex::new(version),
            streams: Mutex::default(),
            used: Mutex::new(Instant::now()),
            talk,
        });
        session.keep_apart();
        let mut answer = answer::message(StatusCode::OK, answered);
        if let Ok(value) = HeaderValue::try_from(&id) {
            answer.headers_mut().insert(SESSION, value);
        }
        self.lock().insert(id, session);
        answer
    }

    /// The session a request names. One of somebody else's is as unknown as one that never was (threat 13).
    fn find(&self, asking: &Asking<'_>) -> Result<Arc<Session>, StatusCode> {
        let id = single(asking.headers, &SESSION)?.ok_or(StatusCode::BAD_REQUEST)?;
        let session = self.lock().get(id).cloned();
        let theirs = |session: &Arc<Session>| {
            session.key == asking.guest.key() && session.endpoint == *asking.endpoint
        };
        let session = session.filter(theirs).ok_or(StatusCode::NOT_FOUND)?;
        if session.talk.is_over() {
            self.lock().retain(|_, kept| !Arc::ptr_eq(kept, &session));
            return Err(StatusCode::NOT_FOUND);
        }
        if single(asking.headers, &VERSION)?.is_some_and(|version| !LEGACY.contains(&version)) {
            return Err(StatusCode::BAD_REQUEST);
        }
        session.touch();
        Ok(session)
    }

    fn has_room(&self, key: &str) -> bool {
        let sessions = self.lock();
        sessions.len() < SESSIONS && sessions.values().filter(|session| session.key == key).count() < OF_ONE
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Asks, and answers with one message, or with a stream when something comes before it. An agent that loses the
    /// connection has not taken its request back: the stream is there to be taken up.
    async fn respond(self: &Arc<Self>, request: Message) -> Answer {
        let mut coming = self.talk.ask(request).await;
        let (tell, first) = tokio::sync::oneshot::channel();
        let session = Arc::clone(self);
        tokio::spawn(async move {
            let Some(first) = coming.recv().await else { return };
            if first.is_answer() {
                // Nobody waiting for it any more, and no event to take it up after: it is lost, as over any connection.
                let _ = tell.send(Err(first));
                return;
            }
            let (number, stream) = session.open_stream();
            stream.say(first).await;
            // Who asked may have gone, and may come back.
            let _ = tell.send(Ok((number, stream.clone())));
            while let Some(speech) = coming.recv().await {
                let last = speech.is_answer();
                if stream.say(speech).await && last {
                    break;
                }
            }
            stream.close();
            session.touch();
        });
        match first.await {
            Ok(Err(Speech::Message(message))) => answer::message(StatusCode::OK, message),
            Ok(Err(Speech::Flow(spoken))) => answer::pieces(spoken),
            Ok(Ok((number, stream))) => self.stream(number, &stream, 0, true),
            Err(_) => answer::bare(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// Takes up what belongs to no request, whether or not somebody listens now.
    fn keep_apart(self: &Arc<Self>) {
        let Some(mut apart) = self.talk.apart() else { return };
        let stream = Arc::new(Stream::default());
        lock(&self.streams).kept.insert(APART, stream.clone());
        tokio::spawn(async move {
            while let Some(speech) = apart.recv().await {
                stream.say(speech).await;
            }
            stream.close();
        });
    }

    fn listen(&self) -> Answer {
        let stream = lock(&self.streams).kept.get(&APART).cloned();
        let Some(stream) = stream else { return answer::bare(StatusCode::METHOD_NOT_ALLOWED) };
        if stream.is_read() {
            return answer::bare(StatusCode::CONFLICT);
        }
        self.stream(APART, &stream, stream.position(), true)
    }

    fn resume(&self, last: &str) -> Answer {
        let place = last
            .split_once('-')
            .and_then(|(stream, event)| Some((stream.parse().ok()?, event.parse().ok()?)));
        let Some((number, seen)) = place else { return answer::bare(StatusCode::BAD_REQUEST) };
        let stream = lock(&self.streams).kept.get(&number).cloned();
        match stream {
            Some(stream) => self.stream(number, &stream, seen, false),
            None => answer::bare(StatusCode::BAD_REQUEST),
        }
    }

    fn stream(&self, number: u64, stream: &Arc<Stream>, seen: u64, begins: bool) -> Answer {
        let Some(reader) = stream.read(seen) else { return answer::bare(StatusCode::BAD_REQUEST) };
        let primed = begins && lock(&self.version).as_str() >= PRIMED;
        answer::events(events(reader, number, primed.then(|| format!("{number}-{seen}"))))
    }

    fn open_stream(&self) -> (u64, Arc<Stream>) {
        let mut streams = lock(&self.streams);
        streams.last += 1;
        let number = streams.last;
        let stream = Arc::new(Stream::default());
        streams.kept.insert(number, stream.clone());
        if streams.kept.len() > STREAMS {
            let done = |(number, stream): (&u64, &Arc<Stream>)| stream.is_done().then_some(*number);
            let oldest = streams.kept.iter().filter_map(done).filter(|number| *number != APART).min();
            oldest.map(|number| streams.kept.remove(&number));
        }
        (number, stream)
    }

    fn is_idle(&self) -> bool {
        let busy = lock(&self.streams).kept.values().any(|stream| stream.is_read());
        self.talk.is_over() || !busy && lock(&self.used).elapsed() >= IDLE
    }

    fn touch(&self) {
        *lock(&self.used) = Instant::now();
    }

    async fn end(&self) {
        self.talk.end().await;
        let streams = std::mem::take(&mut lock(&self.streams).kept);
        streams.into_values().for_each(|stream| stream.close());
    }
}

async fn answer_alone(mut coming: Receiver<Speech>) -> Option<Message> {
    while let Some(speech) = coming.recv().await {
        if speech.is_answer()
            && let Ok(answer) = speech.whole().await
        {
            return Some(answer);
        }
    }
    None
}

fn events(
    reader: Reader,
    number: u64,
    priming: Option<String>,
) -> impl futures_util::Stream<Item = Bytes> + Send + Sync {
    futures_util::stream::unfold((reader, priming), move |(mut reader, priming)| async move {
        if let Some(id) = priming {
            return Some((answer::priming(&id), (reader, None)));
        }
        let event = match timeout(answer::BEAT, reader.next()).await {
            Err(_) => answer::beat(),
            Ok(Some((event, message))) => answer::event(Some(&format!("{number}-{event}")), &message),
            Ok(None) => return None,
        };
        Some((event, (reader, None)))
    })
}

/// 128 random bits in visible ASCII.
fn make_id() -> Option<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
