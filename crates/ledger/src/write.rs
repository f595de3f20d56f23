//! Writing: a line goes to the end of the current file as a whole, or not at all.

use crate::files::{Extent, MAX_FILE, file_path, open_file, sync_dir};
use crate::index::Place;
use crate::{Entry, LedgerError};
use domain::Signer;
use proof::receipt::{Author, Body, Checkpoint};
use proof::sha256;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

/// Kept free at the end of a file for the checkpoint that closes it.
const ROOM_FOR_CHECKPOINT: u64 = 1024;

/// The end of the ledger.
pub(crate) struct Writer {
    dir: PathBuf,
    /// Holds the lock on the folder.
    _lock: File,
    file: Arc<File>,
    /// Where the next line goes. Bytes beyond, left by a failed write, are not part of the ledger.
    end: Extent,
    /// Whether the current file ends with its checkpoint.
    closed: bool,
    so_far: Checkpoint,
    /// Who signed last: naming a key costs more than it looks.
    author: Option<Author>,
}

/// Where writing goes on.
pub(crate) struct End {
    pub(crate) extent: Extent,
    pub(crate) closed: bool,
    pub(crate) so_far: Checkpoint,
}

impl Writer {
    pub(crate) fn new(dir: PathBuf, lock: File, end: &End) -> Result<Self, LedgerError> {
        let file = Arc::new(open_file(&file_path(&dir, end.extent.number))?);
        sync_dir(&dir)?;
        Ok(Self {
            dir,
            _lock: lock,
            file,
            end: end.extent,
            closed: end.closed,
            so_far: end.so_far,
            author: None,
        })
    }

    pub(crate) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    pub(crate) const fn end(&self) -> Extent {
        self.end
    }

    pub(crate) const fn so_far(&self) -> Checkpoint {
        self.so_far
    }

    /// Signs and writes the next receipt.
    pub(crate) fn append(&mut self, body: Body, signer: &dyn Signer) -> Result<(Entry, Place), LedgerError> {
        let seq = self.so_far.size;
        let key = signer.public_key();
        let author = match self.author.take().filter(|author| *author.key() == key) {
            Some(author) => author,
            None => Author::new(key),
        };
        let line = author.sign(seq, self.so_far.head, &body, signer);
        self.author = Some(author);
        let mut line = line?;
        let digest = sha256(&line);
        line.push(b'\n');
        self.make_room(line.len(), signer)?;
        let place = Place { file: self.end.number, offset: self.end.bytes, length: line.len() };
        self.write(&line)?;
        self.so_far = Checkpoint { size: seq + 1, head: digest, time: body.time };
        Ok((Entry { seq, digest, body }, place))
    }

    /// Goes on to the next file when the line does not fit into this one.
    fn make_room(&mut self, length: usize, signer: &dyn Signer) -> Result<(), LedgerError> {
        let room = MAX_FILE - ROOM_FOR_CHECKPOINT;
        let needed = u64::try_from(length).ok().filter(|needed| *needed <= room);
        let needed = needed.ok_or(LedgerError::TooLong(length))?;
        if !self.closed && self.end.bytes + needed <= room {
            return Ok(());
        }
        // The next file first: without it, this one must stay open.
        let next_path = file_path(&self.dir, self.end.number + 1);
        let next = open_file(&next_path)?;
        sync_dir(&self.dir)?;
        self.close(signer)?;
        self.file = Arc::new(next);
        self.end = Extent { number: self.end.number + 1, bytes: 0 };
        self.closed = false;
        Ok(())
    }

    /// Ends the current file with a checkpoint, and makes it durable.
    fn close(&mut self, signer: &dyn Signer) -> Result<(), LedgerError> {
        if !self.closed {
            let mut line = self.so_far.sign(signer)?;
            line.push(b'\n');
            self.write(&line)?;
            self.closed = true;
        }
        let path = file_path(&self.dir, self.end.number);
        self.file.sync_data().map_err(LedgerError::io("flush", &path))
    }

    fn write(&mut self, line: &[u8]) -> Result<(), LedgerError> {
        if let Err(cause) = self.file.write_all_at(line, self.end.bytes) {
            // What was written of it is overwritten by the next line, or set aside when the ledger is next opened.
            let _ = self.file.set_len(self.end.bytes);
            return Err(LedgerError::io("write", &file_path(&self.dir, self.end.number))(cause));
        }
        self.end.bytes += line.len() as u64;
        Ok(())
    }
}
