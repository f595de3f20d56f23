//! The chain of receipts, verified line by line with nobody's help: what was changed, taken out, moved or cut off shows.

use crate::receipt::{self, Checkpoint, GENESIS, Receipt};
use crate::{ProofError, sha256};
use domain::{Digest, PublicKey, Timestamp};

/// What is wrong with a ledger, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {flaw}")]
pub struct Fault {
    /// Counted from 1 over all files, checkpoints included.
    pub line: u64,
    /// What is wrong.
    pub flaw: Flaw,
}

/// What can be wrong with a line or an end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The line is not as it was signed.
    #[error("changed: {0}")]
    Changed(ProofError),
    /// The line is as signed, but the one before it is not the one it was signed after.
    #[error("the line before it was exchanged")]
    Unlinked,
    /// Receipts are gone before this line.
    #[error("receipts {from} to {to} are missing before it")]
    Missing {
        /// The first that is gone.
        from: u64,
        /// The last that is gone.
        to: u64,
    },
    /// A receipt that belongs further up, or stands there already.
    #[error("receipt {seq} stands where {expected} belongs: moved or repeated")]
    Reordered {
        /// Its number.
        seq: u64,
        /// The number that belongs here.
        expected: u64,
    },
    /// A checkpoint of another chain, or of another place in it.
    #[error("the checkpoint does not fit the receipts before it")]
    Checkpoint,
    /// A file that is not the last has no checkpoint at its end.
    #[error("the checkpoint that closes the file is missing after it")]
    Unclosed,
    /// The last line has no end: a write was interrupted, or somebody cut it.
    #[error("the last line is cut off")]
    Torn,
    /// The checkpoint kept elsewhere knows of more receipts than there are.
    #[error("cut off: {known} receipts were written, {found} are left")]
    CutOff {
        /// How many the checkpoint counts.
        known: u64,
        /// How many there are.
        found: u64,
    },
    /// The checkpoint kept elsewhere was made over other receipts.
    #[error("rewritten: receipt {0} is not the one the checkpoint was made over")]
    Rewritten(u64),
}

impl Flaw {
    /// A stable code for machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Changed(_) => "changed",
            Self::Unlinked => "unlinked",
            Self::Missing { .. } => "missing",
            Self::Reordered { .. } => "reordered",
            Self::Checkpoint => "checkpoint",
            Self::Unclosed => "unclosed",
            Self::Torn => "torn",
            Self::CutOff { .. } => "cut_off",
            Self::Rewritten(_) => "rewritten",
        }
    }
}

/// Verifies a chain as it streams by. After a fault it takes the line as it is and goes on, so that one pass finds all.
pub struct Verifier {
    key: PublicKey,
    known: Option<Checkpoint>,
    rewritten: bool,
    lines: u64,
    size: u64,
    head: Digest,
    time: Option<Timestamp>,
}

/// What a line that holds is.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A receipt.
    Receipt(Box<Receipt>),
    /// A checkpoint.
    Checkpoint(Checkpoint),
}

impl Verifier {
    /// For a chain signed by `key` from its first line; `known` is a checkpoint kept elsewhere, without which a tail
    /// that was cut off can't show.
    #[must_use]
    pub const fn new(key: PublicKey, known: Option<Checkpoint>) -> Self {
        Self { key, known, rewritten: false, lines: 0, size: 0, head: GENESIS, time: None }
    }

    /// Verifies the next line, given without its line feed.
    ///
    /// # Errors
    /// [`Fault`]; the lines after it can still be fed.
    pub fn feed(&mut self, line: &[u8]) -> Result<Line, Fault> {
        self.lines += 1;
        if Checkpoint::is(line) { self.feed_checkpoint(line) } else { self.feed_receipt(line) }
    }

    /// The end: compares with the checkpoint kept elsewhere.
    ///
    /// # Errors
    /// [`Flaw::CutOff`] or [`Flaw::Rewritten`].
    pub fn finish(&self) -> Result<Checkpoint, Fault> {
        let found = self.size;
        match self.known {
            Some(known) if known.size > found => Err(self.fault(Flaw::CutOff { known: known.size, found })),
            Some(known) if self.rewritten => Err(self.fault(Flaw::Rewritten(known.size.saturating_sub(1)))),
            Some(_) | None => Ok(self.so_far()),
        }
    }

    /// How many receipts were fed, with the last one's digest and time.
    #[must_use]
    pub fn so_far(&self) -> Checkpoint {
        let time = self.time.unwrap_or(Timestamp::from_micros(0));
        Checkpoint { size: self.size, head: self.head, time }
    }

    fn feed_receipt(&mut self, line: &[u8]) -> Result<Line, Fault> {
        let (expected, head) = (self.size, self.head);
        let verified = receipt::verify(line, &self.key);
        let seq = verified.as_ref().map_or(expected, |receipt| receipt.payload.seq);
        self.advance(seq.max(expected), sha256(line));
        let receipt = verified.map_err(|error| self.fault(Flaw::Changed(error)))?;
        if seq > expected {
            return Err(self.fault(Flaw::Missing { from: expected, to: seq - 1 }));
        }
        if seq < expected {
            self.size = expected;
            return Err(self.fault(Flaw::Reordered { seq, expected }));
        }
        if receipt.payload.prev != head {
            return Err(self.fault(Flaw::Unlinked));
        }
        self.time = Some(receipt.payload.body.time);
        Ok(Line::Receipt(Box::new(receipt)))
    }

    fn feed_checkpoint(&mut self, line: &[u8]) -> Result<Line, Fault> {
        let checkpoint =
            Checkpoint::verify(line, &self.key).map_err(|error| self.fault(Flaw::Changed(error)))?;
        if (checkpoint.size, checkpoint.head) != (self.size, self.head) {
            return Err(self.fault(Flaw::Checkpoint));
        }
        Ok(Line::Checkpoint(checkpoint))
    }

    fn advance(&mut self, seq: u64, head: Digest) {
        self.size = seq.saturating_add(1);
        self.head = head;
        if let Some(known) = self.known.filter(|known| known.size == self.size) {
            self.rewritten |= known.head != head;
        }
    }

    const fn fault(&self, flaw: Flaw) -> Fault {
        Fault { line: self.lines, flaw }
    }
}
