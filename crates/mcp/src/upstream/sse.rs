//! Server-sent events, as the HTML standard has them (§9.2.6), from chunks cut anywhere.

use bytes::{Buf, Bytes, BytesMut};
use memchr::{memchr, memchr2};
use std::time::Duration;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Its type; empty is `message`.
    pub(super) kind: String,
    /// Its data, lines joined by newlines.
    pub(super) data: Bytes,
}

impl Event {
    /// Whether it holds a message; the empty events that only carry an id do not.
    pub(super) fn is_message(&self) -> bool {
        matches!(self.kind.as_str(), "" | "message") && !self.data.is_empty()
    }
}

/// Reads events. Feed it chunks, then take events until there are none.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    buffer: BytesMut,
    searched: usize,
    begun: bool,
    /// The last line ended with CR: a LF that follows belongs to it.
    after_cr: bool,
    kind: String,
    data: Option<BytesMut>,
    spoken: bool,
    /// The last event id seen.
    pub(super) last_id: Option<String>,
    /// How long to wait before connecting again, if the server said.
    pub(super) retry: Option<Duration>,
}

impl Decoder {
    /// Reads a new connection that goes on where an earlier one ended.
    pub(super) fn resumed(self) -> Self {
        Self { last_id: self.last_id, retry: self.retry, ..Self::default() }
    }

    /// Whether this connection has carried an event.
    pub(super) const fn has_spoken(&self) -> bool {
        self.spoken
    }

    /// Takes in a chunk.
    pub(super) fn feed(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// How many bytes wait for the end of their event.
    pub(super) fn waiting(&self) -> usize {
        self.buffer.len() + self.data.as_ref().map_or(0, BytesMut::len)
    }

    /// The data so far of an event that is one long line, once that is of this size; then what follows, up to the line's end,
    /// belongs to it, and this decoder has nothing more to say.
    pub(super) fn large(&mut self, size: usize) -> Option<Bytes> {
        let is_open = self.searched == self.buffer.len() && self.data.is_none();
        let is_message = matches!(self.kind.as_str(), "" | "message");
        if !is_open || !is_message || self.buffer.len() < size {
            return None;
        }
        let data = self.buffer.strip_prefix(b"data:")?;
        let length = data.strip_prefix(b" ").unwrap_or(data).len();
        Some(self.buffer.split_off(self.buffer.len() - length).freeze())
    }

    /// The next whole event that has data.
    pub(super) fn next(&mut self) -> Option<Event> {
        while let Some(line) = self.line() {
            if !line.is_empty() {
                self.field(line);
                continue;
            }
            let kind = std::mem::take(&mut self.kind);
            if let Some(data) = self.data.take() {
                self.spoken = true;
                return Some(Event { kind, data: data.freeze() });
            }
        }
        None
    }

    /// The next whole line, ended by CR, LF or both.
    fn line(&mut self) -> Option<BytesMut> {
        if !self.begun {
            if BOM.starts_with(&self.buffer) && self.buffer.len() < BOM.len() {
                return None;
            }
            self.begun = true;
            if self.buffer.starts_with(BOM) {
                self.buffer.advance(BOM.len());
            }
        }
        if self.after_cr && !self.buffer.is_empty() {
            self.after_cr = false;
            if self.buffer[0] == b'\n' {
                self.buffer.advance(1);
            }
        }
        let Some(found) = memchr2(b'\r', b'\n', &self.buffer[self.searched..]) else {
            self.searched = self.buffer.len();
            return None;
        };
        let line = self.buffer.split_to(self.searched + found);
        self.after_cr = self.buffer[0] == b'\r';
        self.buffer.advance(1);
        self.searched = 0;
        Some(line)
    }

    fn field(&mut self, mut value: BytesMut) {
        let name = value.split_to(memchr(b':', &value).unwrap_or(value.len()));
        value.advance(value.len().min(1));
        if value.first() == Some(&b' ') {
            value.advance(1);
        }
        let text = || String::from_utf8_lossy(&value).into_owned();
        match &name[..] {
            b"data" => self.push_data(value),
            b"event" => self.kind = text(),
            b"id" if !value.contains(&0) => self.last_id = Some(text()),
            b"retry" => self.retry = text().parse().ok().map(Duration::from_millis).or(self.retry),
            _ => {}
        }
    }

    fn push_data(&mut self, value: BytesMut) {
        match &mut self.data {
            None => self.data = Some(value),
            Some(data) => {
                data.extend_from_slice(b"\n");
                data.extend_from_slice(&value);
            }
        }
    }
}
