//! Files that are only the human's own: folders 0700, files 0600.

use crate::VaultError;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Makes a folder, and those above it, for the human alone.
pub(crate) fn make_dir(dir: &Path) -> Result<(), VaultError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(VaultError::disk("make the folder", dir))?;
    let closed = fs::set_permissions(dir, Permissions::from_mode(0o700));
    closed.map_err(VaultError::disk("close to others", dir))
}

/// Takes everything below `dir` from group and others. The store makes its files with the process's umask.
pub(crate) fn tighten(dir: &Path) -> Result<(), VaultError> {
    for entry in fs::read_dir(dir).map_err(VaultError::disk("read", dir))? {
        let entry = entry.map_err(VaultError::disk("read", dir))?;
        // A file of the store may vanish between two looks; what is gone needs no closing.
        let Ok(about) = entry.metadata() else { continue };
        let wanted = if about.is_dir() { 0o700 } else { 0o600 };
        if about.permissions().mode() & 0o777 != wanted {
            let _ = fs::set_permissions(entry.path(), Permissions::from_mode(wanted));
        }
        if about.is_dir() {
            tighten(&entry.path())?;
        }
    }
    Ok(())
}

/// Writes a file of 0600 so that after a crash there is the old content or the new, never half of one.
pub(crate) fn write_file(path: &Path, content: &[u8]) -> Result<(), VaultError> {
    let fresh = path.with_extension("new");
    let written = || {
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    };
    written().map_err(VaultError::disk("write", path))
}
