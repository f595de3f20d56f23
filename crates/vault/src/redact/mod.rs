//! Striking known secrets out of what an agent, a log or a receipt gets to see.
//!
//! A secret is found as it is, in base64 and in hexadecimal, wherever it starts; and each of these also where any of its
//! characters are written as JSON or percent escapes, also JSON within JSON. What nobody can promise: a server that wants to
//! tell a secret can write it backwards.

mod forms;
mod view;

use crate::Secret;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use bytes::Bytes;
use forms::Form;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use view::View;

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
    /// Finds the last bytes of every form, in the order of [`Redactor::forms`]; the whole form is compared then. So it stays
    /// small, and no whole secret is in memory that is not wiped.
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
        let mut found = self.find(&text, DEPTH);
        if found.is_empty() {
            return text;
        }
        // No escape is left half: what was JSON stays JSON.
        if let Some(view) = View::unescaped(&text) {
            found.iter_mut().for_each(|range| *range = view.whole(range.clone()));
        }
        found.sort_unstable_by_key(|range| range.start);
        strike_out(&text, &found).into()
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

    /// Where secrets stand in `text`, in any order, perhaps overlapping.
    fn find(&self, text: &[u8], depth: u8) -> Vec<Range<usize>> {
        let mut found = self.find_plain(text);
        if depth == 0 {
            return found;
        }
        for view in [View::unescaped(text), View::percent_decoded(text)].into_iter().flatten() {
            let within = self.find(view.bytes(), depth - 1);
            found.extend(within.into_iter().map(|range| view.source(range)));
        }
        found
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

/// `found` in the order in which they start; those that touch become one.
fn strike_out(text: &[u8], found: &[Range<usize>]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(text.len());
    let mut done = 0;
    for range in found {
        if range.start >= done {
            clean.extend_from_slice(&text[done..range.start]);
            clean.extend_from_slice(MARK);
        }
        done = done.max(range.end);
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
