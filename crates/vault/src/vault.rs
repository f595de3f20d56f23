//! The vault: opened locked, unlocked with the keyring's master key, locked again at any time.

use crate::seal::{Place, Sealer};
use crate::state::{Open, State};
use crate::store::Store;
use crate::{KeyRing, KeyRingError, Redactor, Secret, VaultError, wiped};
use domain::{ServerName, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use zeroize::Zeroizing;

/// A record that tells whether the master key is the right one.
const CHECK: Place<'static> = Place { tree: "vault", key: "check" };

/// Secrets at rest and in use. Clones are the same vault.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    store: Store,
    keyring: Arc<dyn KeyRing>,
    state: RwLock<State>,
    /// Held while something is read, changed and written back.
    changing: Mutex<()>,
    set_aside: Option<PathBuf>,
}

impl Vault {
    /// Opens the vault in the folder `dir`, locked, and makes it if there is none. `now` names the folder to which a damaged
    /// store is moved; see [`Vault::set_aside`].
    ///
    /// # Errors
    /// [`VaultError::InUse`] when another process has it open; [`VaultError::Disk`] when the folder can't be used.
    pub fn open(dir: &Path, keyring: Arc<dyn KeyRing>, now: Timestamp) -> Result<Self, VaultError> {
        let (store, set_aside) = Store::open(dir, now)?;
        let (state, changing) = (RwLock::default(), Mutex::default());
        Ok(Self(Arc::new(Inner { store, keyring, state, changing, set_aside })))
    }

    /// Where a damaged store was moved when this one was opened. What it held has to be restored or entered again.
    #[must_use]
    pub fn set_aside(&self) -> Option<&Path> {
        self.0.set_aside.as_deref()
    }

    /// Whether there is a vault already: one that was unlocked once, and so has a master key.
    #[must_use]
    pub fn exists(&self) -> bool {
        !matches!(self.0.store.get(CHECK), Ok(None))
    }

    /// Unlocks with the keyring's master key; a new vault makes one first. Blocks as long as the keyring may take, so call it
    /// off the async threads. Unlocking an unlocked vault changes nothing.
    ///
    /// # Errors
    /// [`VaultError::KeyRing`]; [`VaultError::MasterKeyGone`] and [`VaultError::WrongMasterKey`] when the keyring has no
    /// key, or another one. The vault then stays locked, and its records stay as they are.
    pub fn unlock(&self) -> Result<(), VaultError> {
        let _one_at_a_time = self.changing();
        if !self.is_locked() {
            return Ok(());
        }
        let sealer = Sealer::new(self.master_key()?);
        self.check(&sealer)?;
        let redactor = self.everything_known(&sealer)?;
        self.state_mut().unlock(sealer, redactor);
        Ok(())
    }

    /// Wipes every secret from memory. What is being sent right now keeps its header until it has gone.
    pub fn lock(&self) {
        self.state_mut().lock();
    }

    /// Whether secrets can't be used now.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.with(|_| Ok(())).is_err()
    }

    /// Strikes every secret known since the unlock out of text. A locked vault knows none, so its redactor strikes out
    /// everything: an answer that comes in late is withheld. Holding one across a lock keeps the values in memory.
    #[must_use]
    pub fn redactor(&self) -> Arc<Redactor> {
        self.with(|open| Ok(open.redactor.clone())).unwrap_or_else(|_| Arc::new(Redactor::blind()))
    }

    fn master_key(&self) -> Result<Secret, VaultError> {
        let Inner { store, keyring, .. } = &*self.0;
        if let Some(key) = keyring.load()? {
            return Ok(key);
        }
        if store.get(CHECK)?.is_some() {
            return Err(VaultError::MasterKeyGone);
        }
        let key = Secret::random()?;
        keyring.store(&key)?;
        match keyring.load()? {
            Some(kept) if kept == key => Ok(key),
            Some(_) | None => Err(KeyRingError::Forgetful.into()),
        }
    }

    /// Tells whether the key is this vault's by a record that says so; a new vault gets that record.
    fn check(&self, sealer: &Sealer) -> Result<(), VaultError> {
        let store = &self.0.store;
        match store.get(CHECK)? {
            Some(sealed) => sealer.open(CHECK, &sealed).map(drop).map_err(|_| VaultError::WrongMasterKey),
            None => store.put(CHECK, sealer.seal(CHECK, b"countersign")?),
        }
    }
}

/// For the rooms of this crate.
impl Vault {
    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// Keeps others from changing records between a reading and a writing.
    pub(crate) fn changing(&self) -> MutexGuard<'_, ()> {
        self.0.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uses what an unlocked vault has at hand.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&Open) -> Result<R, VaultError>) -> Result<R, VaultError> {
        let state = self.0.state.read().unwrap_or_else(PoisonError::into_inner);
        act(state.open()?)
    }

    /// Changes what an unlocked vault has at hand.
    pub(crate) fn with_mut<R>(
        &self,
        act: impl FnOnce(&mut Open) -> Result<R, VaultError>,
    ) -> Result<R, VaultError> {
        act(self.state_mut().open_mut()?)
    }

    /// Drops what is at hand for one server; a locked vault has nothing at hand.
    pub(crate) fn forget(&self, server: &ServerName) {
        let _ = self.with_mut(|open| {
            open.forget(server);
            Ok(())
        });
    }

    fn state_mut(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        self.0.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A record's plain bytes.
    pub(crate) fn read(&self, place: Place<'_>) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        self.with(|open| self.read_with(&open.sealer, place))
    }

    /// The same, with a sealer that is held already.
    pub(crate) fn read_with(
        &self,
        sealer: &Sealer,
        place: Place<'_>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        self.0.store.get(place)?.map(|sealed| sealer.open(place, &sealed)).transpose()
    }

    /// Seals and keeps a record; returns once it is on disk.
    pub(crate) fn write(&self, place: Place<'_>, plain: &[u8]) -> Result<(), VaultError> {
        let sealed = self.with(|open| open.sealer.seal(place, plain))?;
        self.0.store.put(place, sealed)
    }

    /// Deletes a record, and says whether there was one.
    pub(crate) fn remove(&self, place: Place<'_>) -> Result<bool, VaultError> {
        self.with(|_| Ok(()))?;
        self.0.store.delete(place)
    }

    pub(crate) fn read_json<T: DeserializeOwned>(&self, place: Place<'_>) -> Result<Option<T>, VaultError> {
        self.read(place)?.map(|plain| parse(place, &plain)).transpose()
    }

    pub(crate) fn write_json(&self, place: Place<'_>, value: &impl Serialize) -> Result<(), VaultError> {
        self.write(place, &wiped::to_json(value)?)
    }
}

/// Reads a record's JSON. Says only where it does not fit: what it says there may be secret.
pub(crate) fn parse<T: DeserializeOwned>(place: Place<'_>, plain: &[u8]) -> Result<T, VaultError> {
    serde_json::from_slice(plain).map_err(|error| VaultError::Unreadable {
        tree: place.tree.into(),
        key: place.key.into(),
        reason: format!("at column {} of its JSON", error.column()),
    })
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_locked() { "Vault(locked)" } else { "Vault(unlocked)" })
    }
}
