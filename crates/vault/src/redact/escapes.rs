//! Escapes in a text: what they stand for, and where they stood.
//!
//! Where something stood is worked out only for what was found, by walking the text once more: a hostile text of nothing but
//! escapes costs time in proportion, and no more memory than its decoded copy.

use std::ops::Range;

/// One way to escape characters.
pub(super) struct Escapes {
    lead: u8,
    /// Is given the text from a `lead` on; appends what the escape stands for, and says how long the escape is.
    decode: fn(&[u8], &mut Vec<u8>) -> Option<usize>,
}

/// JSON string escapes (RFC 8259 §7), wherever they stand.
pub(super) const JSON: Escapes = Escapes { lead: b'\\', decode: json_escape };
/// Percent escapes (RFC 3986 §2.1).
pub(super) const PERCENT: Escapes = Escapes { lead: b'%', decode: percent_escape };

/// One escape, or all that is between two.
struct Stretch {
    source: Range<usize>,
    decoded: Range<usize>,
    is_escape: bool,
}

impl Escapes {
    /// The text decoded; nothing if there is no escape in it.
    pub(super) fn decoded(&self, source: &[u8]) -> Option<Vec<u8>> {
        memchr::memchr(self.lead, source)?;
        let mut decoded = Vec::with_capacity(source.len());
        let mut any = false;
        self.walk(source, |stretch, bytes| {
            any |= stretch.is_escape;
            decoded.extend_from_slice(bytes);
        });
        any.then_some(decoded)
    }

    /// Where these ranges of the decoded text are in the source, whole escapes. They come in order and apart.
    pub(super) fn locate(&self, source: &[u8], mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
        let (mut starts, mut ends) = (0, 0);
        self.walk(source, |Stretch { source, decoded, is_escape }, _| {
            while let Some(range) = ranges.get_mut(starts).filter(|range| range.start < decoded.end) {
                range.start = source.start + if is_escape { 0 } else { range.start - decoded.start };
                starts += 1;
            }
            while let Some(range) = ranges.get_mut(ends).filter(|range| range.end <= decoded.end) {
                range.end = if is_escape { source.end } else { source.start + range.end - decoded.start };
                ends += 1;
            }
        });
        ranges
    }

    /// Ranges of the source widened, so that none ends within an escape. They come in order and apart.
    pub(super) fn widen(&self, source: &[u8], mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
        let (mut starts, mut ends) = (0, 0);
        self.walk(source, |Stretch { source, is_escape, .. }, _| {
            while let Some(range) = ranges.get_mut(starts).filter(|range| range.start < source.end) {
                range.start = if is_escape { source.start } else { range.start };
                starts += 1;
            }
            while let Some(range) = ranges.get_mut(ends).filter(|range| range.end <= source.end) {
                range.end = if is_escape { source.end } else { range.end };
                ends += 1;
            }
        });
        ranges
    }

    /// Every stretch in order, with what it decodes to.
    fn walk(&self, source: &[u8], mut visit: impl FnMut(Stretch, &[u8])) {
        let (mut done, mut length) = (0, 0);
        let mut step = |source: Range<usize>, bytes: &[u8], is_escape| {
            let decoded = length..length + bytes.len();
            length = decoded.end;
            visit(Stretch { source, decoded, is_escape }, bytes);
        };
        let mut character = Vec::with_capacity(4);
        for at in memchr::memchr_iter(self.lead, source) {
            character.clear();
            if at < done {
                continue;
            }
            let Some(length) = (self.decode)(&source[at..], &mut character) else { continue };
            step(done..at, &source[done..at], false);
            step(at..at + length, &character, true);
            done = at + length;
        }
        step(done..source.len(), &source[done..], false);
    }
}

/// `\n`, `\/`, `\u00e9`, `\ud83d\ude00` and their like.
fn json_escape(text: &[u8], decoded: &mut Vec<u8>) -> Option<usize> {
    let simple = match text.get(1)? {
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        same @ (b'"' | b'\\' | b'/') => *same,
        b'u' => return unicode_escape(text, decoded),
        _ => return None,
    };
    decoded.push(simple);
    Some(2)
}

fn unicode_escape(text: &[u8], decoded: &mut Vec<u8>) -> Option<usize> {
    let unit = |at: usize| u16::try_from(number(text.get(at + 2..at + 6)?)?).ok();
    let first = unit(0)?;
    let second = text.get(6..8).filter(|lead| *lead == b"\\u").and_then(|_| unit(6));
    let units = [first, second.unwrap_or_default()];
    let character = char::decode_utf16(units).next()?.ok()?;
    decoded.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(6 * character.len_utf16())
}

/// `%2F`.
fn percent_escape(text: &[u8], decoded: &mut Vec<u8>) -> Option<usize> {
    decoded.push(u8::try_from(number(text.get(1..3)?)?).ok()?);
    Some(3)
}

/// Hexadecimal digits, and nothing else.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}
