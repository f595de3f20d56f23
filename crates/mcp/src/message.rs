//! One JSON-RPC message of MCP: the bytes as they came, and just enough read from them to decide.
//!
//! The bytes are forwarded untouched; typed round trips would lose unknown members and change numbers. Where the
//! bridge must change something, [`Edit`] splices it in and leaves every other byte alone.

mod build;
mod edit;
mod envelope;
mod id;
pub(crate) mod members;
pub(crate) mod strict;

pub use edit::Edit;
pub use id::RawId;
pub use strict::{MAX_DEPTH, Suspicion};

use bytes::Bytes;
use envelope::Envelope;
use members::members;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;
use std::ops::Range;

/// The largest message taken in or given out, unless told otherwise: 32 MiB.
pub const MAX_MESSAGE: usize = 32 << 20;

/// A well-formed JSON-RPC 2.0 message. Cheap to clone: the bytes are shared.
#[derive(Clone)]
pub struct Message {
    bytes: Bytes,
    kind: Kind,
    spans: Spans,
}

/// What a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Wants an answer.
    Request {
        /// The sender's id for it.
        id: RawId,
        /// The method, unescaped.
        method: Box<str>,
    },
    /// Wants none.
    Notification {
        /// The method, unescaped.
        method: Box<str>,
    },
    /// The answer to a request.
    Response {
        /// The request's id; `None` when the answerer could not read it (errors only).
        id: Option<RawId>,
        /// A JSON-RPC error. A tool that failed is no error here: it is a result with `isError`.
        is_error: bool,
    },
}

/// Where in the bytes the parts stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Spans {
    id: Option<Range<usize>>,
    /// `params`, `result` or `error`.
    body: Option<Range<usize>>,
}

