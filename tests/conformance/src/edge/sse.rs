//! Streams of server-sent events.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use serde_json::Value;
use std::convert::Infallible;

/// A message as an event.
pub fn event(id: Option<&str>, message: &Value) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}data: {message}\n\n").into()
}

/// The event that opens a stream which may be resumed, so that the client has an id to come back with.
pub fn priming(id: &str) -> Bytes {
    format!("id: {id}\nretry: 200\ndata:\n\n").into()
}

pub fn response(events: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let headers = [("content-type", "text/event-stream"), ("cache-control", "no-cache")];
    let events = futures_util::StreamExt::map(events, Ok::<_, Infallible>);
    (headers, Body::from_stream(events)).into_response()
}
