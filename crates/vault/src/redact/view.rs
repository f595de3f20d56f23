//! A text with its escapes decoded, which still knows where everything stood.

use std::ops::Range;

/// Decoded bytes, and for each escape where it is in them and where it was in the source.
pub(super) struct View {
    bytes: Vec<u8>,
    escapes: Vec<Escape>,
}

struct Escape {
    decoded: Range<usize>,
    source: Range<usize>,
}

impl View {
    /// JSON string escapes decoded (RFC 8259 §7), wherever they stand. Nothing if there are none.
    pub(super) fn unescaped(source: &[u8]) -> Option<Self> {
        Self::decoded(source, b'\\', json_escape)
    }

    /// Percent escapes decoded (RFC 3986 §2.1). Nothing if there are none.
    pub(super) fn percent_decoded(source: &[u8]) -> Option<Self> {
        Self::decoded(source, b'%', percent_escape)
    }

    /// `decode` is given the text from a `lead` on; it appends what the escape stands for, and says how long the escape is.
    fn decoded(source: &[u8], lead: u8, decode: fn(&[u8], &mut Vec<u8>) -> Option<usize>) -> Option<Self> {
        let mut next = memchr::memchr(lead, source)?;
        let mut view = Self { bytes: Vec::with_capacity(source.len()), escapes: Vec::new() };
        let mut copied = 0;
        loop {
            view.bytes.extend_from_slice(&source[copied..next]);
            copied = next;
            let before = view.bytes.len();
            let searched = match decode(&source[next..], &mut view.bytes) {
                Some(length) => {
                    copied = next + length;
                    view.escapes.push(Escape { decoded: before..view.bytes.len(), source: next..copied });
                    copied
                }
                None => next + 1,
            };
            let Some(ahead) = memchr::memchr(lead, &source[searched..]) else { break };
            next = searched + ahead;
        }
        view.bytes.extend_from_slice(&source[copied..]);
        (!view.escapes.is_empty()).then_some(view)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where a range of decoded bytes was in the source, whole escapes.
    pub(super) fn source(&self, decoded: Range<usize>) -> Range<usize> {
        self.source_of(decoded.start).start..self.source_of(decoded.end.saturating_sub(1)).end
    }

    /// A range of the source, widened so that no escape is cut.
    pub(super) fn whole(&self, source: Range<usize>) -> Range<usize> {
        let around = |at: usize| {
            let next = self.escapes.partition_point(|escape| escape.source.end <= at);
            self.escapes
                .get(next)
                .filter(|escape| escape.source.start <= at)
                .map(|escape| escape.source.clone())
        };
        let start = around(source.start).map_or(source.start, |escape| escape.start);
        let end = around(source.end.saturating_sub(1)).map_or(source.end, |escape| escape.end);
        start..end
    }

    /// Where one decoded byte was.
    fn source_of(&self, at: usize) -> Range<usize> {
        let next = self.escapes.partition_point(|escape| escape.decoded.end <= at);
        match self.escapes.get(next) {
            Some(escape) if escape.decoded.start <= at => return escape.source.clone(),
            Some(_) | None => {}
        }
        let shift = next.checked_sub(1).and_then(|last| self.escapes.get(last));
        let start = shift.map_or(at, |last| last.source.end + (at - last.decoded.end));
        start..start + 1
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
