//! Reading an HTTP answer: its status, its kind, its bytes, all within bounds.

use super::HttpLimits;
use crate::flow::{FLOWS_FROM, Flow, LARGEST, Pieces, Reply};
use crate::message::{Message, RawId};
use crate::upstream::UpstreamError;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::{HeaderMap, StatusCode, header};
use reqwest::Response;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// How much of an error page is shown to the human.
const EXCERPT: usize = 300;
/// The largest error answer read.
const ERROR_BODY: usize = 64 << 10;
/// How long the end of a stream is waited for after its answer, so that the connection can be used again.
const TAIL: Duration = Duration::from_secs(1);

/// An answer, by its status and content type.
pub(super) enum Answer {
    /// 202 or 204: taken, nothing to read.
    Nothing,
    /// One JSON message.
    Json(Response),
    /// An event stream.
    Events(Response),
    /// An error status that no rule of MCP explains; its body may hold a JSON-RPC error.
    Failed(Response),
}

/// Sorts an answer. `in_session` says whether the request named a session.
pub(super) fn sort(response: Response, in_session: bool) -> Result<Answer, UpstreamError> {
    let www_authenticate = || challenges(response.headers());
    match response.status() {
        StatusCode::UNAUTHORIZED => Err(UpstreamError::Unauthorized { www_authenticate: www_authenticate() }),
        StatusCode::FORBIDDEN => Err(UpstreamError::Forbidden { www_authenticate: www_authenticate() }),
        StatusCode::NOT_FOUND if in_session => Err(UpstreamError::SessionLost),
        StatusCode::ACCEPTED | StatusCode::NO_CONTENT => Ok(Answer::Nothing),
        status if status.is_redirection() => Err(UpstreamError::Redirected),
        status if status.is_success() => by_content_type(response),
        _ => Ok(Answer::Failed(response)),
    }
}

fn by_content_type(response: Response) -> Result<Answer, UpstreamError> {
    let value = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let value = value.unwrap_or_default().to_owned();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(Answer::Json(response))
    } else if essence.eq_ignore_ascii_case("text/event-stream") {
        Ok(Answer::Events(response))
    } else {
        Err(UpstreamError::NotMcp { content_type: value })
    }
}

fn challenges(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::WWW_AUTHENTICATE).iter();
    values.filter_map(|value| value.to_str().ok().map(str::to_owned)).collect()
}

/// Reads a body that is one answer. One that is large is read only as far as it takes to see what it answers.
pub(super) async fn reply(mut response: Response, limits: &HttpLimits) -> Result<Reply, UpstreamError> {
    if response.content_length().is_some_and(|size| size > LARGEST as u64) {
        return Err(UpstreamError::TooLarge { limit: LARGEST });
    }
    let Some(mut whole) = chunk(&mut response, Some(limits.silence)).await?.map(BytesMut::from) else {
        return parsed(Bytes::new(), limits);
    };
    while whole.len() < FLOWS_FROM {
        match chunk(&mut response, Some(limits.silence)).await? {
            Some(more) => whole.extend_from_slice(&more),
            None => return parsed(whole.freeze(), limits),
        }
    }
    begin(whole.freeze(), pieces(response, limits.silence), limits).await
}

/// The same of a message that is a large event's data.
pub(super) async fn flow_of_event(
    first: Bytes,
    response: Response,
    limits: &HttpLimits,
) -> Result<Reply, UpstreamError> {
    begin(first, until_line_ends(pieces(response, limits.silence)), limits).await
}

async fn begin(first: Bytes, pieces: Pieces, limits: &HttpLimits) -> Result<Reply, UpstreamError> {
    let (first, mut pieces) = match Flow::begin(first, pieces)? {
        Ok(flow) => return Ok(Reply::Flowing(flow)),
        Err(unclear) => unclear,
    };
    let mut whole = BytesMut::from(first);
    while let Some(piece) = pieces.next().await {
        whole.extend_from_slice(&piece?);
        if whole.len() > limits.message {
            return Err(UpstreamError::TooLarge { limit: limits.message });
        }
    }
    parsed(whole.freeze(), limits)
}

fn parsed(whole: Bytes, limits: &HttpLimits) -> Result<Reply, UpstreamError> {
    if whole.len() > limits.message {
        return Err(UpstreamError::TooLarge { limit: limits.message });
    }
    Ok(Reply::Whole(Message::parse(whole)?))
}

