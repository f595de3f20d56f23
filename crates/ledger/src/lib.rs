//! The ledger: receipts in append-only files, each line signed and chained to the one before (formats, §4).
//!
//! A line is handed to the operating system before [`Ledger::append`] returns, so a killed wallet loses nothing it
//! acknowledged; [`Ledger::durable`] waits until the disk has it, so a power cut doesn't either. The index lives in memory
//! and is rebuilt from the files. [`verify_dir`], [`export`] and [`each_receipt`] need nothing but
//! the files.

mod entry;
mod error;
mod files;
mod flush;
mod index;
mod open;
mod read;
mod text;
mod usage;
mod verify;
mod write;

pub use entry::Entry;
pub use error::LedgerError;
pub use index::Filter;
pub use open::Recovery;
pub use read::each_receipt;
pub use usage::{Line, Usage};
pub use verify::{Finding, Report, export, verify_dir, verify_stream};

use domain::{PublicKey, Signer, Timestamp};
use flush::Flusher;
use index::Index;
use proof::receipt::{Body, Checkpoint, Kind};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use usage::Usages;
use write::Writer;

/// An open ledger. One process has it at a time; share it behind an `Arc`. Dropping it waits for the disk.
pub struct Ledger {
    dir: PathBuf,
    state: Mutex<State>,
    flusher: Flusher,
}

/// What changes with every receipt, together.
struct State {
    writer: Writer,
    index: Index,
    usages: Usages,
}

impl Ledger {
    /// Opens the ledger in `dir`, or begins one. `now` names the side file that takes a line cut off by a crash.
    ///
    /// # Errors
    /// [`LedgerError::InUse`] when another process has it, [`LedgerError::Io`] when the folder can't be read and written.
    pub fn open(dir: &Path, now: Timestamp) -> Result<(Self, Recovery), LedgerError> {
        let open::Opened { state, recovery } = open::open(dir, now)?;
        let flusher = Flusher::start(state.writer.file(), state.writer.so_far().size)?;
        Ok((Self { dir: dir.to_owned(), state: Mutex::new(state), flusher }, recovery))
    }

    /// Signs and writes one receipt. When this returns, a killed process can't lose it; see [`Ledger::durable`] for the
    /// disk. When it fails, nothing was written, and later calls work again once their cause is gone.
    ///
    /// # Errors
    /// [`LedgerError::Io`] when the disk is full or read-only, [`LedgerError::Proof`] when the wallet is locked,
    /// [`LedgerError::Disk`] once the disk has failed to keep what it took; [`LedgerError::NotOpen`] for the end of a call that
    /// was not opened or has ended.
    pub fn append(&self, body: Body, signer: &dyn Signer) -> Result<Entry, LedgerError> {
        self.flusher.check()?;
        let mut state = self.state();
        if let Some(call) = body.call.as_ref().filter(|_| body.kind == Kind::CallClosed)
            && !state.index.is_open(call)
        {
            return Err(LedgerError::NotOpen(call.clone()));
        }
        let (entry, place) = state.writer.append(body, signer)?;
        state.index.add(&entry.glimpse(), place);
        state.usages.add(&entry.glimpse());
        self.flusher.wake(state.writer.file(), state.writer.so_far().size);
        Ok(entry)
    }

    /// Waits until the receipt `seq` is on the disk.
    ///
    /// # Errors
    /// [`LedgerError::Disk`] when the disk failed to keep it.
    pub async fn durable(&self, seq: u64) -> Result<(), LedgerError> {
        self.flusher.durable(seq).await
    }

    /// Receipts that match, newest first.
    ///
    /// # Errors
    /// [`LedgerError::Io`] when a file can't be read.
    pub fn query(&self, filter: &Filter) -> Result<Vec<Entry>, LedgerError> {
        // The lock is held to choose, not to read: a search through everything must not hold up a call.
        let places = self.state().index.places(filter);
        index::read(&self.dir, &places, filter)
    }

    /// Calls that were opened and have no end yet, the oldest first. What is on its way is among them; once nothing is, each
    /// wants its [`Body::unknown_outcome`].
    ///
    /// # Errors
    /// [`LedgerError::Io`] when a file can't be read.
    pub fn unfinished(&self) -> Result<Vec<Entry>, LedgerError> {
        let places = self.state().index.open_calls();
        index::read(&self.dir, &places, &Filter { limit: Some(usize::MAX), ..Filter::default() })
    }

    /// Whether what `known` counts is all here: a ledger that was cut or rewritten below it is not.
    ///
    /// # Errors
    /// [`LedgerError::Io`] when a file can't be read.
    pub fn holds(&self, known: &Checkpoint) -> Result<bool, LedgerError> {
        let Some(last) = known.size.checked_sub(1) else { return Ok(true) };
        let place = self.state().index.place(last);
        let line = place.map(|place| index::read_line(&self.dir, place)).transpose()?;
        Ok(line.is_some_and(|line| proof::sha256(&line) == known.head))
    }

    /// The line of the receipt `seq` as it was signed, to be shown or handed on; `None` when there is no such receipt.
    ///
    /// # Errors
    /// [`LedgerError::Io`] when its file can't be read.
    pub fn line(&self, seq: u64) -> Result<Option<String>, LedgerError> {
        let place = self.state().index.place(seq);
        let line = place.map(|place| index::read_line(&self.dir, place)).transpose()?;
        Ok(line.map(|line| String::from_utf8_lossy(&line).into_owned()))
    }

    /// What has been used for one line of a budget.
    #[must_use]
    pub fn usage(&self, line: &Line, now: Timestamp) -> Usage {
        self.state().usages.of(line, now)
    }

    /// The time of the newest receipt, if there is one. A clock before it was set back.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        let so_far = self.state().writer.so_far();
        (so_far.size > 0).then_some(so_far.time)
    }

    /// How far the ledger has come: to be kept where who cuts its tail can't reach.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        self.state().writer.so_far()
    }

    /// Verifies everything written so far, while writing goes on. See [`verify_dir`].
    ///
    /// # Errors
    /// [`LedgerError::Io`] when a file can't be read. What is wrong with the ledger is in the report, not here.
    pub fn verify(&self, key: &PublicKey, known: Option<&Checkpoint>) -> Result<Report, LedgerError> {
        let end = self.state().writer.end();
        verify::verify_up_to(&self.dir, Some(end), key, known)
    }

    /// Writes everything written so far to `out`, while writing goes on. See [`export`].
    ///
    /// # Errors
    /// [`LedgerError::Io`] when a file can't be read or `out` can't be written.
    pub fn export(&self, out: &mut dyn Write) -> Result<u64, LedgerError> {
        let end = self.state().writer.end();
        verify::export_up_to(&self.dir, Some(end), out)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic between two of its steps leaves a line unindexed at worst.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
