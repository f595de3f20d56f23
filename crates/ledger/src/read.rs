//! Reading receipts without the wallet, and without verifying them.

use crate::LedgerError;
use crate::files::{MAX_FILE, file_path, numbers};
use proof::receipt::{self, Receipt};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Calls `each` with every receipt at `path`, a ledger's folder or one exported file, until it says stop. Lines that are no
/// receipts are passed over: [`crate::verify_dir`] tells of them.
///
/// # Errors
/// [`LedgerError::Io`] when `path`, or a file in it, can't be read.
pub fn each_receipt(
    path: &Path,
    mut each: impl FnMut(Receipt) -> ControlFlow<()>,
) -> Result<(), LedgerError> {
    for file in files_at(path)? {
        let lines = File::open(&file).map_err(LedgerError::io("open", &file))?;
        let read = each_line(BufReader::new(lines), |line| {
            receipt::read(line.trim_ascii_end()).map_or(ControlFlow::Continue(()), &mut each)
        });
        if read.map_err(LedgerError::io("read", &file))?.is_break() {
            break;
        }
    }
    Ok(())
}

fn files_at(path: &Path) -> Result<Vec<PathBuf>, LedgerError> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    Ok(numbers(path)?.into_iter().map(|number| file_path(path, number)).collect())
}

/// Calls `each` with every line, its line feed included, until it says stop. No line is longer than a file may be: whatever
/// somebody put there, memory stays bounded.
pub(crate) fn each_line(
    mut lines: impl BufRead,
    mut each: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    let mut line = Vec::new();
    loop {
        line.clear();
        lines.by_ref().take(MAX_FILE + 1).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        if each(&line).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}
