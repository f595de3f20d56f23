//! Secrets at rest and in use: no permit, no secret.
//!
//! At rest, everything is sealed under one master key that lives in the operating system's keyring, or in a file under a
//! passphrase (formats, §5). In use, a [`policy::Permit`] goes into [`Vault::attach`] and an [`Attachment`] comes out: a
//! request ready to send, and a signer. Callers name keys and secrets; what they are stays inside.
//!
//! What this does not do: it does not hide secrets from someone who may read this process's memory while it is unlocked,
//! and it does not notice when the whole folder is replaced by an older copy of itself.

mod attach;
mod error;
mod keyring;
mod keys;
mod passphrase;
mod private;
mod records;
mod redact;
mod seal;
mod secret;
mod secrets;
mod state;
mod store;
mod tokens;
mod vault;
mod wiped;

pub use attach::Attachment;
pub use error::VaultError;
pub use keyring::{KeyRing, KeyRingError, MemoryKeyRing, OsKeyRing, PassphraseFile};
pub use keys::{KeyName, VaultSigner};
pub use passphrase::long_enough;
pub use records::{Records, SERVERS};
pub use redact::{Pieces, Redactor};
pub use secret::Secret;
pub use secrets::SecretName;
pub use tokens::{ClientRegistration, TokenSet, Tokens};
pub use vault::Vault;
