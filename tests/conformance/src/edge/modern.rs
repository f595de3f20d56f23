//! The modern era: no sessions, and a request is over when its response is, whoever ends it.

use super::headers::Params;
use super::routes::Routes;
use super::{gone, refuse, sse, whole};
use crate::line::Source;
use crate::rpc::{is_answer, notification};
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{OnceCell, mpsc};

/// The line all requests share, opened for the first.
#[derive(Default)]
pub struct Requests {
    shared: OnceCell<Shared>,
    params: Params,
    next: AtomicU64,
}

struct Shared {
    to: mpsc::UnboundedSender<Value>,
    routes: Arc<Routes>,
}

/// A request that the server has, and the messages about it.
struct Open {
    key: Value,
    to: mpsc::UnboundedSender<Value>,
    routes: Arc<Routes>,
    messages: mpsc::UnboundedReceiver<Value>,
}

impl Requests {
    pub async fn post(&self, source: &Source, headers: &HeaderMap, message: Value) -> Response {
        if message.get("id").is_none() {
            return StatusCode::ACCEPTED.into_response();
        }
        let id = message["id"].clone();
        if let Err(failure) = self.params.check(headers, &message) {
            return refuse(&id, failure);
        }
        let lists = message["method"] == "tools/list";
        let Ok(mut open) = self.send(source, message).await else { return gone(&id) };
        let Some(first) = open.messages.recv().await else { return gone(&id) };
        if !is_answer(&first) {
            return sse::response(stream::unfold((open, Some(first)), Open::event));
        }
        if lists {
            self.params.learn(&first);
        }
        whole(&first, true)
    }

    /// Sends a request on, under an id that no other client uses.
    async fn send(&self, source: &Source, mut message: Value) -> std::io::Result<Open> {
        let shared = self.shared.get_or_try_init(|| async { Shared::open(source) }).await?;
        let key = Value::from(self.next.fetch_add(1, Ordering::Relaxed));
        let messages = shared.routes.open(key.clone(), &message);
        message["id"] = key.clone();
        let _ = shared.to.send(message);
        Ok(Open { key, to: shared.to.clone(), routes: shared.routes.clone(), messages })
    }
}

impl Shared {
    fn open(source: &Source) -> std::io::Result<Self> {
        let line = source.open()?;
        Ok(Self { to: line.to, routes: Routes::over(line.from) })
    }
}

impl Open {
    /// The next event: first the message that is here, then what comes.
    async fn event((mut open, first): (Self, Option<Value>)) -> Option<(Bytes, (Self, Option<Value>))> {
        let message = match first {
            Some(message) => message,
            None => open.messages.recv().await?,
        };
        Some((sse::event(None, &message), (open, None)))
    }
}

impl Drop for Open {
    /// A request whose response is dropped before its answer came is cancelled.
    fn drop(&mut self) {
        if self.routes.close(&self.key) {
            let _ = self.to.send(notification("notifications/cancelled", json!({"requestId": self.key})));
        }
    }
}
