//! A keyring that lives as long as the process: for tests and for trying things out.

use super::{KeyRing, KeyRingError, whole_key};
use crate::Secret;
use std::sync::{Mutex, PoisonError};

/// Keeps the key in memory alone.
#[derive(Default)]
pub struct MemoryKeyRing(Mutex<Option<Secret>>);

impl KeyRing for MemoryKeyRing {
    #[expect(clippy::disallowed_methods, reason = "the copy is the vault's to keep")]
    fn load(&self) -> Result<Option<Secret>, KeyRingError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().map(|key| whole_key(key.expose().to_vec())).transpose()
    }

    #[expect(clippy::disallowed_methods, reason = "the copy is this keyring's to keep")]
    fn store(&self, key: &Secret) -> Result<(), KeyRingError> {
        let key = whole_key(key.expose().to_vec())?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        Ok(())
    }
}
