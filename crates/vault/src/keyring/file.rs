//! The master key in a file, sealed under a passphrase: for machines without a keyring, chosen by the human.

use super::{KEY, KeyRing, KeyRingError, whole_key};
use crate::Secret;
use crate::passphrase::{self, SALT};
use crate::private;
use crate::seal::{Place, Sealer};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

const PLACE: Place<'_> = Place { tree: "passphrase", key: "master" };

/// A file with the master key under a passphrase (Argon2id, formats §5). The passphrase is offered once for each unlock and
/// forgotten as soon as it has opened the file.
pub struct PassphraseFile {
    path: PathBuf,
    offered: Mutex<Option<Secret>>,
}

/// What is in the file. The cost of the derivation is fixed by `v`, so that nobody can lower it in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    v: u8,
    salt: String,
    sealed: String,
}

type Parts = ([u8; SALT], Vec<u8>);

impl PassphraseFile {
    /// The key file at `path`, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), offered: Mutex::new(None) }
    }

    /// Whether a key has been stored there, so that a passphrase is asked for and not chosen.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Gives the passphrase for the next [`KeyRing::load`] or [`KeyRing::store`].
    pub fn offer(&self, passphrase: Secret) {
        *self.offered() = Some(passphrase);
    }

    fn offered(&self) -> std::sync::MutexGuard<'_, Option<Secret>> {
        self.offered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Salt and sealed key.
    fn read(&self) -> Result<Option<Parts>, KeyRingError> {
        let text = match std::fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(KeyRingError::File(format!("{}: {error}", self.path.display()))),
        };
        let content: Content = serde_json::from_slice(&text).map_err(|_| self.damaged("not its JSON"))?;
        if content.v != 1 {
            return Err(self.damaged("made by a newer version"));
        }
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| self.damaged("not base64url"));
        let salt = part(&content.salt)?.try_into().map_err(|_| self.damaged("wrong salt"))?;
        Ok(Some((salt, part(&content.sealed)?)))
    }

    fn damaged(&self, reason: &'static str) -> KeyRingError {
        KeyRingError::Damaged { path: self.path.clone(), reason }
    }

    fn sealer(&self, salt: [u8; SALT]) -> Result<Sealer, KeyRingError> {
        let offered = self.offered();
        let passphrase = offered.as_ref().ok_or(KeyRingError::PassphraseNeeded)?;
        Ok(Sealer::new(passphrase::derive_key(passphrase, &salt).map_err(file)?))
    }
}

impl KeyRing for PassphraseFile {
    fn load(&self) -> Result<Option<Secret>, KeyRingError> {
        let Some((salt, sealed)) = self.read()? else { return Ok(None) };
        let opened = self.sealer(salt)?.open(PLACE, &sealed);
        *self.offered() = None;
        let mut key = opened.map_err(|_| KeyRingError::WrongPassphrase)?;
        whole_key(std::mem::take(&mut *key)).map(Some)
    }

    #[expect(clippy::disallowed_methods, reason = "the master key, to seal it under the passphrase")]
    fn store(&self, key: &Secret) -> Result<(), KeyRingError> {
        passphrase::long_enough(self.offered().as_ref().ok_or(KeyRingError::PassphraseNeeded)?)?;
        debug_assert_eq!(key.len(), KEY);
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt).map_err(file)?;
        let sealed = self.sealer(salt)?.seal(PLACE, key.expose()).map_err(file)?;
        let [salt, sealed] = [&salt[..], &sealed].map(|part| URL_SAFE_NO_PAD.encode(part));
        let content = serde_json::to_vec(&Content { v: 1, salt, sealed }).map_err(file)?;
        if let Some(dir) = self.path.parent() {
            private::make_dir(dir).map_err(file)?;
        }
        private::write_file(&self.path, &content).map_err(file)
    }
}

fn file(error: impl std::fmt::Display) -> KeyRingError {
    KeyRingError::File(error.to_string())
}
