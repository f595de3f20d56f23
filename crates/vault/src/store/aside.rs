//! What is done for a store that does not open: nothing of it is lost.

use crate::VaultError;
use domain::Timestamp;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// sled's files as they were before it opened them: what it finds damaged, it overwrites. Gone when dropped, unless the whole
/// folder was set aside by then.
pub(super) struct Copy {
    store: PathBuf,
    copy: PathBuf,
}

impl Copy {
    /// None where there is nothing to copy, or too little room to do it without getting in the store's way.
    pub(super) fn make(dir: &Path) -> Option<Self> {
        let made = Self { store: dir.join("store"), copy: dir.join("store.before") };
        let files = files_in(&made.store).ok()?;
        let size: u64 = files.iter().filter_map(|file| file.metadata().ok()).map(|about| about.len()).sum();
        let disk = rustix::fs::statvfs(dir).ok()?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < size.saturating_mul(4) {
            return None;
        }
        fs::create_dir_all(&made.copy).and_then(|()| copy_into(&made.copy, &files)).ok().map(|()| made)
    }

    /// The files as they were, without snapshots: those only save time at opening, and after a hard stop or on a full disk
    /// it is they that do not open.
    pub(super) fn put_back_without_snapshots(&self) -> io::Result<()> {
        files_in(&self.store)?.into_iter().filter(|file| is_snapshot(file)).try_for_each(fs::remove_file)?;
        let files = files_in(&self.copy)?;
        copy_into(&self.store, &files.into_iter().filter(|file| !is_snapshot(file)).collect::<Vec<_>>())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.copy);
    }
}

fn is_snapshot(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("snap."))
}

fn files_in(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path()));
    paths.filter(|path| path.as_ref().map_or(true, |path| path.is_file())).collect()
}

fn copy_into(dir: &Path, files: &[PathBuf]) -> io::Result<()> {
    files.iter().try_for_each(|file| fs::copy(file, dir.join(file.file_name().unwrap_or_default())).map(drop))
}

/// Moves a damaged folder beside itself, under a name that says when, with the copy of sled's files in it.
pub(super) fn set_aside(dir: &Path, now: Timestamp) -> Result<PathBuf, VaultError> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let time = now.to_string().replace(':', "-");
    let names = (1..).map(|n| if n == 1 { String::new() } else { format!("-{n}") });
    let mut names = names.map(|nth| dir.with_file_name(format!("{name}.damaged-{time}{nth}")));
    let aside = names.find(|aside| !aside.exists()).unwrap_or_default();
    fs::rename(dir, &aside).map_err(VaultError::disk("set aside", dir))?;
    Ok(aside)
}
