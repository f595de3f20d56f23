//! Verification and export, from the files alone: an auditor needs the receipt key and nobody's cooperation.

use crate::LedgerError;
use crate::files::{Extent, file_path, numbers};
use crate::read::each_line;
use domain::PublicKey;
use proof::chain::{Flaw, Line, Verifier};
use proof::receipt::{Checkpoint, Kind};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// So many findings are listed; the rest are counted.
const MAX_FINDINGS: usize = 1000;

/// What verification found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How many receipts there are, with the last one's digest and time.
    pub so_far: Checkpoint,
    /// How many files.
    pub files: u32,
    /// How many calls were opened and never closed.
    pub unfinished: u64,
    /// What is wrong, first things first; at most 1000. Empty: nothing.
    pub findings: Vec<Finding>,
    /// How many more findings there are.
    pub more: u64,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}, line {line}: {flaw}", file.display())]
pub struct Finding {
    /// In which file.
    pub file: PathBuf,
    /// In which of its lines, from 1.
    pub line: u64,
    /// What.
    pub flaw: Flaw,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Verifies the ledger in `dir`. Without a checkpoint kept elsewhere, a tail that was cut off can't show. While a wallet
/// writes there, ask [`crate::Ledger::verify`] instead: here its last line may be seen half written.
///
/// # Errors
/// [`LedgerError::Io`] when a file can't be read. What is wrong with the ledger is in the report, not here.
pub fn verify_dir(dir: &Path, key: &PublicKey, known: Option<&Checkpoint>) -> Result<Report, LedgerError> {
    verify_up_to(dir, None, key, known)
}

/// Verifies what the ledger was at `end`, or all of it.
pub(crate) fn verify_up_to(
    dir: &Path,
    end: Option<Extent>,
    key: &PublicKey,
    known: Option<&Checkpoint>,
) -> Result<Report, LedgerError> {
    let mut audit = Audit::new(key, known);
    let numbers = numbers_up_to(dir, end)?;
    for number in &numbers {
        let (path, file) = open_up_to(dir, *number, end)?;
        audit.file(&path, BufReader::new(file)).map_err(LedgerError::io("read", &path))?;
        if !audit.closed && numbers.last() != Some(number) {
            audit.note(Flaw::Unclosed);
        }
    }
    Ok(audit.finish())
}

/// Verifies one stream of lines, such as an export. `name` is what findings call it.
///
/// # Errors
/// [`LedgerError::Io`] when it can't be read.
pub fn verify_stream(
    name: &Path,
    lines: impl BufRead,
    key: &PublicKey,
    known: Option<&Checkpoint>,
) -> Result<Report, LedgerError> {
    let mut audit = Audit::new(key, known);
    audit.file(name, lines).map_err(LedgerError::io("read", name))?;
    Ok(audit.finish())
}

/// Writes all lines of the ledger in `dir` to `out`, byte for byte, and returns how many bytes that were. While a wallet
/// writes there, ask [`crate::Ledger::export`] instead.
///
/// # Errors
/// [`LedgerError::Io`] when a file can't be read or `out` can't be written.
pub fn export(dir: &Path, out: &mut dyn Write) -> Result<u64, LedgerError> {
    export_up_to(dir, None, out)
}

/// Exports what the ledger was at `end`, or all of it.
pub(crate) fn export_up_to(dir: &Path, end: Option<Extent>, out: &mut dyn Write) -> Result<u64, LedgerError> {
    let mut bytes = 0;
    for number in numbers_up_to(dir, end)? {
        let (path, mut file) = open_up_to(dir, number, end)?;
        bytes += io::copy(&mut file, out).map_err(LedgerError::io("export", &path))?;
    }
    out.flush().map_err(LedgerError::io("export", dir))?;
    Ok(bytes)
}

fn numbers_up_to(dir: &Path, end: Option<Extent>) -> Result<Vec<u32>, LedgerError> {
    let mut numbers = numbers(dir)?;
    numbers.retain(|number| end.is_none_or(|end| *number <= end.number));
    Ok(numbers)
}

fn open_up_to(
    dir: &Path,
    number: u32,
    end: Option<Extent>,
) -> Result<(PathBuf, io::Take<File>), LedgerError> {
    let path = file_path(dir, number);
    let file = File::open(&path).map_err(LedgerError::io("open", &path))?;
    let limit = end.filter(|end| end.number == number).map_or(u64::MAX, |end| end.bytes);
    Ok((path, file.take(limit)))
}

/// A verification under way.
struct Audit {
    verifier: Verifier,
    file: PathBuf,
    line: u64,
    closed: bool,
    open: HashSet<domain::CallId>,
    report: Report,
}

impl Audit {
    fn new(key: &PublicKey, known: Option<&Checkpoint>) -> Self {
        let verifier = Verifier::new(*key, known.copied());
        let so_far = verifier.so_far();
        let report = Report { so_far, files: 0, unfinished: 0, findings: Vec::new(), more: 0 };
        Self { verifier, file: PathBuf::new(), line: 0, closed: false, open: HashSet::new(), report }
    }

    fn file(&mut self, path: &Path, lines: impl BufRead) -> io::Result<()> {
        self.report.files += 1;
        path.clone_into(&mut self.file);
        (self.line, self.closed) = (0, false);
        let read = each_line(lines, |line| {
            self.line += 1;
            match line.strip_suffix(b"\n") {
                Some(line) => self.feed(line),
                None => self.note(Flaw::Torn),
            }
            ControlFlow::Continue(())
        });
        read.map(drop)
    }

    fn feed(&mut self, line: &[u8]) {
        self.closed = Checkpoint::is(line);
        match self.verifier.feed(line) {
            Ok(Line::Receipt(receipt)) => {
                let body = receipt.payload.body;
                match body.call {
                    Some(call) if body.kind == Kind::CallOpened => drop(self.open.insert(call)),
                    Some(call) if body.kind == Kind::CallClosed => drop(self.open.remove(&call)),
                    Some(_) | None => {}
                }
            }
            Ok(Line::Checkpoint(_)) => {}
            Err(fault) => self.note(fault.flaw),
        }
    }

    fn note(&mut self, flaw: Flaw) {
        if self.report.findings.len() < MAX_FINDINGS {
            self.report.findings.push(Finding { file: self.file.clone(), line: self.line, flaw });
        } else {
            self.report.more += 1;
        }
    }

    fn finish(mut self) -> Report {
        if let Err(fault) = self.verifier.finish() {
            self.note(fault.flaw);
        }
        self.report.so_far = self.verifier.so_far();
        self.report.unfinished = self.open.len() as u64;
        self.report
    }
}
