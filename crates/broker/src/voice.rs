//! The ways by which an agent hears the wallet. Over stdio there is one for everything; over HTTP each request has its own, for
//! what comes while it is under way and then its answer, and a session one more for what belongs to no request.

use crate::clean::{Clean, CleanPiece};
use bytes::Bytes;
use mcp::RawId;
use mcp::flow::{BrokeOff, Speech, Spoken};
use tokio::sync::mpsc;

/// How many messages may wait to be read by a slow agent.
const QUEUE: usize = 256;
/// How many pieces of a large answer may.
const PIECES: usize = 4;

/// One way to the agent: bounded, in order, and open to what is [`Clean`] alone.
#[derive(Clone, Debug)]
pub(crate) struct Voice(mpsc::Sender<Speech>);

/// An answer being said.
pub(crate) struct Pouring(mpsc::Sender<Result<Bytes, BrokeOff>>);

impl Pouring {
    /// The next piece; false when nobody listens any more.
    pub(crate) async fn pour(&self, piece: CleanPiece) -> bool {
        let piece = piece.into_bytes();
        piece.is_empty() || self.0.send(Ok(piece)).await.is_ok()
    }

    /// It breaks off here.
    pub(crate) async fn break_off(self) {
        let _ = self.0.send(Err(BrokeOff)).await;
    }
}

impl Voice {
    /// A way, and the end at which it is heard.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Speech>) {
        let (voice, heard) = mpsc::channel(QUEUE);
        (Self(voice), heard)
    }

    /// Says something, once there is room. Whether somebody still listens makes no difference to who speaks.
    pub(crate) async fn say(&self, message: Clean) {
        let _ = self.0.send(message.into_message().into()).await;
    }

    /// Says something if there is room.
    pub(crate) fn say_now(&self, message: Clean) {
        let _ = self.0.try_send(message.into_message().into());
    }

    /// Begins an answer that comes in pieces; gives where they go. Each waits until there is room.
    pub(crate) async fn pour(&self, id: RawId) -> Pouring {
        let (pour, pieces) = mpsc::channel(PIECES);
        let _ = self.0.send(Speech::Flow(Spoken { id, pieces })).await;
        Pouring(pour)
    }

    /// Ends when nobody listens any more.
    pub(crate) async fn unheard(&self) {
        self.0.closed().await;
    }
}
