//! Striking known secrets out of what an agent, a log or a receipt gets to see.
//!
//! A secret is found as it is, in base64 and in hexadecimal, wherever it starts; and each of these also where any of its
//! characters are written as JSON or percent escapes, also JSON within JSON. What nobody can promise: a server that wants to
//! tell a secret can write it backwards.

mod forms;
mod view;

use crate::Secret;
use aho_corasick::{AhoCorasick, MatchKind};
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
/// How many values are kept in mind; the oldest go first.
const MOST: usize = 1024;
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
}

impl Redactor {
    /// Knows `values` beside what this one knows. Values of less than 8 bytes are not struck out.
    #[must_use]
    pub fn knowing(&self, values: &[&Secret]) -> Self {
        let mut known = self.known.clone();
        known.extend(values.iter().flat_map(|value| forms::parts(value)).filter_map(|part| new_forms(&part)));
        known.drain(..known.len().saturating_sub(MOST));
        Self::from_known(known)
    }

    /// The same text with every known secret struck out. Gives back what it was given when there is none in it.
    #[must_use]
    pub fn redact(&self, text: Bytes) -> Bytes {
        let mut found = self.find(&text, DEPTH);
        if found.is_empty() {
            return text;
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
        let each = |(value, forms): (usize, &Arc<[Form]>)| {
            (0..forms.len()).map(move |form| (value, form)).collect::<Vec<_>>()
        };
        let owners: Vec<_> = known.iter().enumerate().flat_map(each).collect();
        let tails = owners.iter().map(|&(value, form)| known[value][form].tail());
        // Without patterns, or with too many for its numbers, there is nothing to build.
        let tails = AhoCorasick::builder().match_kind(MatchKind::Standard).build(tails).ok();
        Self { known, tails, owners }
    }

    /// Where secrets stand in `text`, in any order, perhaps overlapping.
    fn find(&self, text: &[u8], depth: u8) -> Vec<Range<usize>> {
        let mut found = self.find_plain(text);
        if depth == 0 {
            return found;
        }
        let views: Vec<_> =
            [View::unescaped(text), View::percent_decoded(text)].into_iter().flatten().collect();
        for view in &views {
            let within = self.find(view.bytes(), depth - 1);
            found.extend(within.into_iter().map(|range| view.source(range)));
        }
        // No escape is left half.
        for view in &views {
            found.iter_mut().for_each(|range| *range = view.whole(range.clone()));
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

fn new_forms(value: &[u8]) -> Option<Arc<[Form]>> {
    (value.len() >= SHORTEST).then(|| forms::of(value).into())
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
