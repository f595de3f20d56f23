//! A second look at JSON that is already known to be well-formed: for what parsers disagree about.
//!
//! The wallet decides on its own reading of a call and forwards the bytes; a server that reads the same bytes
//! differently would do something nobody allowed. RFC 8259 §4 leaves members that occur twice open; some parsers (Go's
//! `encoding/json`) also take `Name` for `name`; and our own `serde_json` gives a meaning of its own to two names.

use super::members::unescape;
use memchr::memchr2;
use std::borrow::Cow;
use std::ops::Range;

/// How deep a message may nest. Below `serde_json`'s own limit of 128, so that whatever passes here can be read.
pub const MAX_DEPTH: usize = 100;

/// To this depth inside `params` (its own members, and those of `arguments`), where servers read members into typed
/// fields, names that differ only in case count as the same. Deeper down they may be data, file names for example.
const CASE_DEPTH: usize = 2;

/// Names to which `serde_json` gives a meaning of its own when it reads a value.
const MAGIC: &str = "$serde_json::private::";

/// What two parsers could read differently.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Suspicion {
    /// A member occurs twice, perhaps differing in case.
    #[error("the member {name:?} occurs more than once in one object; send it once")]
    Twice {
        /// Its name, unescaped.
        name: String,
    },
    /// Nested too deep.
    #[error("it nests deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// Almost the name of a member that decides what is called.
    #[error("the member {name:?} is almost one of the protocol's; write it exactly")]
    Almost {
        /// Its name, unescaped.
        name: String,
    },
    /// A reserved name.
    #[error("a member's name starts with {MAGIC:?}, which is reserved")]
    Reserved,
}

/// Members of the envelope, in any spelling a lenient parser could take for them.
const ENVELOPE: &[&str] = &["jsonrpc", "id", "method", "params", "result", "error"];

/// Members of `params` that say what is called, and how.
const PARAMS: &[&str] = &["name", "arguments", "uri", "_meta", "ref", "argument"];

/// Checks the names of the envelope's own members.
pub(super) fn inspect_envelope<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), Suspicion> {
    let mut names: Vec<_> = names.map(Cow::Borrowed).collect();
    exact(&names, ENVELOPE)?;
    names = names.into_iter().map(fold).collect();
    unique(&mut names)
}

/// Checks the depth of the whole `text`, and inside `params` that no object has a member twice.
pub(super) fn inspect(text: &str, params: Option<&Range<usize>>) -> Result<(), Suspicion> {
    walk(text, &params.cloned().unwrap_or_default(), inspect_names)
}

/// Checks an item of a list: that no object in it has a member twice, and that none of its own is almost one of `known`.
pub(crate) fn inspect_item(text: &str, known: &[&str]) -> Result<(), Suspicion> {
    walk(text, &(0..text.len()), |names, depth| {
        if depth == 0 {
            exact(names, known)?;
        }
        unique(names)
    })
}

/// Checks the names of one object's own members: none twice, and none that is almost one of `known`.
pub(crate) fn inspect_names_of<'a>(
    names: impl Iterator<Item = &'a str>,
    known: &[&str],
) -> Result<(), Suspicion> {
    let mut names: Vec<_> = names.map(Cow::Borrowed).collect();
    exact(&names, known)?;
    unique(&mut names)
}

/// Walks the whole `text`, which must not nest too deep, and has `check` see the names of each object within `watched`, with
/// how many levels inside the text it stands.
fn walk<'a>(
    text: &'a str,
    watched: &Range<usize>,
    check: impl Fn(&mut Vec<Cow<'a, str>>, usize) -> Result<(), Suspicion>,
) -> Result<(), Suspicion> {
    let bytes = text.as_bytes();
    // For each open bracket, how many names were known before it.
    let mut open: Vec<usize> = Vec::with_capacity(8);
    let mut names: Vec<Cow<'_, str>> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'"' => {
                at = end_of_string(bytes, at);
                if watched.contains(&start) && is_name(bytes, at) {
                    names.push(name(text, start..at)?);
                }
            }
            b'{' | b'[' if open.len() == MAX_DEPTH => return Err(Suspicion::TooDeep),
            b'{' | b'[' => open.push(names.len()),
            b'}' | b']' => {
                let first = open.pop().unwrap_or_default();
                check(&mut names.split_off(first), open.len())?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Checks the names of one object that stands `depth` levels inside the message; `params` itself is at 1.
fn inspect_names(names: &mut Vec<Cow<'_, str>>, depth: usize) -> Result<(), Suspicion> {
    if depth == 1 {
        exact(names, PARAMS)?;
    }
    if depth <= CASE_DEPTH {
        names.iter_mut().for_each(|name| *name = fold(std::mem::take(name)));
    }
    unique(names)
}

fn exact(names: &[Cow<'_, str>], known: &[&str]) -> Result<(), Suspicion> {
    let almost = |name: &&Cow<'_, str>| {
        !known.contains(&name.as_ref()) && known.contains(&fold(Cow::Borrowed(name.as_ref())).as_ref())
    };
    match names.iter().find(almost) {
        Some(name) => Err(Suspicion::Almost { name: name.to_string() }),
        None => Ok(()),
    }
}

fn unique(names: &mut [Cow<'_, str>]) -> Result<(), Suspicion> {
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Suspicion::Twice { name: pair[0].to_string() }),
        None => Ok(()),
    }
}

/// Folds case as widely as any parser might: `ſ` is an `s` to some, and the Kelvin sign a `k`.
fn fold(name: Cow<'_, str>) -> Cow<'_, str> {
    if name.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        name
    } else {
        Cow::Owned(name.to_uppercase().to_lowercase())
    }
}

fn name(text: &str, raw: Range<usize>) -> Result<Cow<'_, str>, Suspicion> {
    let name = text.get(raw).and_then(unescape).ok_or(Suspicion::Reserved)?;
    if name.starts_with(MAGIC) { Err(Suspicion::Reserved) } else { Ok(name) }
}

/// The position after the closing quote of the string whose first character is at `at`.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// Whether the string that ended before `at` is followed by a colon.
fn is_name(bytes: &[u8], at: usize) -> bool {
    bytes.iter().skip(at).find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}
