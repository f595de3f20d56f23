//! JSON read in pieces cut anywhere: whether it is well-formed, and what of it stands on its first two levels.

use crate::message::MAX_DEPTH;
use memchr::memchr2;
use std::ops::Range;

/// The most members of the outermost object.
const MEMBERS: usize = 64;
/// The longest name that is looked at.
const NAME: usize = 128;

/// Why a text is no JSON, or none to be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct ScanError {
    /// What is wrong.
    pub what: &'static str,
    /// Where, counted from the text's beginning.
    pub at: usize,
}

/// Reads one object.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    state: State,
    open: Vec<Bracket>,
    /// How many bytes were read.
    read: usize,
    /// The beginning of a character that the last piece cut.
    cut: Vec<u8>,
    /// The last name read on one of the first two levels, as it is written.
    name: Vec<u8>,
    members: Vec<Member>,
    says_error: bool,
}

/// A member of the outermost object.
#[derive(Debug)]
pub(super) struct Member {
    /// Its name, as it is written.
    pub(super) name: Vec<u8>,
    /// Where its value stands; the end is the beginning as long as it has not ended.
    pub(super) value: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bracket {
    Object,
    Array,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// A value begins; `end` says whether the array may end instead.
    #[default]
    Begin,
    Item,
    /// A name begins, or the object ends.
    FirstName,
    NextName,
    Colon,
    Value,
    Text {
        name: bool,
    },
    Escape {
        name: bool,
    },
    Hex {
        name: bool,
        left: u8,
    },
    Literal {
        rest: &'static [u8],
    },
    Number(Number),
    /// A value has ended.
    After,
    End,
}

/// Where in a number (RFC 8259 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
}

impl Scanner {
    /// Reads on.
    pub(super) fn read(&mut self, piece: &[u8]) -> Result<(), ScanError> {
        let mut at = 0;
        while let Some(&byte) = piece.get(at) {
            if let State::Text { name } = self.state {
                at += self.text(&piece[at..], name)?;
                continue;
            }
            if self.step(byte)? {
                at += 1;
                self.read += 1;
            }
        }
        Ok(())
    }

    /// The text is over.
    pub(super) fn end(&self) -> Result<(), ScanError> {
        if self.state == State::End { Ok(()) } else { Err(self.wrong("the text ends too early")) }
    }

    /// The members of the outermost object so far.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// Whether `result` has said `isError`.
    pub(super) const fn says_error(&self) -> bool {
        self.says_error
    }

    const fn wrong(&self, what: &'static str) -> ScanError {
        ScanError { what, at: self.read }
    }

    /// Reads within a string, up to its end, an escape or the end of the piece; says how far.
    fn text(&mut self, piece: &[u8], name: bool) -> Result<usize, ScanError> {
        let length = memchr2(b'"', b'\\', piece).unwrap_or(piece.len());
        let text = &piece[..length];
        if text.iter().any(|byte| *byte < 0x20) {
            return Err(self.wrong("a control character stands in a string"));
        }
        self.characters(text)?;
        if name && self.open.len() <= 2 && self.name.len() <= NAME {
            self.name.extend_from_slice(&text[..length.min(NAME + 1)]);
        }
        self.read += length;
        let Some(end) = piece.get(length) else { return Ok(length) };
        if !self.cut.is_empty() {
            return Err(self.wrong("it is not UTF-8"));
        }
        self.state = match end {
            b'"' if name => State::Colon,
            b'"' => self.ended(self.read + 1),
            _ => State::Escape { name },
        };
        if name && *end == b'\\' {
            self.note(*end);
        }
        self.read += 1;
        Ok(length + 1)
    }

    /// Checks that characters are UTF-8; one that is cut waits for its rest.
    fn characters(&mut self, mut text: &[u8]) -> Result<(), ScanError> {
        let not_utf8 = self.wrong("it is not UTF-8");
        while !self.cut.is_empty() {
            let Some((&next, rest)) = text.split_first() else { return Ok(()) };
            self.cut.push(next);
            text = rest;
            match std::str::from_utf8(&self.cut) {
                Ok(_) => self.cut.clear(),
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(not_utf8),
            }
        }
        match std::str::from_utf8(text) {
            Ok(_) => Ok(()),
            Err(error) if error.error_len().is_none() => {
                self.cut.extend_from_slice(&text[error.valid_up_to()..]);
                Ok(())
            }
            Err(_) => Err(not_utf8),
        }
    }

    fn note(&mut self, byte: u8) {
        if self.open.len() <= 2 && self.name.len() <= NAME {
            self.name.push(byte);
        }
    }

