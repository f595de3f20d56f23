//! Where the one master key lives: the operating system's keyring, a file under a passphrase, or memory.

mod file;
mod memory;
mod os;

pub use file::PassphraseFile;
pub use memory::MemoryKeyRing;
pub use os::OsKeyRing;

use crate::Secret;
use std::path::PathBuf;
use std::time::Duration;

/// How long a master key is, in bytes.
pub(crate) const KEY: usize = 32;

/// Keeps one 32-byte master key. Calls may block, but only for a bounded time.
pub trait KeyRing: Send + Sync {
    /// The key; `None` where none was ever stored.
    ///
    /// # Errors
    /// [`KeyRingError`] says why it can't be told.
    fn load(&self) -> Result<Option<Secret>, KeyRingError>;

    /// Keeps a key, in place of an earlier one.
    ///
    /// # Errors
    /// [`KeyRingError`]; the earlier key then still stands.
    fn store(&self, key: &Secret) -> Result<(), KeyRingError>;
}

/// Why the master key could not be had or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// No D-Bus session, so no keyring can be asked.
    #[error(
        "there is no desktop session bus, so no keyring; start a desktop session, or choose a passphrase instead"
    )]
    NoBus,
    /// A bus, and nothing that keeps secrets on it.
    #[error(
        "no keyring service is running; install or start one (gnome-keyring, KWallet, KeePassXC), or choose a passphrase instead"
    )]
    NoService,
    /// The keyring is locked and nobody unlocked it.
    #[error("the keyring is locked; unlock it and try again")]
    Locked,
    /// No answer in time: a prompt may wait on another screen.
    #[error("the keyring did not answer within {} s; if it asks for its password somewhere, answer and try again", .0.as_secs())]
    Slow(Duration),
    /// It said it kept the key and then did not have it.
    #[error("the keyring does not keep what it is given; use another one, or choose a passphrase instead")]
    Forgetful,
    /// Two entries, or one that is no key.
    #[error(
        "the keyring's entry for this wallet is not a key of ours ({0}); remove it if it is not needed, or restore a backup"
    )]
    NotAKey(&'static str),
    /// The platform said something else.
    #[error("the keyring failed: {0}")]
    Platform(String),
    /// The passphrase was not given.
    #[error("the wallet's passphrase is needed")]
    PassphraseNeeded,
    /// The passphrase does not open the key file.
    #[error("the passphrase is not right")]
    WrongPassphrase,
    /// The passphrase is too easy.
    #[error("the passphrase is too short; use at least {0} characters")]
    TooShort(usize),
    /// The key file is not what this program writes.
    #[error("the key file {path} is damaged ({reason}); restore it from a backup")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What did not fit.
        reason: &'static str,
    },
    /// The key file can't be read or written.
    #[error("can't use the key file: {0}")]
    File(String),
}

/// Takes only what has a key's length.
pub(crate) fn whole_key(key: Vec<u8>) -> Result<Secret, KeyRingError> {
    let key = Secret::new(key);
    if key.len() == KEY { Ok(key) } else { Err(KeyRingError::NotAKey("it has another length")) }
}
