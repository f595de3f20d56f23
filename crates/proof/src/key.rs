//! Ed25519 in this process's memory, and verification.

use domain::{PublicKey, SignError, Signature, Signer};
use ed25519_dalek::Signer as _;

/// An Ed25519 key for those who hold their own: verifiers' tests, demonstrations. The wallet's keys stay in `vault`.
/// Wiped from memory when dropped; neither `Clone` nor `Debug`.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of a 32-byte seed (RFC 8032, §5.1.5). The caller wipes its own copy of the seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }
}

impl Signer for SigningKey {
    fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(Signature(self.0.sign(message).to_bytes()))
    }
}

/// Whether `signature` is `key`'s on `message`. Strict: weak keys and a second spelling of a signature are refused.
#[must_use]
pub fn verify(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    ed25519_dalek::VerifyingKey::from_bytes(&key.0)
        .is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_message_and_key_alone() {
        let key = SigningKey::from_seed(&[7; 32]);
        let signature = key.sign(b"yes").unwrap();
        assert!(verify(&key.public_key(), b"yes", &signature));
        assert!(!verify(&key.public_key(), b"no", &signature));
        assert!(!verify(&SigningKey::from_seed(&[8; 32]).public_key(), b"yes", &signature));
    }

    #[test]
    fn a_small_order_key_under_which_anything_verifies_is_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!verify(&PublicKey(identity), b"anything", &Signature(signature)));
    }
}
