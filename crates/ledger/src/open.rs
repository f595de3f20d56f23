//! Opening: reads every file once, builds the index, and mends what a crash left.

use crate::entry::{Glimpse, Line, Link};
use crate::files::{self, Extent, file_path, lock, sync_dir};
use crate::index::{Index, Place};
use crate::usage::Usages;
use crate::write::{End, Writer};
use crate::{LedgerError, State};
use domain::Timestamp;
use proof::receipt::{Checkpoint, GENESIS};
use proof::sha256;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What a crash, or somebody, left behind.
#[derive(Debug, Default)]
pub struct Recovery {
    /// The side file that took a line cut off in the middle. Nobody was told that it was written.
    pub torn: Option<PathBuf>,
    /// The first line, as file and line in it, that does not follow from the one before: the ledger was tampered with or
    /// damaged. Writing goes on after it; verification tells more.
    pub suspect: Option<(PathBuf, u64)>,
}

pub(crate) struct Opened {
    pub(crate) state: State,
    pub(crate) recovery: Recovery,
}

pub(crate) fn open(dir: &Path, now: Timestamp) -> Result<Opened, LedgerError> {
    let lock = lock(dir)?;
    let numbers = present_files(dir)?;
    let mut scan = Scan::new();
    let mut recovery = Recovery::default();
    for number in &numbers {
        let path = file_path(dir, *number);
        let bytes = fs::read(&path).map_err(LedgerError::io("read", &path))?;
        let whole = scan.file(*number, &path, &bytes);
        if whole < bytes.len() && numbers.last() == Some(number) {
            recovery.torn = Some(set_aside(&path, &bytes[whole..], whole, now)?);
        }
    }
    recovery.suspect = scan.suspect;
    let writer = Writer::new(dir.to_owned(), lock, &scan.end)?;
    Ok(Opened { state: State { writer, index: scan.index, usages: scan.usages }, recovery })
}

/// The files there are. An empty last one was made just before a crash, and the one before it may still be open: it goes.
fn present_files(dir: &Path) -> Result<Vec<u32>, LedgerError> {
    let mut numbers = files::numbers(dir)?;
    if let Some(last) = numbers.last().filter(|_| numbers.len() > 1) {
        let path = file_path(dir, *last);
        if fs::metadata(&path).map_err(LedgerError::io("look at", &path))?.len() == 0 {
            files::remove(&path)?;
            numbers.pop();
        }
    }
    Ok(numbers)
}

/// Moves a line that was cut off into a file of its own, and cuts the ledger back to its last whole line.
fn set_aside(path: &Path, torn: &[u8], whole: usize, now: Timestamp) -> Result<PathBuf, LedgerError> {
    let side_path = path.with_extension(format!("torn-{}", now.micros()));
    let write = |bytes: &[u8]| {
        let mut side =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&side_path)?;
        std::io::Write::write_all(&mut side, bytes)?;
        side.sync_all()
    };
    write(torn).map_err(LedgerError::io("set a torn line aside in", &side_path))?;
    let cut = |length: u64| {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(length)?;
        file.sync_all()
    };
    cut(whole as u64).map_err(LedgerError::io("cut a torn line off", path))?;
    sync_dir(path.parent().unwrap_or(path))?;
    Ok(side_path)
}

/// One pass over all lines.
struct Scan {
    index: Index,
    usages: Usages,
    end: End,
    suspect: Option<(PathBuf, u64)>,
}

impl Scan {
    fn new() -> Self {
        let so_far = Checkpoint { size: 0, head: GENESIS, time: Timestamp::from_micros(0) };
        let end = End { extent: Extent { number: 1, bytes: 0 }, closed: false, so_far };
        Self { index: Index::default(), usages: Usages::default(), end, suspect: None }
    }

    /// Takes in a file's whole lines, and returns how many bytes they are.
    fn file(&mut self, number: u32, path: &Path, bytes: &[u8]) -> usize {
        self.end = End { extent: Extent { number, bytes: 0 }, closed: false, so_far: self.end.so_far };
        let mut offset = 0;
        for (count, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let Some(line) = line.strip_suffix(b"\n") else { break };
            let place = Place { file: number, offset: offset as u64, length: line.len() + 1 };
            self.end.closed = Checkpoint::is(line);
            if !self.end.closed && !self.receipt(line, place) && self.suspect.is_none() {
                self.suspect = Some((path.to_owned(), count as u64 + 1));
            }
            offset += line.len() + 1;
        }
        self.end.extent.bytes = offset as u64;
        offset
    }

    /// Takes in a receipt; whether it follows from the one before. No signature is verified here.
    fn receipt(&mut self, line: &[u8], place: Place) -> bool {
        let so_far = &mut self.end.so_far;
        let link = serde_json::from_slice::<Line<Link>>(line);
        let linked = link.is_ok_and(|link| link.payload.prev == so_far.head.to_hex());
        so_far.head = sha256(line);
        let expected = so_far.size;
        so_far.size += 1;
        let Ok(Line { payload: glimpse }) = serde_json::from_slice::<Line<Glimpse>>(line) else {
            return false;
        };
        so_far.size = so_far.size.max(glimpse.seq.saturating_add(1));
        so_far.time = glimpse.time;
        self.usages.add(&glimpse);
        self.index.add(&glimpse, place);
        linked && glimpse.seq == expected
    }
}