/// The rest of a body.
fn pieces(response: Response, silence: Duration) -> Pieces {
    let next = move |state: Option<Response>| async move {
        let mut response = state?;
        match chunk(&mut response, Some(silence)).await {
            Ok(piece) => Some((Ok(piece?), Some(response))),
            Err(error) => Some((Err(error), None)),
        }
    };
    futures_util::stream::unfold(Some(response), next).boxed()
}

/// The rest of a line. What follows it on the stream is read and dropped, so that the connection can be used again.
fn until_line_ends(pieces: Pieces) -> Pieces {
    let next = |state: Option<Pieces>| async move {
        let mut pieces = state?;
        let ended = || UpstreamError::Broke { what: "the stream ended".into() };
        let mut piece = match pieces.next().await.unwrap_or_else(|| Err(ended())) {
            Ok(piece) => piece,
            Err(error) => return Some((Err(error), None)),
        };
        let Some(end) = memchr::memchr2(b'\r', b'\n', &piece) else { return Some((Ok(piece), Some(pieces))) };
        piece.truncate(end);
        tokio::spawn(timeout(TAIL, async move { while let Some(Ok(_)) = pieces.next().await {} }));
        Some((Ok(piece), None))
    };
    futures_util::stream::unfold(Some(pieces), next).boxed()
}

/// Reads an error answer to the request `id`: the JSON-RPC error in it, under that id whatever it says.
pub(super) async fn failure(
    response: Response,
    limits: &HttpLimits,
    id: &RawId,
) -> Result<Message, UpstreamError> {
    let status = response.status();
    let body = collect(response, ERROR_BODY, limits.silence).await.unwrap_or_default();
    let Some((message, error)) = Message::parse(body.clone()).ok().and_then(|m| m.error().map(|e| (m, e)))
    else {
        return Err(UpstreamError::Status { status: status.as_u16(), body: excerpt(&body) });
    };
    if message.id() == Some(id) {
        return Ok(message);
    }
    let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
    let text = error.get("message").and_then(Value::as_str).unwrap_or_default();
    Ok(Message::failure(Some(id), code, text, error.get("data")))
}

/// An error answer to what wants no answer.
pub(super) async fn status(response: Response, limits: &HttpLimits) -> UpstreamError {
    let status = response.status().as_u16();
    let body = collect(response, ERROR_BODY, limits.silence).await.unwrap_or_default();
    UpstreamError::Status { status, body: excerpt(&body) }
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().filter(|c| !c.is_control()).take(EXCERPT).collect()
}

async fn collect(mut response: Response, limit: usize, silence: Duration) -> Result<Bytes, UpstreamError> {
    let too_large = |size| if size > limit { Err(UpstreamError::TooLarge { limit }) } else { Ok(()) };
    too_large(response.content_length().and_then(|size| usize::try_from(size).ok()).unwrap_or_default())?;
    let Some(first) = chunk(&mut response, Some(silence)).await? else { return Ok(Bytes::new()) };
    let mut whole = BytesMut::from(first);
    while let Some(more) = chunk(&mut response, Some(silence)).await? {
        too_large(whole.len() + more.len())?;
        whole.extend_from_slice(&more);
    }
    too_large(whole.len())?;
    Ok(whole.freeze())
}

/// The next bytes of a body; `None` at its end.
pub(super) async fn chunk(
    response: &mut Response,
    silence: Option<Duration>,
) -> Result<Option<Bytes>, UpstreamError> {
    let next = response.chunk();
    let chunk = match silence {
        Some(silence) => timeout(silence, next).await.map_err(|_| UpstreamError::Silent(silence))?,
        None => next.await,
    };
    chunk.map_err(broke)
}

/// Reads on to the end of a stream whose answer is in, in the background: only then can its connection be used again.
pub(super) fn drain(mut response: Response) {
    tokio::spawn(timeout(TAIL, async move { while let Ok(Some(_)) = response.chunk().await {} }));
}

/// What the network said, from the innermost cause, without the address.
pub(super) fn broke(error: reqwest::Error) -> UpstreamError {
    let unreachable = error.is_connect();
    let error = error.without_url();
    if unreachable { UpstreamError::Unreachable { what: cause(&error) } } else { broke_off(&error) }
}

/// The same for an exchange that had begun.
pub(super) fn broke_off(error: &dyn std::error::Error) -> UpstreamError {
    UpstreamError::Broke { what: cause(error) }
}

fn cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
