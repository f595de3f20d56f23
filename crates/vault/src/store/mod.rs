//! Sealed records on disk. What comes in here is ciphertext already.
//!
//! The store itself is sled. Where its file was damaged it opens with everything after that place silently gone: a revoked
//! agent could be back. So each write is counted, inside the store (the one value that is not sealed) and in a file beside
//! it. A store that knows of fewer writes than the file, or does not open at all, is set aside and reported, never deleted.

mod aside;

use crate::seal::Place;
use crate::{VaultError, private};
use aside::{Copy, set_aside};
use domain::Timestamp;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

const CACHE: u64 = 8 << 20;
/// How long whoever has just closed the store may take to let go of it: sled's threads end a moment later.
const LETTING_GO: Duration = Duration::from_secs(2);
const COUNT: Place<'static> = Place { tree: "store", key: "writes" };
/// What the file of the count starts with; the number follows, in as many digits as there can be.
const FORMAT: &str = "countersign vault 1, writes: ";

/// The folder `dir`: sled's files in `store/`, and the count in `writes`.
pub(crate) struct Store {
    dir: PathBuf,
    /// None after a failure, because sled stays failed: the next use opens them anew.
    files: RwLock<Option<Files>>,
}

/// What is open.
struct Files {
    db: sled::Db,
    /// sled's own file, to be synced: sled only starts the writing.
    file: File,
    /// How many writes there have been.
    writes: u64,
    /// The file that says so too.
    count: File,
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
        let copy = Copy::make(dir);
        let mut opened = Files::open(dir);
        if let (Err(Broken::Damaged(why)), Some(copy)) = (&opened, &copy) {
            tracing::warn!(%why, "the vault's store does not open; trying without its snapshots");
            copy.put_back_without_snapshots().map_err(VaultError::disk("write", dir))?;
            opened = Files::open(dir);
        }
        let (files, aside) = match opened {
            Ok(files) => (files, None),
            Err(Broken::Blocked(error)) => return Err(error),
            Err(Broken::Damaged(why)) => {
                let aside = set_aside(dir, now)?;
                tracing::error!(%why, aside = %aside.display(), "the vault's store was damaged and has been set aside");
                private::make_dir(dir)?;
                (Files::open(dir).map_err(Broken::into_error)?, Some(aside))
            }
        };
        Ok((Self { dir: dir.to_owned(), files: RwLock::new(Some(files)) }, aside))
    }

    pub(crate) fn get(&self, place: Place<'_>) -> Result<Option<sled::IVec>, VaultError> {
        self.read(|db| db.open_tree(place.tree)?.get(place.key))
    }

    /// Every key of a tree, in order.
    pub(crate) fn keys(&self, tree: &str) -> Result<Vec<String>, VaultError> {
        let text = |key: sled::IVec| String::from_utf8_lossy(&key).into_owned();
        self.read(|db| db.open_tree(tree)?.iter().keys().map(|key| key.map(text)).collect())
    }

    /// Returns once the value is on disk.
    pub(crate) fn put(&self, place: Place<'_>, sealed: Vec<u8>) -> Result<(), VaultError> {
        self.write(|db| db.open_tree(place.tree)?.insert(place.key, sealed)).map(drop)
    }

    /// Whether there was something to delete.
    pub(crate) fn delete(&self, place: Place<'_>) -> Result<bool, VaultError> {
        self.write(|db| db.open_tree(place.tree)?.remove(place.key)).map(|earlier| earlier.is_some())
    }

    fn read<T>(&self, look: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, VaultError> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(files) = &*files {
            return look(&files.db).map_err(|error| self.failed(error));
        }
        drop(files);
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        look(&self.opened(&mut files)?.db).map_err(|error| self.failed(error))
    }

    /// After a failure everything is opened anew, so that what was not written is not read back either.
    fn write<T>(&self, change: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, VaultError> {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        let changed = self.opened(&mut files)?.write(change).map_err(|error| self.failed(error));
        if changed.is_err() {
            *files = None;
        }
        private::tighten(&self.dir)?;
        changed
    }

    fn opened<'a>(&self, files: &'a mut Option<Files>) -> Result<&'a mut Files, VaultError> {
        Ok(match files.take() {
            Some(open) => files.insert(open),
            None => files.insert(Files::open(&self.dir).map_err(Broken::into_error)?),
        })
    }

    fn failed(&self, error: sled::Error) -> VaultError {
        match classify(error, &self.dir) {
            Broken::Blocked(error) => error,
            Broken::Damaged(why) => VaultError::Store(why),
        }
    }
}

impl Files {
    fn open(dir: &Path) -> Result<Self, Broken> {
        let path = dir.join("store");
        let config = sled::Config::new().path(&path).cache_capacity(CACHE).flush_every_ms(None);
        let began = Instant::now();
        let db = loop {
            // sled checks some of what it reads with assertions.
            let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
            let opened = opened.map_err(|_| Broken::Damaged("it broke while being opened".into()))?;
            match opened.map_err(|error| classify(error, &path)) {
                Err(Broken::Blocked(VaultError::InUse(_))) if began.elapsed() < LETTING_GO => {
                    thread::sleep(Duration::from_millis(20));
                }
                opened => break opened?,
            }
        };
        let file =
            File::open(path.join("db")).map_err(VaultError::disk("open", &path)).map_err(Broken::Blocked)?;
        let (counted, count) = open_count(&dir.join("writes")).map_err(Broken::Blocked)?;
        let writes = writes_in(&db).map_err(|error| classify(error, &path))?;
        if writes < counted {
            return Err(Broken::Damaged(format!("it has lost {} of its {counted} writes", counted - writes)));
        }
        private::tighten(dir).map_err(Broken::Blocked)?;
        Ok(Self { db, file, writes, count })
    }

    /// The write, then its count in the store, then both on disk, then the count beside it: whenever this stops, the store
    /// knows of at least as many writes as the file.
    fn write<T>(&mut self, change: impl FnOnce(&sled::Db) -> sled::Result<T>) -> sled::Result<T> {
        let changed = change(&self.db)?;
        self.writes += 1;
        self.db.open_tree(COUNT.tree)?.insert(COUNT.key, &self.writes.to_be_bytes())?;
        self.db.flush()?;
        self.file.sync_data()?;
        self.count.write_all_at(format!("{FORMAT}{:020}\n", self.writes).as_bytes(), 0)?;
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

fn classify(error: sled::Error, path: &Path) -> Broken {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    match error {
        sled::Error::Io(source) if source.to_string().contains("acquire lock") => {
            Broken::Blocked(VaultError::InUse(path.to_owned()))
        }
        sled::Error::Io(source)
            if ![InvalidData, InvalidInput, Other, UnexpectedEof].contains(&source.kind()) =>
        {
            // sled prints its own; the kind alone reads better.
            Broken::Blocked(VaultError::disk("use", path)(source.kind().into()))
        }
        sled::Error::Io(_)
        | sled::Error::CollectionNotFound(_)
        | sled::Error::Unsupported(_)
        | sled::Error::ReportableBug(_)
        | sled::Error::Corruption { .. } => Broken::Damaged(error.to_string()),
    }
}
