//! Striking secrets out of a text that comes in pieces, wherever it is cut.
//!
//! A piece is given on once what follows can't make a secret of its end any more: as much is held back as the longest form of a
//! secret takes when each of its characters is written as an escape.

use super::{DEPTH, Redactor, escapes, joined, strike_out};
use bytes::{Bytes, BytesMut};
use std::sync::Arc;

/// How long one character may get by escapes: `\u005c\u0075\u0030\u0030\u0034\u0031` is an `A` within JSON within JSON.
const PER_BYTE: usize = 36;
/// The least that is searched at once: the search of what is held back is shared by so much.
const BATCH: usize = 64 << 10;
/// How much must be free of escapes where the text is cut.
const CALM: usize = 16;

/// Strikes known secrets out of one text.
pub struct Pieces {
    redactor: Arc<Redactor>,
    /// Read, and not given on.
    held: BytesMut,
    /// How much is held back.
    hold: usize,
    struck: bool,
}

impl Pieces {
    /// Begins a text.
    #[must_use]
    pub fn new(redactor: Arc<Redactor>) -> Self {
        let longest = redactor.known.iter().flat_map(|forms| forms.iter()).map(super::Form::len).max();
        let hold = longest.map_or(0, |longest| longest * PER_BYTE + CALM);
        Self { redactor, held: BytesMut::new(), hold, struck: false }
    }

    /// Takes in a piece; gives what is clean for certain.
    pub fn push(&mut self, piece: &[u8]) -> Bytes {
        self.held.extend_from_slice(piece);
        let enough = self.hold + self.hold.max(BATCH);
        if self.held.len() < enough { Bytes::new() } else { self.give(self.hold) }
    }

    /// The rest.
    pub fn end(&mut self) -> Bytes {
        self.give(0)
    }

    fn give(&mut self, hold: usize) -> Bytes {
        if self.redactor.blind {
            self.held.clear();
            return if std::mem::replace(&mut self.struck, true) {
                Bytes::new()
            } else {
                Bytes::from_static(super::MARK)
            };
        }
        let found = self.redactor.find(&self.held, DEPTH);
        let found = joined(escapes::JSON.widen(&self.held, found));
        let mut cut = calm_before(&self.held, self.held.len() - hold);
        // A secret is given on whole, or not yet.
        if let Some(secret) = found.iter().find(|range| range.contains(&cut)) {
            cut = secret.start;
        }
        let text = self.held.split_to(cut).freeze();
        let inside: Vec<_> = found.into_iter().filter(|range| range.end <= cut).collect();
        if inside.is_empty() { text } else { strike_out(&text, &inside).into() }
    }
}

/// The last place before `at` with no escape in front of it; `at` itself where the text is full of them.
fn calm_before(text: &[u8], at: usize) -> usize {
    if at == text.len() {
        return at;
    }
    let mut calm = at;
    while let Some(escape) = memchr::memrchr2(b'\\', b'%', &text[calm.saturating_sub(CALM)..calm]) {
        calm = calm.saturating_sub(CALM) + escape;
        if calm == 0 {
            return at;
        }
    }
    calm
}