    /// One byte outside of a string's plain text; says whether it is used up.
    fn step(&mut self, byte: u8) -> Result<bool, ScanError> {
        let space = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.state = match self.state {
            State::Begin
            | State::Item
            | State::FirstName
            | State::NextName
            | State::Colon
            | State::Value
            | State::After
            | State::End
                if space =>
            {
                return Ok(true);
            }
            State::Begin if byte == b'{' => self.open(Bracket::Object)?,
            State::Begin => return Err(self.wrong("it is no object")),
            State::Item if byte == b']' => self.close(Bracket::Array)?,
            State::Item | State::Value => self.value(byte)?,
            State::FirstName if byte == b'}' => self.close(Bracket::Object)?,
            State::FirstName | State::NextName if byte == b'"' => {
                self.name.clear();
                State::Text { name: true }
            }
            State::FirstName | State::NextName => return Err(self.wrong("a name is missing")),
            State::Colon if byte == b':' => State::Value,
            State::Colon => return Err(self.wrong("a colon is missing")),
            State::Escape { name } => self.escape(byte, name)?,
            State::Hex { name, left } => self.hex(byte, name, left)?,
            State::Literal { rest } => match rest.split_first() {
                Some((&next, [])) if next == byte => self.ended(self.read + 1),
                Some((&next, rest)) if next == byte => State::Literal { rest },
                _ => return Err(self.wrong("a word is not known")),
            },
            State::Number(number) => match number.next(byte) {
                Some(number) => State::Number(number),
                None if number.may_end() => {
                    self.state = self.ended(self.read);
                    return Ok(false);
                }
                None => return Err(self.wrong("a number is malformed")),
            },
            State::After => self.after(byte)?,
            State::End => return Err(self.wrong("something follows the object")),
            // Texts are read by `text`.
            State::Text { .. } => return Ok(false),
        };
        Ok(true)
    }

    fn after(&mut self, byte: u8) -> Result<State, ScanError> {
        match (self.open.last(), byte) {
            (Some(Bracket::Object), b',') => Ok(State::NextName),
            (Some(Bracket::Array), b',') => Ok(State::Value),
            (Some(Bracket::Object), b'}') => self.close(Bracket::Object),
            (Some(Bracket::Array), b']') => self.close(Bracket::Array),
            _ => Err(self.wrong("a comma or the end is missing")),
        }
    }

    /// A value begins.
    fn value(&mut self, byte: u8) -> Result<State, ScanError> {
        match self.open.len() {
            1 if self.members.len() == MEMBERS => return Err(self.wrong("there are too many members")),
            1 => self.members.push(Member { name: self.name.clone(), value: self.read..self.read }),
            2 if byte == b't' && self.name == b"isError" && self.inside_result() => self.says_error = true,
            _ => {}
        }
        match byte {
            b'{' => self.open(Bracket::Object),
            b'[' => self.open(Bracket::Array),
            b'"' => Ok(State::Text { name: false }),
            b't' => Ok(State::Literal { rest: b"rue" }),
            b'f' => Ok(State::Literal { rest: b"alse" }),
            b'n' => Ok(State::Literal { rest: b"ull" }),
            b'-' => Ok(State::Number(Number::Minus)),
            b'0' => Ok(State::Number(Number::Zero)),
            b'1'..=b'9' => Ok(State::Number(Number::Whole)),
            _ => Err(self.wrong("a value is missing")),
        }
    }

    fn inside_result(&self) -> bool {
        self.open.last() == Some(&Bracket::Object)
            && self.members.last().is_some_and(|member| member.name == b"result")
    }

    fn open(&mut self, bracket: Bracket) -> Result<State, ScanError> {
        if self.open.len() == MAX_DEPTH {
            return Err(self.wrong("it nests too deep"));
        }
        self.open.push(bracket);
        Ok(if bracket == Bracket::Object { State::FirstName } else { State::Item })
    }

    fn close(&mut self, bracket: Bracket) -> Result<State, ScanError> {
        if self.open.pop() != Some(bracket) {
            return Err(self.wrong("a bracket does not fit"));
        }
        Ok(if self.open.is_empty() { State::End } else { self.ended(self.read + 1) })
    }

    /// A value has ended before `end`.
    fn ended(&mut self, end: usize) -> State {
        if self.open.len() == 1
            && let Some(member) = self.members.last_mut()
        {
            member.value.end = end;
        }
        State::After
    }

    fn escape(&mut self, byte: u8, name: bool) -> Result<State, ScanError> {
        if name {
            self.note(byte);
        }
        match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(State::Text { name }),
            b'u' => Ok(State::Hex { name, left: 4 }),
            _ => Err(self.wrong("an escape is not known")),
        }
    }

    fn hex(&mut self, byte: u8, name: bool, left: u8) -> Result<State, ScanError> {
        if name {
            self.note(byte);
        }
        match left {
            _ if !byte.is_ascii_hexdigit() => Err(self.wrong("an escape is malformed")),
            1 => Ok(State::Text { name }),
            left => Ok(State::Hex { name, left: left - 1 }),
        }
    }
}

impl Number {
    const fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Whole, b'0'..=b'9') => Self::Whole,
            (Self::Zero | Self::Whole, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Self::Exponent,
            (Self::Exponent, b'+' | b'-') => Self::Sign,
            (Self::Exponent | Self::Sign | Self::Power, b'0'..=b'9') => Self::Power,
            _ => return None,
        })
    }

    const fn may_end(self) -> bool {
        matches!(self, Self::Zero | Self::Whole | Self::Fraction | Self::Power)
    }
}
