//! Sealed records on disk. What comes in here is ciphertext already.
//!
//! The store itself is sled. Where its file was damaged it opens with everything after that place silently gone: a revoked
//! agent could be back. So each write is counted, inside the store (the one value that is not sealed) and in a file beside
//! it. A store that knows of fewer writes than the file, or does not open at all, is set aside and reported, never deleted.

use crate::seal::Place;
use crate::{VaultError, private};
use domain::Timestamp;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const CACHE: u64 = 8 << 20;
const COUNT: Place<'static> = Place { tree: "store", key: "writes" };
/// What the file of the count starts with; the number follows, in as many digits as there can be.
const FORMAT: &str = "countersign vault 1, writes: ";

/// The folder `dir`: sled's files in `store/`, and the count in `writes`.
pub(crate) struct Store {
    db: sled::Db,
    dir: PathBuf,
    /// sled's own file, to be synced: sled only starts the writing.
    file: File,
    /// How many writes there have been, and the file that says so too.
    writes: Mutex<(u64, File)>,
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
        private::make_dir(dir)?;
        let copy = Copy::make(dir)?;
        match Self::try_open(dir) {
            Ok(store) => copy.remove().map(|()| (store, None)),
            Err(Broken::Blocked(error)) => copy.remove().and(Err(error)),
            Err(Broken::Damaged(why)) => {
                let aside = set_aside(dir, now)?;
                tracing::error!(%why, aside = %aside.display(), "the vault's store was damaged and has been set aside");
                private::make_dir(dir)?;
                let store = Self::try_open(dir).map_err(Broken::into_error)?;
                Ok((store, Some(aside)))
            }
        }
    }

    fn try_open(dir: &Path) -> Result<Self, Broken> {
        let path = dir.join("store");
        let config = sled::Config::new().path(&path).cache_capacity(CACHE).flush_every_ms(None);
        // sled checks some of what it reads with assertions.
        let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
        let opened = opened.map_err(|_| Broken::Damaged("it broke while being opened".into()))?;
        let db = opened.map_err(|error| classify(error, &path))?;
        let file = File::open(path.join("db")).map_err(VaultError::disk("open", &path));
        let (counted, count_file) = open_count(&dir.join("writes")).map_err(Broken::Blocked)?;
        let writes = writes_in(&db).map_err(|error| classify(error, &path))?;
        if writes < counted {
            return Err(Broken::Damaged(format!("it has lost {} of its {counted} writes", counted - writes)));
        }
        private::tighten(dir).map_err(Broken::Blocked)?;
        let writes = Mutex::new((writes, count_file));
        Ok(Self { db, dir: dir.to_owned(), file: file.map_err(Broken::Blocked)?, writes })
    }

    pub(crate) fn get(&self, place: Place<'_>) -> Result<Option<sled::IVec>, VaultError> {
        self.tree(place.tree)?.get(place.key).map_err(failed)
    }

    /// Returns once the value is on disk.
    pub(crate) fn put(&self, place: Place<'_>, sealed: Vec<u8>) -> Result<(), VaultError> {
        self.write(place, |tree| tree.insert(place.key, sealed)).map(drop)
    }

    /// Whether there was something to delete.
    pub(crate) fn delete(&self, place: Place<'_>) -> Result<bool, VaultError> {
        self.write(place, |tree| tree.remove(place.key)).map(|earlier| earlier.is_some())
    }

    /// Every key of a tree, in order.
    pub(crate) fn keys(&self, tree: &str) -> Result<Vec<String>, VaultError> {
        let text = |key: sled::IVec| String::from_utf8_lossy(&key).into_owned();
        self.tree(tree)?.iter().keys().map(|key| key.map(text).map_err(failed)).collect()
    }

    fn tree(&self, name: &str) -> Result<sled::Tree, VaultError> {
        self.db.open_tree(name).map_err(failed)
    }

    /// The write, then its count in the store, then both on disk, then the count beside it: whenever this stops, the store
    /// knows of at least as many writes as the file.
    fn write<T>(
        &self,
        place: Place<'_>,
        change: impl FnOnce(&sled::Tree) -> sled::Result<T>,
    ) -> Result<T, VaultError> {
        let mut counted = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        let (writes, count_file) = &mut *counted;
        let changed = change(&self.tree(place.tree)?).map_err(failed)?;
        *writes += 1;
        self.tree(COUNT.tree)?.insert(COUNT.key, &writes.to_be_bytes()).map_err(failed)?;
        self.db.flush().map_err(failed)?;
        self.file.sync_data().map_err(VaultError::disk("write", &self.dir))?;
        let line = format!("{FORMAT}{writes:020}\n");
        count_file.write_all_at(line.as_bytes(), 0).map_err(VaultError::disk("write", &self.dir))?;
        private::tighten(&self.dir)?;
        Ok(changed)
    }
}

/// How many writes the store knows of.
fn writes_in(db: &sled::Db) -> sled::Result<u64> {
    let count = db.open_tree(COUNT.tree)?.get(COUNT.key)?;
    Ok(count.and_then(|count| Some(u64::from_be_bytes(count.as_ref().try_into().ok()?))).unwrap_or(0))
}

/// How many writes the file knows of; none where it is new or does not say.
fn open_count(path: &Path) -> Result<(u64, File), VaultError> {
    let file = File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = file.map_err(VaultError::disk("open", path))?;
    let text = fs::read_to_string(path).unwrap_or_default();
    let count = text.strip_prefix(FORMAT).and_then(|count| count.trim_end().parse().ok());
    Ok((count.unwrap_or(0), file))
}

impl Broken {
    fn into_error(self) -> VaultError {
        match self {
            Self::Damaged(why) => VaultError::Store(why),
            Self::Blocked(error) => error,
        }
    }
}

/// sled's files as they were before it opened them: what it finds damaged, it overwrites.
struct Copy(PathBuf);

impl Copy {
    fn make(dir: &Path) -> Result<Self, VaultError> {
        let copy = dir.join("store.before");
        private::make_dir(&copy)?;
        let store = dir.join("store");
        let Ok(entries) = fs::read_dir(&store) else { return Ok(Self(copy)) };
        for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
            let to = copy.join(entry.file_name());
            fs::copy(entry.path(), to).map_err(VaultError::disk("copy", entry.path()))?;
        }
        Ok(Self(copy))
    }

    fn remove(self) -> Result<(), VaultError> {
        fs::remove_dir_all(&self.0).map_err(VaultError::disk("remove", self.0))
    }
}

/// Moves a damaged folder beside itself, under a name that says when, with the copy of sled's files in it.
fn set_aside(dir: &Path, now: Timestamp) -> Result<PathBuf, VaultError> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let time = now.to_string().replace(':', "-");
    let names = (1..).map(|n| if n == 1 { String::new() } else { format!("-{n}") });
    let mut names = names.map(|nth| dir.with_file_name(format!("{name}.damaged-{time}{nth}")));
    let aside = names.find(|aside| !aside.exists()).unwrap_or_default();
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
