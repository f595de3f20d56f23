//! The folder: numbered files of mode 0600 in a folder of mode 0700, locked by the process that writes.

use crate::LedgerError;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// No file grows beyond this.
pub(crate) const MAX_FILE: u64 = 8 * 1024 * 1024;

/// Where the ledger ends: this file is the last, and so much of it belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) number: u32,
    pub(crate) bytes: u64,
}

/// The path of file `number`, from 1.
pub(crate) fn file_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:06}.jsonl"))
}

/// The numbers of the files there are, ascending.
pub(crate) fn numbers(dir: &Path) -> Result<Vec<u32>, LedgerError> {
    let list = fs::read_dir(dir).map_err(LedgerError::io("read the folder", dir))?;
    let mut numbers = Vec::new();
    for item in list {
        let item = item.map_err(LedgerError::io("read the folder", dir))?;
        numbers.extend(item.file_name().to_str().and_then(number));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn number(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(".jsonl").filter(|digits| digits.len() >= 6)?;
    digits.parse().ok().filter(|number| *number > 0)
}

/// Makes the folder if need be, and locks it for as long as the returned handle lives.
pub(crate) fn lock(dir: &Path) -> Result<File, LedgerError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(LedgerError::io("make the folder", dir))?;
    fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(LedgerError::io("protect", dir))?;
    let handle = File::open(dir).map_err(LedgerError::io("open", dir))?;
    match handle.try_lock() {
        Ok(()) => Ok(handle),
        Err(TryLockError::WouldBlock) => Err(LedgerError::InUse(dir.to_owned())),
        Err(TryLockError::Error(cause)) => Err(LedgerError::io("lock", dir)(cause)),
    }
}

/// Opens a file for writing, and makes it if need be. Whatever it holds stays.
pub(crate) fn open_file(path: &Path) -> Result<File, LedgerError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(LedgerError::io("open", path))?;
    file.set_permissions(Permissions::from_mode(0o600)).map_err(LedgerError::io("protect", path))?;
    Ok(file)
}

/// Removes a file; one that is gone already is fine.
pub(crate) fn remove(path: &Path) -> Result<(), LedgerError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(LedgerError::io("remove", path)(cause)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes the folder's own entries durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), LedgerError> {
    File::open(dir).and_then(|handle| handle.sync_all()).map_err(LedgerError::io("flush", dir))
}
