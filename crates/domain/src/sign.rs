//! Ed25519 keys as words: who can sign, and what they show.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An Ed25519 public key, 32 bytes (RFC 8032).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PublicKey(pub [u8; 32]);

/// An Ed25519 signature, 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

/// Why nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The wallet is locked, and its keys with it.
    #[error("the wallet is locked; unlock it and try again")]
    Locked,
    /// The wallet holds no such key.
    #[error("the wallet holds no key {0}; it may have been revoked")]
    NoKey(String),
}

/// Something that signs with one key. The wallet's keys stay in `vault`; a verifier's tests bring their own.
pub trait Signer: Send + Sync {
    /// The key that verifies.
    fn public_key(&self) -> PublicKey;

    /// Signs `message` as it is (pure Ed25519, no pre-hash).
    ///
    /// # Errors
    /// [`SignError`] when the key can't be had now.
    fn sign(&self, message: &[u8]) -> Result<Signature, SignError>;
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…)")
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(…)")
    }
}
