//! Sealing one record: XChaCha20-Poly1305 under a subkey per tree (formats, §5).

use crate::{Secret, VaultError};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

const NONCE: usize = 24;

/// Where a record lives. Part of what is authenticated: a sealed value opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// The tree's name, and what its subkey is derived for.
    pub(crate) tree: &'a str,
    /// The record's key within the tree.
    pub(crate) key: &'a str,
}

impl Place<'_> {
    /// Tree and key with their border marked, so that no two places read the same.
    fn associated(&self) -> Vec<u8> {
        let length = (self.tree.len() as u64).to_be_bytes();
        [&length, self.tree.as_bytes(), self.key.as_bytes()].concat()
    }

    /// The error for a record here that does not open.
    pub(crate) fn tampered(&self) -> VaultError {
        VaultError::Tampered { tree: self.tree.into(), key: self.key.into() }
    }
}

/// Seals and opens records with one master key.
pub(crate) struct Sealer(Secret);

impl Sealer {
    /// `master` are 32 bytes; the keyrings see to that.
    pub(crate) const fn new(master: Secret) -> Self {
        Self(master)
    }

    /// Nonce, ciphertext, tag.
    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| VaultError::Randomness)?;
        let payload = Payload { msg: plain, aad: &place.associated() };
        // Only a message of 256 GiB and more is refused.
        let sealed = self.cipher(place.tree)?.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| VaultError::Store("a record is too large".into()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What was sealed at exactly this place with this master key.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let Some((nonce, sealed)) = sealed.split_first_chunk::<NONCE>() else {
            return Err(place.tampered());
        };
        let payload = Payload { msg: sealed, aad: &place.associated() };
        let plain = self.cipher(place.tree)?.decrypt(&XNonce::from(*nonce), payload);
        plain.map(Zeroizing::new).map_err(|_| place.tampered())
    }

    #[expect(clippy::disallowed_methods, reason = "the master key, to derive the tree's subkey from")]
    fn cipher(&self, tree: &str) -> Result<XChaCha20Poly1305, VaultError> {
        let mut subkey = Zeroizing::new([0; 32]);
        let hkdf = Hkdf::<Sha256>::new(None, self.0.expose());
        hkdf.expand(tree.as_bytes(), subkey.as_mut()).map_err(|e| VaultError::Store(e.to_string()))?;
        XChaCha20Poly1305::new_from_slice(subkey.as_ref()).map_err(|e| VaultError::Store(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(Secret::new(vec![byte; 32]))
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_again_and_shows_nothing(tree in "[a-z]{1,9}", key in ".{0,20}", plain: Vec<u8>) {
            let place = Place { tree: &tree, key: &key };
            let sealed = sealer(1).seal(place, &plain).unwrap();
            prop_assert_eq!(&*sealer(1).open(place, &sealed).unwrap(), &plain);
            prop_assert!(plain.len() < 8 || !sealed.windows(plain.len()).any(|window| window == plain));
        }

        #[test]
        fn a_changed_byte_anywhere_is_refused(plain: Vec<u8>, at: prop::sample::Index, flip in 1_u8..) {
            let place = Place { tree: "servers", key: "github" };
            let mut sealed = sealer(1).seal(place, &plain).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= flip;
            prop_assert!(sealer(1).open(place, &sealed).is_err());
        }

        #[test]
        fn a_record_cut_short_is_refused(plain: Vec<u8>, keep: prop::sample::Index) {
            let place = Place { tree: "servers", key: "github" };
            let sealed = sealer(1).seal(place, &plain).unwrap();
            let keep = keep.index(sealed.len());
            prop_assert!(sealer(1).open(place, &sealed[..keep]).is_err());
        }

        #[test]
        fn a_record_opens_only_where_it_was_sealed(tree in "[a-z]{1,4}", key in "[a-z]{1,4}", other in "[a-z]{1,4}") {
            prop_assume!(other != tree && other != key);
            let sealed = sealer(1).seal(Place { tree: &tree, key: &key }, b"value").unwrap();
            let elsewhere = [(&other, &key), (&tree, &other), (&key, &other)];
            for (tree, key) in elsewhere {
                let place = Place { tree, key };
                prop_assert!(sealer(1).open(place, &sealed).is_err());
            }
        }
    }

    #[test]
    fn the_border_between_tree_and_key_is_part_of_the_place() {
        let sealed = sealer(1).seal(Place { tree: "ab", key: "c" }, b"value").unwrap();
        assert!(sealer(1).open(Place { tree: "a", key: "bc" }, &sealed).is_err());
    }

    #[test]
    fn another_master_key_opens_nothing() {
        let place = Place { tree: "servers", key: "github" };
        let sealed = sealer(1).seal(place, b"value").unwrap();
        assert!(matches!(sealer(2).open(place, &sealed), Err(VaultError::Tampered { .. })));
    }

    #[test]
    fn the_same_value_is_never_sealed_the_same() {
        let place = Place { tree: "servers", key: "github" };
        assert_ne!(sealer(1).seal(place, b"value").unwrap(), sealer(1).seal(place, b"value").unwrap());
    }
}
