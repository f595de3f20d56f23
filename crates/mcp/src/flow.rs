//! An answer too large to hold: its beginning is here, the rest comes in pieces, and goes on as it comes.
//!
//! What such an answer answers must stand before its `result`, as every library writes it: only then can it be passed on before
//! its end. One that is written otherwise is collected like any other message, and has the same limit.

mod scan;

pub use scan::ScanError;

use crate::message::{MAX_MESSAGE, Message, RawId};
use crate::upstream::UpstreamError;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use scan::Scanner;
use std::fmt;
use std::ops::Range;

/// From this size on an answer flows, in bytes.
pub const FLOWS_FROM: usize = 1 << 20;
/// The largest answer passed on: 1 GiB.
pub const LARGEST: usize = 1 << 30;

/// The pieces of an answer, each of at most some 64 KiB.
pub type Pieces = BoxStream<'static, Result<Bytes, UpstreamError>>;

/// Checks that what is given on is JSON still, when it was changed on its way.
#[derive(Debug, Default)]
pub struct Check(Scanner);

impl Check {
    /// The next piece.
    ///
    /// # Errors
    /// When it can't be JSON any more.
    pub fn read(&mut self, piece: &[u8]) -> Result<(), ScanError> {
        self.0.read(piece)
    }
}

/// An answer to a request.
#[derive(Debug)]
pub enum Reply {
    /// All of it.
    Whole(Message),
    /// A result that comes in pieces.
    Flowing(Box<Flow>),
}

/// A result that comes in pieces. It is checked as it comes: what it gives is JSON to the last byte, or ends with an error.
pub struct Flow {
    id: RawId,
    scanner: Scanner,
    /// What has been checked and not been given yet.
    ready: Option<Bytes>,
    pieces: Pieces,
    /// Where its id stands in `ready`, and the result's first brace.
    id_at: Range<usize>,
    result: usize,
    given: usize,
    over: bool,
}

/// Something the wallet says to an agent.
#[derive(Debug)]
pub enum Speech {
    /// A message.
    Message(Message),
    /// The answer to a request, in pieces.
    Flow(Spoken),
}

impl From<Message> for Speech {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

impl Speech {
    /// Whether it is an answer, and so the last that is said for its request.
    #[must_use]
    pub const fn is_answer(&self) -> bool {
        match self {
            Self::Message(message) => message.kind().is_response(),
            Self::Flow(_) => true,
        }
    }

    /// All of it, as one message. One larger than [`MAX_MESSAGE`] is answered with an error.
    ///
    /// # Errors
    /// When it broke off.
    pub async fn whole(self) -> Result<Message, BrokeOff> {
        let mut spoken = match self {
            Self::Message(message) => return Ok(message),
            Self::Flow(spoken) => spoken,
        };
        let mut whole = BytesMut::new();
        while let Some(piece) = spoken.pieces.recv().await {
            let piece = piece?;
            if whole.len() + piece.len() > MAX_MESSAGE {
                return Ok(Message::failure(Some(&spoken.id), TOO_LARGE, &too_large(), None));
            }
            whole.extend_from_slice(&piece);
        }
        Message::parse(whole.freeze()).map_err(|_| BrokeOff)
    }
}

/// JSON-RPC's code for an internal error.
const TOO_LARGE: i64 = -32603;

fn too_large() -> String {
    format!(
        "the answer is larger than {MAX_MESSAGE} bytes, and this stream can be taken up again: ask without progress"
    )
}

/// An answer on its way to an agent. The last piece is followed by nothing; after one that breaks off, what is to be said instead
/// comes the same way.
pub struct Spoken {
    /// The request it answers.
    pub id: RawId,
    /// The pieces: without line breaks, and no newline at the end.
    pub pieces: tokio::sync::mpsc::Receiver<Result<Bytes, BrokeOff>>,
}

/// The answer broke off: half of it must not be taken for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer broke off")]
pub struct BrokeOff;

impl Flow {
    /// Begins with what came first, if it can be told from that what it answers; else that is given back.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn begin(first: Bytes, pieces: Pieces) -> Result<Result<Box<Self>, (Bytes, Pieces)>, UpstreamError> {
        let mut scanner = Scanner::default();
        scanner.read(&first)?;
        let Some((id, id_at, result)) = head(&scanner, &first) else { return Ok(Err((first, pieces))) };
        let ready = Some(first);
        Ok(Ok(Box::new(Self { id, scanner, ready, pieces, id_at, result, given: 0, over: false })))
    }

    /// The request it answers.
    #[must_use]
    pub const fn id(&self) -> &RawId {
        &self.id
    }

