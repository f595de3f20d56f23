//! Where the master key is: in the operating system's keyring, or under a passphrase. Chosen once by the human, and read off
//! the disk afterwards.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use vault::{KeyRing, KeyRingError, OsKeyRing, PassphraseFile, Secret};

/// The two places, and which of them counts.
pub(crate) struct Keys {
    file: PassphraseFile,
    system: OsKeyRing,
    passphrase: AtomicBool,
}

impl Keys {
    pub(crate) fn new(path: PathBuf, profile: String) -> Self {
        let file = PassphraseFile::new(path);
        let passphrase = AtomicBool::new(file.exists());
        Self { file, system: OsKeyRing::new(profile), passphrase }
    }

    /// Whether the system's keyring has it.
    pub(crate) fn in_keyring(&self) -> bool {
        !self.passphrase.load(Ordering::Relaxed)
    }

    /// Whether the system's keyring answers at all.
    pub(crate) fn try_keyring(&self) -> Result<(), KeyRingError> {
        self.system.load().map(drop)
    }

    /// The human's choice for a new wallet.
    pub(crate) fn choose_passphrase(&self, passphrase: bool) {
        self.passphrase.store(passphrase, Ordering::Relaxed);
    }

    /// The human typed a passphrase.
    pub(crate) fn offer(&self, passphrase: Secret) {
        self.file.offer(passphrase);
    }

    fn place(&self) -> &dyn KeyRing {
        if self.in_keyring() { &self.system } else { &self.file }
    }
}

impl KeyRing for Keys {
    fn load(&self) -> Result<Option<Secret>, KeyRingError> {
        self.place().load()
    }

    fn store(&self, key: &Secret) -> Result<(), KeyRingError> {
        self.place().store(key)
    }
}
