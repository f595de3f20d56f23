//! Answers in HTTP: a status, one message, or a stream of events.

use crate::flow::{BrokeOff, Spoken};
use crate::message::{Message, RawId};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;

/// How often a quiet stream says that it lives, so that nothing on the way takes it for dead.
pub(super) const BEAT: Duration = Duration::from_secs(15);

/// The body of an answer that may break off.
pub(super) type Body = BoxBody<Bytes, BrokeOff>;
pub(super) type Answer = Response<Body>;

/// A status, and nothing that tells more.
pub(super) fn bare(status: StatusCode) -> Answer {
    with_status(status, Response::new(full(Bytes::new())))
}

/// A page of the house's.
pub(super) fn page(page: Response<Bytes>) -> Answer {
    page.map(full)
}

/// One message.
pub(super) fn message(status: StatusCode, message: Message) -> Answer {
    let mut answer = Response::new(full(message.into_bytes()));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    with_status(status, answer)
}

/// A JSON-RPC error.
pub(super) fn failure(
    status: StatusCode,
    id: Option<&RawId>,
    code: i64,
    sentence: &str,
    data: Option<&Value>,
) -> Answer {
    message(status, Message::failure(id, code, sentence, data))
}

/// One answer in pieces. When it breaks off, so does the connection.
pub(super) fn pieces(spoken: Spoken) -> Answer {
    let next = |mut pieces: Receiver<Result<Bytes, BrokeOff>>| async move {
        let piece = pieces.recv().await?.map(Frame::data);
        Some((piece, pieces))
    };
    let body = StreamBody::new(futures_util::stream::unfold(spoken.pieces, next));
    let mut answer = Response::new(BodyExt::boxed(body));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    with_status(StatusCode::OK, answer)
}

/// A stream of events.
pub(super) fn events(events: impl Stream<Item = Bytes> + Send + Sync + 'static) -> Answer {
    let body = StreamBody::new(events.map(|event| Ok(Frame::data(event))));
    let mut answer = Response::new(BodyExt::boxed(body));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    with_status(StatusCode::OK, answer)
}

/// A message as an event, with an id where the stream can be taken up again.
pub(super) fn event(id: Option<&str>, message: &[u8]) -> Bytes {
    let mut event = BytesMut::with_capacity(message.len() + 64);
    if let Some(id) = id {
        event.put(format!("id: {id}\n").as_bytes());
    }
    // A line break within JSON is white space, and may be any of the line breaks that end a line of an event.
    for line in message.split(|byte| matches!(byte, b'\n' | b'\r')) {
        event.put(&b"data: "[..]);
        event.put(line);
        event.put_u8(b'\n');
    }
    event.put_u8(b'\n');
    event.freeze()
}

/// The beginning of an event whose data comes in pieces, none of which holds a line break.
pub(super) const fn event_begins() -> Bytes {
    Bytes::from_static(b"data: ")
}

/// The end of such an event.
pub(super) const fn event_ends() -> Bytes {
    Bytes::from_static(b"\n\n")
}

/// The first event of a stream that can be taken up again: an id, and nothing said yet (2025-11-25).
pub(super) fn priming(id: &str) -> Bytes {
    format!("id: {id}\nretry: 1000\ndata: \n\n").into()
}

/// Says that a quiet stream lives.
pub(super) const fn beat() -> Bytes {
    Bytes::from_static(b": \n\n")
}

fn with_status(status: StatusCode, mut answer: Answer) -> Answer {
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn full(bytes: Bytes) -> Body {
    BodyExt::boxed(Full::new(bytes).map_err(|never| match never {}))
}
