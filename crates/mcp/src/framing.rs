//! Messages as lines: one JSON text, one newline (MCP stdio transport).

use crate::flow::Spoken;
use bytes::buf::Chain;
use bytes::{Buf, Bytes, BytesMut};
use memchr::{memchr, memchr2};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// How much room a read gets: a new block when less than the least of it is left of the last.
const BLOCK: usize = 64 << 10;
const LEAST: usize = 4 << 10;

/// Splits a stream into lines. Cancel-safe: what was read stays here until it makes a line.
#[derive(Debug)]
pub struct LineReader<R> {
    stream: R,
    buffer: BytesMut,
    /// How much of the buffer is known to hold no newline.
    searched: usize,
    limit: usize,
    /// The rest of a line that was too long is being thrown away.
    skipping: bool,
}

/// A line, or the beginning of a long one.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// All of it.
    Whole(Bytes),
    /// Its beginning: [`LineReader::more`] or [`LineReader::rest_of`] read on.
    Begun(Bytes),
}

/// Why there is no line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The line was longer than allowed. It is dropped, and the next one can be read.
    #[error("a line is longer than {limit} bytes; it was dropped")]
    TooLong {
        /// The longest line taken.
        limit: usize,
    },
    /// The stream failed.
    #[error("the stream failed: {0}")]
    Io(#[from] io::Error),
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    /// Reads lines of at most `limit` bytes.
    pub fn new(stream: R, limit: usize) -> Self {
        Self { stream, buffer: BytesMut::new(), searched: 0, limit, skipping: false }
    }

    /// Changes the longest line taken.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// The next line that is not blank, without its newline; `None` at the end. A last line without newline counts.
    ///
    /// # Errors
    /// [`LineError::TooLong`], after which the next line can be read; [`LineError::Io`] when the stream failed.
    pub async fn next(&mut self) -> Result<Option<Bytes>, LineError> {
        match self.next_or_begun(usize::MAX).await? {
            Some(Line::Whole(line) | Line::Begun(line)) => Ok(Some(line)),
            None => Ok(None),
        }
    }

    /// The same; of a line longer than `most` the beginning, as soon as so much of it is there.
    ///
    /// # Errors
    /// As [`LineReader::next`].
    pub async fn next_or_begun(&mut self, most: usize) -> Result<Option<Line>, LineError> {
        loop {
            while let Some(line) = self.take_line() {
                if let Some(line) = self.checked(line)? {
                    return Ok(Some(Line::Whole(line)));
                }
            }
            if self.buffer.len() >= most && !self.skipping {
                self.searched = 0;
                return Ok(Some(Line::Begun(self.buffer.split().freeze())));
            }
            if self.buffer.len() > self.limit {
                self.skipping = true;
                self.buffer.clear();
                self.searched = 0;
            }
            if self.buffer.capacity() - self.buffer.len() < LEAST {
                self.buffer.reserve(BLOCK);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                let rest = self.buffer.split();
                self.searched = 0;
                let is_end = rest.is_empty() && !self.skipping;
                return if is_end { Ok(None) } else { Ok(self.checked(rest)?.map(Line::Whole)) };
            }
        }
    }

    /// The next piece of a line that was begun; `None` after its last one. Cancel-safe.
    ///
    /// # Errors
    /// When the stream failed, or ended before the line.
    pub async fn more(&mut self) -> Result<Option<Bytes>, LineError> {
        if self.buffer.is_empty() {
            self.buffer.reserve(BLOCK);
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
        match memchr(b'\n', &self.buffer) {
            None => Ok(Some(self.buffer.split().freeze())),
            Some(0) => {
                self.buffer.advance(1);
                Ok(None)
            }
            Some(end) => Ok(Some(self.buffer.split_to(end).freeze())),
        }
    }

    /// The whole of a line of which `first` is the beginning.
    ///
    /// # Errors
    /// As [`LineReader::next`].
    pub async fn rest_of(&mut self, first: Bytes) -> Result<Bytes, LineError> {
        let mut whole = BytesMut::from(first);
        while let Some(piece) = self.more().await? {
            if whole.len() + piece.len() > self.limit {
                while self.more().await?.is_some() {}
                return Err(LineError::TooLong { limit: self.limit });
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// Ends when the stream has ended. What comes meanwhile is kept for [`LineReader::next`]; once that is more than a line,
    /// nothing more is read, and the end is not seen. Cancel-safe.
    pub async fn ended(&mut self) {
        while self.buffer.len() <= self.limit {
            self.buffer.reserve(LEAST);
            if !self.stream.read_buf(&mut self.buffer).await.is_ok_and(|read| read > 0) {
                return;
            }
        }
        std::future::pending().await
    }

    /// What stands before the next newline in the buffer, if there is one.
    fn take_line(&mut self) -> Option<BytesMut> {
        let Some(found) = memchr(b'\n', &self.buffer[self.searched..]) else {
            self.searched = self.buffer.len();
            return None;
        };
        let line = self.buffer.split_to(self.searched + found);
        self.buffer.advance(1);
        self.searched = 0;
        Some(line)
    }

    /// Nothing for a blank line, an error for one that is too long.
    fn checked(&mut self, line: BytesMut) -> Result<Option<Bytes>, LineError> {
        if std::mem::take(&mut self.skipping) || line.len() > self.limit {
            return Err(LineError::TooLong { limit: self.limit });
        }
        Ok(Some(line.freeze()).filter(|line| !line.trim_ascii().is_empty()))
    }
}

/// Writes lines, each with one system call where the stream allows. Cancel-safe: a line begun and abandoned is finished
/// before the next one, so the stream never carries half a message.
#[derive(Debug)]
pub struct LineWriter<W> {
    stream: W,
    unsent: Chain<Bytes, &'static [u8]>,
}

impl<W: AsyncWrite + Unpin> LineWriter<W> {
    /// Writes lines to `stream`.
    pub fn new(stream: W) -> Self {
        Self { stream, unsent: Bytes::new().chain(&b""[..]) }
    }

    /// Writes `message` and a newline.
    ///
    /// # Errors
    /// When the stream failed.
    pub async fn send(&mut self, message: Bytes) -> io::Result<()> {
        self.stream.write_all_buf(&mut self.unsent).await?;
        self.unsent = one_line(message).chain(&b"\n"[..]);
        self.stream.write_all_buf(&mut self.unsent).await?;
        self.stream.flush().await
    }

    /// Writes an answer in pieces, and a newline. One that breaks off ends its line, which is then no message.
    ///
    /// # Errors
    /// When the stream failed.
    pub async fn send_pieces(&mut self, mut spoken: Spoken) -> io::Result<()> {
        self.stream.write_all_buf(&mut self.unsent).await?;
        // Should this be abandoned half-way, the line ends before the next one.
        self.unsent = Bytes::new().chain(&b"\n"[..]);
        while let Some(piece) = spoken.pieces.recv().await {
            let Ok(piece) = piece else { break };
            self.stream.write_all(&piece).await?;
        }
        self.stream.write_all_buf(&mut self.unsent).await?;
        self.stream.flush().await
    }

    /// Finishes what was begun and closes the stream.
    ///
    /// # Errors
    /// When the stream failed.
    pub async fn close(&mut self) -> io::Result<()> {
        self.stream.write_all_buf(&mut self.unsent).await?;
        self.stream.shutdown().await
    }
}

/// The same JSON on one line: outside of strings a line break is white space, and inside of them it can't stand.
#[must_use]
pub fn one_line(message: Bytes) -> Bytes {
    if memchr2(b'\n', b'\r', &message).is_none() {
        return message;
    }
    message.iter().map(|&byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }).collect()
}
