//! Modern requests: each stands alone, and says in its headers what its body says (2026-07-28, server validation).

use super::answer::{self, Answer};
use super::visit::single;
use super::{Guest, Talk};
use crate::era::{Era, MODERN};
use crate::flow::{BrokeOff, Speech, Spoken};
use crate::message::{Kind, Message};
use crate::translate::methods::{self, Malformed};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
const META_VERSION: [&str; 2] = ["_meta", "io.modelcontextprotocol/protocolVersion"];

/// JSON-RPC errors of the modern era.
const HEADER_MISMATCH: i64 = -32020;
const VERSION_UNKNOWN: i64 = -32022;
const INVALID_PARAMS: i64 = -32602;
const INVALID_REQUEST: i64 = -32600;

/// Whether a message is a modern one, by its body or by its header: the two must then agree.
pub(super) fn is_modern(message: &Message, headers: &HeaderMap) -> bool {
    let said = headers.get(VERSION).and_then(|version| version.to_str().ok());
    // Versions are dates, and sort as such.
    message.member(&META_VERSION).is_some() || said.is_some_and(|version| version >= MODERN)
}

/// Answers one message.
pub(super) async fn post(guest: &dyn Guest, message: Message, headers: &HeaderMap) -> Answer {
    match message.kind() {
        Kind::Notification { .. } => {
            guest.talk(Era::Modern).await.tell(message).await;
            answer::bare(StatusCode::ACCEPTED)
        }
        // Modern servers ask within their answers; there is nothing to respond to.
        Kind::Response { .. } => {
            let sentence = "modern agents send requests and notifications alone";
            answer::failure(StatusCode::BAD_REQUEST, None, INVALID_REQUEST, sentence, None)
        }
        Kind::Request { id, .. } => {
            if let Err(wrong) = check(&message, headers) {
                let Wrong { code, sentence, data } = wrong;
                return answer::failure(StatusCode::BAD_REQUEST, Some(id), code, &sentence, data.as_ref());
            }
            let talk = guest.talk(Era::Modern).await;
            respond(&talk, message).await
        }
    }
}

async fn respond(talk: &Arc<dyn Talk>, request: Message) -> Answer {
    let mut coming = talk.ask(request).await;
    match coming.recv().await {
        None => answer::bare(StatusCode::INTERNAL_SERVER_ERROR),
        Some(Speech::Flow(spoken)) => answer::pieces(spoken),
        Some(Speech::Message(first)) if first.kind().is_response() => answer::message(status(&first), first),
        Some(first) => answer::events(events(first, coming)),
    }
}

/// The status that goes with an answer (Streamable HTTP, error handling).
fn status(answer: &Message) -> StatusCode {
    let code = answer.error().and_then(|error| error.get("code").and_then(Value::as_i64));
    match code {
        Some(-32601) => StatusCode::NOT_FOUND,
        Some(HEADER_MISMATCH | -32021 | VERSION_UNKNOWN | -32700 | INVALID_REQUEST) => {
            StatusCode::BAD_REQUEST
        }
        _ => StatusCode::OK,
    }
}

/// What comes for a request, until its answer. An agent that closes the stream drops the receiver, and so the request.
fn events(first: Speech, coming: Receiver<Speech>) -> impl futures_util::Stream<Item = Bytes> + Send + Sync {
    futures_util::stream::unfold(Next::Say(first, coming), |mut next| async {
        loop {
            match next {
                Next::Say(Speech::Message(message), coming) => {
                    let then = if message.kind().is_response() { Next::Nothing } else { Next::Hear(coming) };
                    return Some((answer::event(None, message.bytes()), then));
                }
                Next::Say(Speech::Flow(spoken), coming) => {
                    return Some((answer::event_begins(), Next::Piece(spoken, coming)));
                }
                Next::Hear(mut coming) => match timeout(answer::BEAT, coming.recv()).await {
                    Err(_) => return Some((answer::beat(), Next::Hear(coming))),
                    Ok(None) => return None,
                    Ok(Some(speech)) => next = Next::Say(speech, coming),
                },
                Next::Piece(mut spoken, coming) => match spoken.pieces.recv().await {
                    Some(Ok(piece)) => return Some((piece, Next::Piece(spoken, coming))),
                    Some(Err(BrokeOff)) => return Some((answer::event_ends(), Next::Hear(coming))),
                    None => return Some((answer::event_ends(), Next::Nothing)),
                },
                Next::Nothing => return None,
            }
        }
    })
}

/// What a stream of events does next.
enum Next {
    Say(Speech, Receiver<Speech>),
    Hear(Receiver<Speech>),
    Piece(Spoken, Receiver<Speech>),
    Nothing,
}

struct Wrong {
    code: i64,
    sentence: String,
    data: Option<Value>,
}

impl Wrong {
    fn new(code: i64, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into(), data: None }
    }
}

/// Whether the headers say what the body says. What stands between agent and wallet may have decided by the headers.
fn check(message: &Message, headers: &HeaderMap) -> Result<(), Wrong> {
    let version = message.member_text(&META_VERSION);
    let lacking = "_meta lacks io.modelcontextprotocol/protocolVersion";
    agree(headers, &VERSION, &version.ok_or_else(|| Wrong::new(INVALID_PARAMS, lacking))?)?;
    methods::check(message).map_err(|Malformed { code, sentence, data }| Wrong { code, sentence, data })?;
    let method = message.method().unwrap_or_default();
    agree(headers, &METHOD, method)?;
    let named = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        "tasks/get" | "tasks/update" | "tasks/cancel" => "taskId",
        _ => return Ok(()),
    };
    let name = message.member_text(&[named]);
    agree(
        headers,
        &NAME,
        &name.ok_or_else(|| Wrong::new(INVALID_PARAMS, format!("{method} needs {named:?}")))?,
    )
}

fn agree(headers: &HeaderMap, header: &HeaderName, body: &str) -> Result<(), Wrong> {
    let mismatch = |why: String| Wrong::new(HEADER_MISMATCH, why);
    let said = single(headers, header)
        .map_err(|_| mismatch(format!("the header {header} comes twice, or is no text")))?;
    let said = said.ok_or_else(|| mismatch(format!("the header {header} is missing")))?;
    match decode(said.trim_matches([' ', '\t'])) {
        Some(said) if said == body => Ok(()),
        Some(said) => Err(mismatch(format!("the header {header} says {said:?}, the body {body:?}"))),
        None => Err(mismatch(format!("the header {header} is no valid base64"))),
    }
}

/// A header's value: as it is, or as `=?base64?…?=` (value encoding).
fn decode(value: &str) -> Option<Cow<'_, str>> {
    let Some(encoded) = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) else {
        return Some(value.into());
    };
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok().map(Cow::Owned)
}
