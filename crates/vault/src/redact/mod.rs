//! Striking known secrets out of what an agent, a log or a receipt gets to see.
//!
//! A secret is found as it is, in base64 and in hexadecimal, wherever it starts; and each of these also where any of its
//! characters are written as JSON or percent escapes, also JSON within JSON. What nobody can promise: a server that wants to
//! tell a secret can write it backwards.

mod escapes;
mod forms;
mod pieces;

pub use pieces::Pieces;

use crate::Secret;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use bytes::Bytes;
use forms::Form;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// What stands in a secret's place. Fits into a JSON string as it is.
const MARK: &[u8] = b"[redacted by Countersign]";
/// Shorter values are in too many innocent texts.
const SHORTEST: usize = 8;
/// Up to how many patterns the fastest search is worth its memory, some 4 MB.
const FAST: usize = 1000;
/// How many layers of escapes are looked through.
const DEPTH: u8 = 3;

/// Knows secret values, and strikes them out of text.
#[derive(Default)]
pub struct Redactor {
    known: Vec<Arc<[Form]>>,
    /// Finds the last bytes of every form; the whole form is compared then. So it stays small, and no whole secret is in
    /// memory that is not wiped.
    tails: Option<AhoCorasick>,
    /// For each pattern of `tails`: which value, and which form of it.
    owners: Vec<(usize, usize)>,
    /// Whether anything might be a secret.
    blind: bool,
}

impl Redactor {
    /// Strikes out all there is: for when nobody can tell what is secret.
    pub(crate) fn blind() -> Self {
        Self { blind: true, ..Self::default() }
    }

    /// Knows `values` beside what this one knows. Values of less than 8 bytes are not struck out.
    #[must_use]
    pub fn knowing(&self, values: &[&Secret]) -> Self {
        let mut known = self.known.clone();
        for part in values.iter().flat_map(|value| forms::parts(value)) {
            if part.len() >= SHORTEST && !known.iter().any(|forms| forms[0].is(&part)) {
                known.push(forms::of(&part).into());
            }
        }
        Self::from_known(known)
    }

    /// How many values it knows.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// The same text with every known secret struck out. Gives back what it was given when there is none in it.
    #[must_use]
    pub fn redact(&self, text: Bytes) -> Bytes {
        if self.blind && !text.is_empty() {
            return Bytes::from_static(MARK);
        }
        let found = self.find(&text, DEPTH);
        if found.is_empty() {
            return text;
        }
        // No escape is left half: what was JSON stays JSON.
        strike_out(&text, &joined(escapes::JSON.widen(&text, found))).into()
    }

    /// The same for a log line or a preview.
    #[must_use]
    pub fn redact_text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.redact(Bytes::copy_from_slice(text.as_bytes()))).into_owned()
    }

    fn from_known(known: Vec<Arc<[Form]>>) -> Self {
        let forms = |(value, forms): (usize, &Arc<[Form]>)| {
            (0..forms.len()).map(move |form| (value, form)).collect::<Vec<_>>()
        };
        let owners: Vec<_> = known.iter().enumerate().flat_map(forms).collect();
        let tails = owners.iter().map(|&(value, form)| known[value][form].tail());
        let kind = (owners.len() <= FAST).then_some(AhoCorasickKind::DFA);
        let tails = AhoCorasick::builder().match_kind(MatchKind::Standard).kind(kind).build(tails);
        // Fails only beyond two thousand million states.
        Self { known, tails: tails.ok(), owners, blind: false }
    }

    /// Where secrets stand in `text`, in order and apart.
    fn find(&self, text: &[u8], depth: u8) -> Vec<Range<usize>> {
        let mut found = self.find_plain(text);
        if depth > 0 {
            for escapes in [escapes::JSON, escapes::PERCENT] {
                let Some(decoded) = escapes.decoded(text) else { continue };
                found.extend(escapes.locate(text, self.find(&decoded, depth - 1)));
            }
        }
        joined(found)
    }

    fn find_plain(&self, text: &[u8]) -> Vec<Range<usize>> {
        let Some(tails) = self.tails.as_ref().filter(|_| !self.owners.is_empty()) else { return vec![] };
        let whole = |hit: aho_corasick::Match| {
            let (value, form) = self.owners[hit.pattern().as_usize()];
            self.known[value][form].ends_at(text, hit.end())
        };
        tails.find_overlapping_iter(text).filter_map(whole).collect()
    }
}

/// In order; what overlaps or touches becomes one.
fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, last| {
        let touch = next.start <= last.end;
        if touch {
            last.end = last.end.max(next.end);
        }
        touch
    });
    ranges
}

/// The text with a mark in place of each range.
fn strike_out(text: &[u8], ranges: &[Range<usize>]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(text.len());
    let mut done = 0;
    for range in ranges {
        clean.extend_from_slice(&text[done..range.start]);
        clean.extend_from_slice(MARK);
        done = range.end;
    }
    clean.extend_from_slice(&text[done..]);
    clean
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} values)", self.known.len())
    }
}

#[cfg(test)]
mod tests;
