//! The legacy era: sessions, streams that may be closed and resumed, and questions of the server on them.

use super::headers::{LAST_EVENT, SESSION, value};
use super::routes::Routes;
use super::{gone, sse, whole};
use crate::line::Source;
use crate::rpc::is_answer;
use crate::tasks::new_id;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a stream may be silent before it is closed; the client comes back for the rest.
const SILENCE: Duration = Duration::from_secs(1);

#[derive(Default)]
pub struct Sessions(Mutex<HashMap<String, Arc<Session>>>);

struct Session {
    to: mpsc::UnboundedSender<Value>,
    routes: Arc<Routes>,
    /// Answers under way, by the number in their event ids.
    replies: Mutex<HashMap<u64, Arc<Reply>>>,
    next: AtomicU64,
}

/// The messages about one request, for one stream after the other.
struct Reply {
    number: u64,
    messages: tokio::sync::Mutex<mpsc::UnboundedReceiver<Value>>,
    events: AtomicU64,
}

impl Sessions {
    pub async fn post(&self, source: &Source, headers: &HeaderMap, message: Value) -> Response {
        if message["method"] == "initialize" {
            return self.begin(source, message).await;
        }
        let session = match self.find(headers) {
            Ok(session) => session,
            Err(status) => return status.into_response(),
        };
        if message.get("method").is_some() && message.get("id").is_some() {
            session.request(message).await
        } else {
            let _ = session.to.send(message);
            StatusCode::ACCEPTED.into_response()
        }
    }

    /// The stream for what belongs to no request, or the rest of one that was closed.
    pub fn listen(&self, headers: &HeaderMap) -> Response {
        let session = match self.find(headers) {
            Ok(session) => session,
            Err(StatusCode::BAD_REQUEST) => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
            Err(status) => return status.into_response(),
        };
        let Some(last) = value(headers, LAST_EVENT) else { return session.listen() };
        let number = last.split('-').next().and_then(|number| number.parse().ok());
        match number.and_then(|number| session.replies.lock().unwrap().get(&number).cloned()) {
            Some(reply) => session.resume(reply),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    pub fn end(&self, headers: &HeaderMap) -> Response {
        let ended = value(headers, SESSION).map(|id| self.0.lock().unwrap().remove(id));
        match ended {
            Some(Some(_)) => StatusCode::NO_CONTENT,
            Some(None) => StatusCode::NOT_FOUND,
            None => StatusCode::METHOD_NOT_ALLOWED,
        }
        .into_response()
    }

    async fn begin(&self, source: &Source, message: Value) -> Response {
        let id = message["id"].clone();
        let Ok(session) = Session::open(source) else { return gone(&id) };
        let mut response = session.clone().request(message).await;
        if response.status() == StatusCode::OK {
            let name = new_id();
            response.headers_mut().insert(HeaderName::from_static(SESSION), name.parse().unwrap());
            self.0.lock().unwrap().insert(name, session);
        }
        response
    }

    fn find(&self, headers: &HeaderMap) -> Result<Arc<Session>, StatusCode> {
        let id = value(headers, SESSION).ok_or(StatusCode::BAD_REQUEST)?;
        self.0.lock().unwrap().get(id).cloned().ok_or(StatusCode::NOT_FOUND)
    }
}

impl Session {
    fn open(source: &Source) -> std::io::Result<Arc<Self>> {
        let line = source.open()?;
        let routes = Routes::over(line.from);
        Ok(Arc::new(Self { to: line.to, routes, replies: Mutex::default(), next: AtomicU64::new(1) }))
    }

    async fn request(self: Arc<Self>, message: Value) -> Response {
        let id = message["id"].clone();
        let mut messages = self.routes.open(id.clone(), &message);
        let _ = self.to.send(message);
        match tokio::time::timeout(SILENCE, messages.recv()).await {
            Ok(None) => gone(&id),
            Ok(Some(answer)) if is_answer(&answer) => whole(&answer, false),
            Ok(Some(first)) => self.stream(messages, Some(first)),
            Err(_) => self.stream(messages, None),
        }
    }

    /// Answers with a stream: `first` and what follows, or nothing for now.
    fn stream(self: Arc<Self>, messages: mpsc::UnboundedReceiver<Value>, first: Option<Value>) -> Response {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let reply = Arc::new(Reply { number, messages: messages.into(), events: AtomicU64::new(0) });
        self.replies.lock().unwrap().insert(number, reply.clone());
        let opening = match first {
            Some(first) => vec![sse::priming(&reply.mark()), reply.event(&first)],
            None => return sse::response(stream::iter([sse::priming(&reply.mark())])),
        };
        let rest = stream::unfold((self, reply), async |(session, reply)| {
            let message = tokio::time::timeout(SILENCE, session.next(&reply)).await.ok()??;
            Some((reply.event(&message), (session, reply)))
        });
        sse::response(futures_util::StreamExt::chain(stream::iter(opening), rest))
    }

    /// Goes on with a stream that was closed, until the answer.
    fn resume(self: Arc<Self>, reply: Arc<Reply>) -> Response {
        sse::response(stream::unfold((self, reply), async |(session, reply)| {
            let message = session.next(&reply).await?;
            Some((reply.event(&message), (session, reply)))
        }))
    }

    fn listen(&self) -> Response {
        let messages = self.routes.open_standalone();
        sse::response(stream::unfold(messages, async |mut messages| {
            let message = messages.recv().await?;
            Some((sse::event(None, &message), messages))
        }))
    }

    /// The next message about a request; its answer is the last.
    async fn next(&self, reply: &Reply) -> Option<Value> {
        let message = reply.messages.lock().await.recv().await;
        if message.as_ref().is_none_or(is_answer) {
            self.replies.lock().unwrap().remove(&reply.number);
        }
        message
    }
}

impl Reply {
    fn event(&self, message: &Value) -> Bytes {
        sse::event(Some(&self.mark()), message)
    }

    fn mark(&self) -> String {
        format!("{}-{}", self.number, self.events.fetch_add(1, Ordering::Relaxed))
    }
}
