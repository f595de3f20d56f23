//! The one way out to an agent: only a [`Clean`] message can be sent to it, and only here is one made. What a server said is
//! searched for every secret the wallet knows, whatever it comes as: an answer, a list, a question, the words of an error.

use bytes::Bytes;
use domain::Digest;
use mcp::flow::{Check, ScanError};
use mcp::{Message, RawId};
use proof::Hasher;
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt::Display;
use std::sync::{Arc, Weak};
use vault::Redactor;

const WITHHELD: &str = "The server's answer held a secret and was withheld.";

/// A message with every known secret struck out.
#[derive(Debug, Clone)]
pub(crate) struct Clean(Message);

impl Clean {
    /// The same message with every known secret struck out.
    pub(crate) fn of(message: Message, redactor: &Redactor) -> Self {
        let clean = redactor.redact(message.bytes().clone());
        if clean.as_ptr() == message.bytes().as_ptr() {
            return Self(message);
        }
        // What is struck out is text within strings; should a server have hidden a secret in the syntax itself, the agent gets
        // nothing of it.
        Self(
            Message::parse(clean)
                .unwrap_or_else(|_| Message::failure(message.id(), crate::end::UPSTREAM, WITHHELD, None)),
        )
    }

    /// A refusal in the wallet's own words, which reaches the agent also when the wallet is locked and knows no secret.
    pub(crate) fn refusal(id: &RawId, code: i64, sentence: &str, data: &Value) -> Self {
        Self(Message::failure(Some(id), code, sentence, Some(data)))
    }

    /// The same answer under the id by which the agent asked.
    pub(crate) fn under(self, id: &RawId) -> Self {
        if self.0.id() == Some(id) { self } else { Self(self.0.edit().id(id.clone()).finish()) }
    }

    pub(crate) const fn message(&self) -> &Message {
        &self.0
    }

    pub(crate) fn into_message(self) -> Message {
        self.0
    }
}

/// Strikes secrets out of an answer that comes in pieces, and keeps the account of what the agent gets.
pub(crate) struct Strainer {
    pieces: vault::Pieces,
    check: Check,
    digest: Hasher,
    bytes: u64,
}

/// A piece of an answer with every known secret struck out.
pub(crate) struct CleanPiece(Bytes);

impl Strainer {
    pub(crate) fn new(redactor: Arc<Redactor>) -> Self {
        Self {
            pieces: vault::Pieces::new(redactor),
            check: Check::default(),
            digest: Hasher::default(),
            bytes: 0,
        }
    }

    /// What of the answer so far may be given on.
    ///
    /// # Errors
    /// When a secret was hidden in the syntax itself: without it the rest is no JSON.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<CleanPiece, ScanError> {
        let clean = self.pieces.push(piece);
        self.note(clean)
    }

    /// The last of it, with the digest of all and its length in bytes.
    ///
    /// # Errors
    /// As for [`Strainer::push`].
    pub(crate) fn end(mut self) -> Result<(CleanPiece, Digest, u64), ScanError> {
        let clean = self.pieces.end();
        let last = self.note(clean)?;
        Ok((last, self.digest.finish(), self.bytes))
    }

    fn note(&mut self, clean: Bytes) -> Result<CleanPiece, ScanError> {
        self.check.read(&clean)?;
        self.digest.update(&clean);
        self.bytes += clean.len() as u64;
        Ok(CleanPiece(clean))
    }
}

impl CleanPiece {
    pub(crate) fn into_bytes(self) -> Bytes {
        self.0
    }
}

/// A result that is given in many answers, searched once. Holds for as long as no other secret is known than then.
pub(crate) struct Kept {
    /// None where a secret was part of the syntax itself.
    result: Option<Box<RawValue>>,
    by: Weak<Redactor>,
}

impl Kept {
    /// The same result with every known secret struck out.
    pub(crate) fn of(result: String, redactor: &Arc<Redactor>) -> Self {
        let clean = redactor.redact(result.into());
        let text = String::from_utf8(clean.into()).ok();
        let result = text.and_then(|text| RawValue::from_string(text).ok());
        Self { result, by: Arc::downgrade(redactor) }
    }

    /// Whether it was searched for all that this redactor knows.
    pub(crate) fn is_by(&self, redactor: &Arc<Redactor>) -> bool {
        self.by.ptr_eq(&Arc::downgrade(redactor))
    }

    /// The answer that has it.
    pub(crate) fn answer(&self, id: &RawId) -> Clean {
        match &self.result {
            Some(result) => Clean(Message::response_of(id, result)),
            None => Clean(Message::failure(Some(id), crate::end::UPSTREAM, WITHHELD, None)),
        }
    }
}

/// What a server said of its trouble, fit for the human, the log and the command line.
pub(crate) fn words(redactor: &Redactor, said: &impl Display) -> String {
    redactor.redact_text(&said.to_string())
}

/// What a server said as a value, the same way; null where a secret was part of the syntax itself.
pub(crate) fn value(redactor: &Redactor, said: Value) -> Value {
    let text = bytes::Bytes::from(said.to_string());
    let clean = redactor.redact(text.clone());
    if clean.as_ptr() == text.as_ptr() { said } else { serde_json::from_slice(&clean).unwrap_or_default() }
}