/// Why bytes are no MCP message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Larger than allowed.
    #[error("the message is {size} bytes long; at most {limit} are taken")]
    TooLong {
        /// Its size in bytes.
        size: usize,
        /// The largest size taken.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("the message is not UTF-8 from byte {at} on")]
    NotUtf8 {
        /// Offset of the first wrong byte.
        at: usize,
    },
    /// Not JSON.
    #[error("the message is not JSON: {what}")]
    NotJson {
        /// What the parser said, with line and column.
        what: String,
    },
    /// JSON, but not one JSON-RPC 2.0 message as MCP has it.
    #[error("not a JSON-RPC 2.0 message: {what}")]
    NotJsonRpc {
        /// What is wrong, and what is wanted.
        what: &'static str,
    },
    /// Something two parsers could read differently.
    #[error("refused, because two parsers could read it differently: {0}")]
    Suspicious(#[from] Suspicion),
}

impl Message {
    /// Reads a message of at most [`MAX_MESSAGE`] bytes.
    ///
    /// # Errors
    /// [`ParseError`] for anything that is not exactly one JSON-RPC 2.0 message, and for `params` that two parsers could
    /// read differently (a member twice, nested deeper than [`MAX_DEPTH`]).
    pub fn parse(bytes: Bytes) -> Result<Self, ParseError> {
        if bytes.len() > MAX_MESSAGE {
            return Err(ParseError::TooLong { size: bytes.len(), limit: MAX_MESSAGE });
        }
        let text = std::str::from_utf8(&bytes).map_err(|e| ParseError::NotUtf8 { at: e.valid_up_to() })?;
        if text.trim_start().starts_with('[') {
            return Err(ParseError::NotJsonRpc { what: "MCP has no batches; send each message on its own" });
        }
        let envelope = members(text).map_err(|e| ParseError::NotJson { what: e.to_string() })?;
        strict::inspect_envelope(envelope.iter().map(|m| m.name.as_ref()))?;
        let (kind, spans) = Envelope::read(text, &envelope).classify()?;
        let params = if kind.is_response() { None } else { spans.body.as_ref() };
        if params.is_some_and(|params| !text[params.clone()].starts_with(['{', 'n'])) {
            return Err(ParseError::NotJsonRpc { what: "params must be an object" });
        }
        strict::inspect(text, params)?;
        Ok(Self { kind, spans, bytes })
    }

    /// The id of a request that [`Message::parse`] refused, as far as it can be made out, so that its sender can be told.
    #[must_use]
    pub fn refused_id(bytes: &[u8]) -> Option<RawId> {
        let text = std::str::from_utf8(bytes).ok()?;
        let members = members(text).ok()?;
        members.iter().any(|member| member.name == "method").then_some(())?;
        let id = members.iter().find(|member| member.name == "id")?;
        RawId::parse(&text[id.value.clone()])
    }

    /// The bytes as they came.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The bytes as they came, given away.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The id, if it has one.
    #[must_use]
    pub const fn id(&self) -> Option<&RawId> {
        match &self.kind {
            Kind::Request { id, .. } => Some(id),
            Kind::Notification { .. } => None,
            Kind::Response { id, .. } => id.as_ref(),
        }
    }

    /// The method of a request or notification.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        match &self.kind {
            Kind::Request { method, .. } | Kind::Notification { method } => Some(method),
            Kind::Response { .. } => None,
        }
    }

    /// The raw JSON of `params`, `result` or `error`, whichever this kind of message has.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        let bytes = self.bytes.get(self.spans.body.clone()?)?;
        std::str::from_utf8(bytes).ok()
    }

    /// The raw JSON of one member inside `params`, `result` or `error`: `["_meta", "progressToken"]` for example.
    #[must_use]
    pub fn member(&self, path: &[&str]) -> Option<&str> {
        path.iter().try_fold(self.body()?, |object, name| {
            let found = members(object).ok()?;
            let value = found.into_iter().rfind(|member| member.name == *name)?.value;
            object.get(value)
        })
    }

    /// One member inside `params`, `result` or `error` that is a string, unescaped.
    #[must_use]
    pub fn member_text(&self, path: &[&str]) -> Option<Cow<'_, str>> {
        self.member(path).filter(|raw| raw.starts_with('"')).and_then(members::unescape)
    }

    /// `params`, `result` or `error` as a value; `Value::Null` if there is none.
    ///
    /// # Errors
    /// [`ParseError::NotJson`] when it does not fit `T`.
    pub fn body_as<T: DeserializeOwned>(&self) -> Result<T, ParseError> {
        serde_json::from_str(self.body().unwrap_or("null"))
            .map_err(|e| ParseError::NotJson { what: e.to_string() })
    }

    /// `params` of a request or notification as a value; `Value::Null` for a response or when there are none.
    #[must_use]
    pub fn params(&self) -> Value {
        if self.kind.is_response() { Value::Null } else { self.body_as().unwrap_or_default() }
    }

    /// `result` of a successful response as a value.
    #[must_use]
    pub fn result(&self) -> Option<Value> {
        match self.kind {
            Kind::Response { is_error: false, .. } => self.body_as().ok(),
            Kind::Request { .. } | Kind::Notification { .. } | Kind::Response { .. } => None,
        }
    }

    /// `error` of a failed response as a value.
    #[must_use]
    pub fn error(&self) -> Option<Value> {
        match self.kind {
            Kind::Response { is_error: true, .. } => self.body_as().ok(),
            Kind::Request { .. } | Kind::Notification { .. } | Kind::Response { .. } => None,
        }
    }

    /// Starts a change that leaves every other byte as it is.
    pub const fn edit(&self) -> Edit<'_> {
        Edit::new(self)
    }
}

impl Kind {
    /// Whether it is an answer.
    #[must_use]
    pub const fn is_response(&self) -> bool {
        matches!(self, Self::Response { .. })
    }
}

/// Shows kind and size; the payload stays out of logs.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} ({} bytes)", self.kind, self.bytes.len())
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}
