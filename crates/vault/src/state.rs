//! Whether the vault's secrets are in memory.
//!
//! ```text
//! Locked ──unlock(master key)──► Unlocked
//!    ▲                              │
//!    └─────────lock, drop───────────┘   everything secret in memory is wiped
//! ```
//! Unlocked holds the master key and, as they are first used, what was decrypted with it, so that a call in steady state
//! neither reads the store nor decrypts.

use crate::VaultError;
use crate::attach::Dressing;
use crate::keys::KeyName;
use crate::redact::Redactor;
use crate::seal::Sealer;
use crate::tokens::TokenSet;
use domain::ServerName;
use ed25519_dalek::SigningKey;
use std::collections::HashMap;
use std::sync::Arc;

/// The two states.
#[derive(Default)]
pub(crate) enum State {
    /// Nothing secret is in memory.
    #[default]
    Locked,
    /// Secrets can be used.
    Unlocked(Box<Open>),
}

/// What an unlocked vault has at hand. Dropping it wipes it.
pub(crate) struct Open {
    /// The master key at work.
    pub(crate) sealer: Sealer,
    /// Signing keys used so far.
    pub(crate) keys: HashMap<KeyName, SigningKey>,
    /// What each server is shown, where it has been used so far.
    pub(crate) dressings: HashMap<ServerName, Arc<Dressing>>,
    /// OAuth tokens read so far.
    pub(crate) tokens: HashMap<ServerName, Arc<TokenSet>>,
    /// Every secret value known since the unlock, also those replaced by now.
    pub(crate) redactor: Arc<Redactor>,
}

impl State {
    /// From Locked to Unlocked.
    pub(crate) fn unlock(&mut self, sealer: Sealer, redactor: Redactor) {
        *self = Self::Unlocked(Box::new(Open {
            sealer,
            keys: HashMap::new(),
            dressings: HashMap::new(),
            tokens: HashMap::new(),
            redactor: Arc::new(redactor),
        }));
    }

    /// From Unlocked to Locked.
    pub(crate) fn lock(&mut self) {
        *self = Self::Locked;
    }

    /// What is at hand, if unlocked.
    pub(crate) fn open(&self) -> Result<&Open, VaultError> {
        match self {
            Self::Locked => Err(VaultError::Locked),
            Self::Unlocked(open) => Ok(open),
        }
    }

    /// The same, to add to it.
    pub(crate) fn open_mut(&mut self) -> Result<&mut Open, VaultError> {
        match self {
            Self::Locked => Err(VaultError::Locked),
            Self::Unlocked(open) => Ok(open),
        }
    }
}

impl Open {
    /// Forgets what was at hand for one server, so that the next use reads it anew.
    pub(crate) fn forget(&mut self, server: &ServerName) {
        self.dressings.remove(server);
        self.tokens.remove(server);
    }
}
