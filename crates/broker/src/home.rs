//! Where a wallet lives on disk: the XDG places, or one folder for everything. One process at a time.

use crate::OpenError;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The longest path a unix socket can have on every system we know, less the longest socket name.
const LONGEST_RUNTIME_DIR: usize = 90;

/// The folders of one wallet. Made 0700 when first needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    data: PathBuf,
    runtime: PathBuf,
}

impl Home {
    /// Everything in one folder: `DIR/data`, `DIR/run`. For tests, for a second wallet, for a stick.
    #[must_use]
    pub fn at(dir: &Path) -> Self {
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        let runtime = dir.join("run");
        let runtime =
            if runtime.as_os_str().len() > LONGEST_RUNTIME_DIR { short_runtime(&dir) } else { runtime };
        Self { data: dir.join("data"), runtime }
    }

    /// The XDG places: `$XDG_DATA_HOME/countersign`, `$XDG_RUNTIME_DIR/countersign` (Base Directory Specification 0.8).
    /// Without a runtime folder, `run` below the data.
    #[must_use]
    pub fn xdg() -> Self {
        let dir = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = dir("HOME").unwrap_or_else(|| PathBuf::from("/"));
        let data = dir("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share")).join("countersign");
        let runtime = dir("XDG_RUNTIME_DIR").map_or_else(|| data.join("run"), |run| run.join("countersign"));
        Self { data, runtime }
    }

    /// Makes the folders, 0700, and takes the lock that keeps every other process out until it is dropped.
    pub(crate) fn take(&self) -> Result<File, OpenError> {
        for dir in [self.data.clone(), self.data.join("agents"), self.runtime.clone()] {
            make_private_dir(&dir)?;
        }
        let path = self.lock_path();
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.map_err(|source| OpenError::Io { path: path.clone(), source })?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(OpenError::Taken(self.data.clone())),
            Err(TryLockError::Error(source)) => Err(OpenError::Io { path, source }),
        }
    }

    /// Vault, ledger, enrolments.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// The sealed store.
    #[must_use]
    pub fn vault_dir(&self) -> PathBuf {
        self.data.join("vault")
    }

    /// The master key under a passphrase, if that is where it is.
    #[must_use]
    pub fn passphrase_path(&self) -> PathBuf {
        self.data.join("master.key")
    }

    /// The entry's name in the operating system's keyring: one per home.
    #[must_use]
    pub fn profile(&self) -> String {
        format!("{:016x}", fnv(self.data.as_os_str().as_encoded_bytes()))
    }

    /// The port at which agents come in over HTTP.
    #[must_use]
    pub fn endpoint_path(&self) -> PathBuf {
        self.data.join("endpoint.json")
    }

    /// Which children of the wallet are running.
    #[must_use]
    pub fn children_dir(&self) -> PathBuf {
        self.data.join("children")
    }

    /// The receipts.
    #[must_use]
    pub fn ledger_dir(&self) -> PathBuf {
        self.data.join("ledger")
    }

    /// The secret with which an agent's shim proves itself: `agents/NAME.key`.
    #[must_use]
    pub fn enrolment_path(&self, agent: &domain::AgentName) -> PathBuf {
        self.data.join("agents").join(format!("{agent}.key"))
    }

    /// The file whose lock makes one wallet per home.
    #[must_use]
    pub fn lock_path(&self) -> PathBuf {
        self.data.join("wallet.lock")
    }

    /// Sockets and what else ends with the process.
    #[must_use]
    pub fn runtime_dir(&self) -> &Path {
        &self.runtime
    }

    /// Where agents connect.
    #[must_use]
    pub fn agent_socket(&self) -> PathBuf {
        self.runtime.join("agent.sock")
    }

    /// Where the command line connects.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.runtime.join("control.sock")
    }
}

/// Makes a folder for this user alone, or tightens one that is there.
fn make_private_dir(dir: &Path) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { path: dir.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io)?;
    let mode = dir.metadata().map_err(io)?.permissions().mode();
    if mode & 0o077 != 0 {
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).map_err(io)?;
    }
    Ok(())
}

/// A home so deep that its sockets' paths would be too long keeps them in the user's runtime folder instead.
fn short_runtime(home: &Path) -> PathBuf {
    let base = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    base.join(format!("countersign-{:016x}", fnv(home.as_os_str().as_encoded_bytes())))
}

/// FNV-1a, 64 bits: a short name for a path, the same in every version.
fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_wallet_on_one_home_is_refused_until_the_first_ends() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        let first = home.take().unwrap();
        assert!(matches!(home.take(), Err(OpenError::Taken(_))));
        drop(first);
        assert!(home.take().is_ok());
    }

    #[test]
    fn folders_are_for_this_user_alone_also_when_they_were_open_before() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        std::fs::create_dir_all(home.data_dir()).unwrap();
        std::fs::set_permissions(home.data_dir(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let _lock = home.take().unwrap();
        for dir in [home.data_dir(), home.runtime_dir()] {
            assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        }
        assert_eq!(home.lock_path().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn sockets_of_a_deep_home_still_have_a_short_path() {
        let home = Home::at(Path::new(&format!("/tmp/{}", "deep/".repeat(30))));
        assert!(home.agent_socket().as_os_str().len() < 108);
        assert_eq!(home, Home::at(Path::new(&format!("/tmp/{}", "deep/".repeat(30)))));
    }
}