    /// The same answer under another id. Only before anything was given.
    #[must_use]
    pub fn under(mut self: Box<Self>, id: &RawId) -> Box<Self> {
        if self.id != *id
            && let Some(ready) = self.ready.take()
        {
            let new = id.as_json();
            let mut other = BytesMut::with_capacity(ready.len() + new.len());
            other.extend_from_slice(&ready[..self.id_at.start]);
            other.extend_from_slice(new.as_bytes());
            other.extend_from_slice(&ready[self.id_at.end..]);
            self.result = self.result + new.len() - self.id_at.len();
            self.id_at.end = self.id_at.start + new.len();
            self.id = id.clone();
            self.ready = Some(other.freeze());
        }
        self
    }

    /// Puts members in front of those of the result: `"resultType":"complete",`, with the comma. Only before anything was given.
    #[must_use]
    pub fn with_members(mut self: Box<Self>, members: &str) -> Box<Self> {
        if let Some(ready) = self.ready.take() {
            let mut longer = BytesMut::with_capacity(ready.len() + members.len());
            longer.extend_from_slice(&ready[..=self.result]);
            longer.extend_from_slice(members.as_bytes());
            longer.extend_from_slice(&ready[self.result + 1..]);
            self.ready = Some(longer.freeze());
        }
        self
    }

    /// The next piece, checked; `None` after the last one.
    ///
    /// # Errors
    /// When the server or the way to it fails, or what comes is no JSON, too large, or says twice what it answers.
    pub async fn next(&mut self) -> Result<Option<Bytes>, UpstreamError> {
        if let Some(ready) = self.ready.take() {
            return Ok(Some(self.give(ready)));
        }
        if self.over {
            return Ok(None);
        }
        let Some(piece) = self.pieces.next().await else {
            self.scanner.end()?;
            self.over = true;
            return Ok(None);
        };
        let piece = piece?;
        self.scanner.read(&piece)?;
        self.check_members()?;
        if self.given + piece.len() > LARGEST {
            return Err(UpstreamError::TooLarge { limit: LARGEST });
        }
        Ok(Some(self.give(piece)))
    }

    /// Whether the result has said `isError`; known at the end.
    #[must_use]
    pub const fn says_error(&self) -> bool {
        self.scanner.says_error()
    }

    fn give(&mut self, piece: Bytes) -> Bytes {
        self.given += piece.len();
        crate::framing::one_line(piece)
    }

    /// After the result nothing may come that another parser could take for the answer.
    fn check_members(&self) -> Result<(), UpstreamError> {
        let names = self.scanner.members().iter().map(|member| member.name.as_slice());
        let after = names.skip_while(|name| *name != b"result").skip(1);
        for name in after {
            let plain = std::str::from_utf8(name).ok().filter(|name| !name.contains('\\'));
            let known = ["jsonrpc", "id", "method", "params", "result", "error"];
            if plain.is_none_or(|name| known.iter().any(|known| known.eq_ignore_ascii_case(name))) {
                return Err(UpstreamError::Broke { what: "its answer says twice what it answers".into() });
            }
        }
        Ok(())
    }
}

/// What the members before the result say: which request it answers; and where the result begins.
fn head(scanner: &Scanner, text: &[u8]) -> Option<(RawId, Range<usize>, usize)> {
    let members = scanner.members();
    let at = members.iter().position(|member| member.name == b"result")?;
    let result = members[at].value.start;
    if text.get(result) != Some(&b'{') || at + 1 != members.len() {
        return None;
    }
    let value = |name: &[u8]| {
        let mut found = members[..at].iter().filter(|member| member.name == name);
        let (member, None) = (found.next()?, found.next()) else { return None };
        Some((std::str::from_utf8(text.get(member.value.clone())?).ok()?, member.value.clone()))
    };
    let others = members[..at].iter().all(|member| matches!(member.name.as_slice(), b"jsonrpc" | b"id"));
    let (id, id_at) = value(b"id")?;
    (others && value(b"jsonrpc")?.0 == r#""2.0""#).then_some((RawId::parse(id)?, id_at, result))
}

impl Reply {
    /// All of it: for who can't do with pieces.
    ///
    /// # Errors
    /// As [`Flow::next`]; [`UpstreamError::TooLarge`] beyond [`MAX_MESSAGE`].
    pub async fn whole(self) -> Result<Message, UpstreamError> {
        let mut flow = match self {
            Self::Whole(message) => return Ok(message),
            Self::Flowing(flow) => flow,
        };
        let mut whole = BytesMut::new();
        while let Some(piece) = flow.next().await? {
            if whole.len() + piece.len() > MAX_MESSAGE {
                return Err(UpstreamError::TooLarge { limit: MAX_MESSAGE });
            }
            whole.extend_from_slice(&piece);
        }
        Ok(Message::parse(whole.freeze())?)
    }

    /// The request it answers.
    #[must_use]
    pub const fn id(&self) -> Option<&RawId> {
        match self {
            Self::Whole(message) => message.id(),
            Self::Flowing(flow) => Some(flow.id()),
        }
    }
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flow({:?})", self.id)
    }
}

impl fmt::Debug for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spoken({:?})", self.id)
    }
}
