//! Sealed records on disk. What comes in here is ciphertext already.
//!
//! The store itself is sled. It survives the process being killed; it makes no promise about power loss, so a store that
//! does not open, or has lost what it once held, is set aside and reported, never deleted.

use crate::seal::Place;
use crate::{VaultError, private};
use domain::Timestamp;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// A value every complete store has: it tells whether the master key is the right one.
pub(crate) const CHECK: Place<'static> = Place { tree: "vault", key: "check" };

const CACHE: u64 = 8 << 20;

/// The folder `dir`: sled's files in `store/`, and `format`, written once the store is complete.
pub(crate) struct Store {
    db: sled::Db,
    dir: PathBuf,
}

/// Why a store did not open.
enum Broken {
    /// Its content is bad: set aside.
    Damaged(String),
    /// Something outside of it: left alone.
    Blocked(VaultError),
}

impl Store {
    /// Opens the store in `dir`, and makes it if there is none. A damaged one is moved to the second value first.
    pub(crate) fn open(dir: &Path, now: Timestamp) -> Result<(Self, Option<PathBuf>), VaultError> {
        match Self::try_open(dir) {
            Ok(store) => Ok((store, None)),
            Err(Broken::Blocked(error)) => Err(error),
            Err(Broken::Damaged(why)) => {
                let aside = set_aside(dir, now)?;
                tracing::error!(%why, aside = %aside.display(), "the vault's store was damaged and has been set aside");
                let store = Self::try_open(dir).map_err(Broken::into_error)?;
                Ok((store, Some(aside)))
            }
        }
    }

    fn try_open(dir: &Path) -> Result<Self, Broken> {
        private::make_dir(dir).map_err(Broken::Blocked)?;
        let path = dir.join("store");
        let config = sled::Config::new().path(&path).cache_capacity(CACHE).flush_every_ms(None);
        // sled checks some of what it reads with assertions.
        let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
        let db = match opened {
            Ok(Ok(db)) => db,
            Ok(Err(error)) => return Err(classify(error, &path)),
            Err(_) => return Err(Broken::Damaged("it broke while being opened".into())),
        };
        let store = Self { db, dir: dir.to_owned() };
        store.tighten().map_err(Broken::Blocked)?;
        let complete = store.get(CHECK).map_err(|e| Broken::Damaged(e.to_string()))?.is_some();
        if !complete && store.format_path().exists() {
            return Err(Broken::Damaged("it has lost its records".into()));
        }
        Ok(store)
    }

    /// Remembers that from now on an empty store is a damaged one.
    pub(crate) fn mark_complete(&self) -> Result<(), VaultError> {
        let path = self.format_path();
        if path.exists() { Ok(()) } else { private::write_file(&path, b"countersign vault 1\n") }
    }

    pub(crate) fn get(&self, place: Place<'_>) -> Result<Option<sled::IVec>, VaultError> {
        self.tree(place.tree)?.get(place.key).map_err(failed)
    }

    /// Returns once the value survives the end of the process.
    pub(crate) fn put(&self, place: Place<'_>, sealed: Vec<u8>) -> Result<(), VaultError> {
        self.tree(place.tree)?.insert(place.key, sealed).map_err(failed)?;
        self.flush()
    }

    /// Whether there was something to delete.
    pub(crate) fn delete(&self, place: Place<'_>) -> Result<bool, VaultError> {
        let had = self.tree(place.tree)?.remove(place.key).map_err(failed)?.is_some();
        self.flush().map(|()| had)
    }

    /// Every key of a tree, in order.
    pub(crate) fn keys(&self, tree: &str) -> Result<Vec<String>, VaultError> {
        let text = |key: sled::IVec| String::from_utf8_lossy(&key).into_owned();
        self.tree(tree)?.iter().keys().map(|key| key.map(text).map_err(failed)).collect()
    }

    fn tree(&self, name: &str) -> Result<sled::Tree, VaultError> {
        self.db.open_tree(name).map_err(failed)
    }

    fn flush(&self) -> Result<(), VaultError> {
        self.db.flush().map_err(failed)?;
        self.tighten()
    }

    fn tighten(&self) -> Result<(), VaultError> {
        private::tighten(&self.dir)
    }

    /// Whether [`Store::mark_complete`] was ever reached.
    pub(crate) fn is_complete(&self) -> bool {
        self.format_path().exists()
    }

    fn format_path(&self) -> PathBuf {
        self.dir.join("format")
    }
}

impl Broken {
    fn into_error(self) -> VaultError {
        match self {
            Self::Damaged(why) => VaultError::Store(why),
            Self::Blocked(error) => error,
        }
    }
}

/// Moves a damaged folder beside itself, under a name that says when.
fn set_aside(dir: &Path, now: Timestamp) -> Result<PathBuf, VaultError> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let time = now.to_string().replace(':', "-");
    let aside = dir.with_file_name(format!("{name}.damaged-{time}"));
    fs::rename(dir, &aside).map_err(VaultError::disk("set aside", dir))?;
    Ok(aside)
}

fn classify(error: sled::Error, path: &Path) -> Broken {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match &error {
        sled::Error::Io(source) if source.to_string().contains("acquire lock") => {
            Broken::Blocked(VaultError::InUse(path.to_owned()))
        }
        sled::Error::Io(source) if ![InvalidData, InvalidInput, UnexpectedEof].contains(&source.kind()) => {
            let source = std::io::Error::new(source.kind(), source.to_string());
            Broken::Blocked(VaultError::disk("open", path)(source))
        }
        sled::Error::Io(_)
        | sled::Error::CollectionNotFound(_)
        | sled::Error::Unsupported(_)
        | sled::Error::ReportableBug(_)
        | sled::Error::Corruption { .. } => Broken::Damaged(error.to_string()),
    }
}

fn failed(error: sled::Error) -> VaultError {
    VaultError::Store(error.to_string())
}
