//! `did:key` for Ed25519 (formats, §1): a DID that is the key itself, so there is nothing to resolve.

use domain::PublicKey;

/// Multicodec `ed25519-pub` as a varint.
const ED25519: [u8; 2] = [0xed, 0x01];
/// The longest base58btc text of 34 bytes.
const MAX_LENGTH: usize = 48;

/// `did:key:z6Mk…`.
#[must_use]
pub fn did_key(key: &PublicKey) -> String {
    let bytes: Vec<u8> = ED25519.iter().chain(&key.0).copied().collect();
    format!("did:key:z{}", bs58::encode(bytes).into_string())
}

/// The key in a `did:key`; `None` for any other method or kind of key.
#[must_use]
pub fn parse_did_key(did: &str) -> Option<PublicKey> {
    let encoded = did.strip_prefix("did:key:z").filter(|text| text.len() <= MAX_LENGTH)?;
    let bytes = bs58::decode(encoded).into_vec().ok()?;
    Some(PublicKey(bytes.strip_prefix(&ED25519)?.try_into().ok()?))
}

/// The only verification method of a `did:key`: `<did>#<the key again>`, what a JWS names as `kid`.
pub(crate) fn key_id(did: &str) -> String {
    format!("{did}#{}", did.rsplit(':').next().unwrap_or(did))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_key_reads_back_from_its_did(key: [u8; 32]) {
            let did = did_key(&PublicKey(key));
            prop_assert!(did.starts_with("did:key:z6Mk"), "{}", did);
            prop_assert_eq!(parse_did_key(&did), Some(PublicKey(key)));
        }
    }

    #[test]
    fn the_did_of_a_published_key_is_the_published_one() {
        // The first Ed25519 example of the did:key method specification.
        let did = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";
        assert_eq!(did_key(&parse_did_key(did).unwrap()), did);
        assert_eq!(key_id(did), format!("{did}#z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"));
    }

    #[test]
    fn other_methods_other_keys_and_broken_texts_are_refused() {
        for did in [
            "",
            "did:key:",
            "did:key:z",
            "did:web:example.com",
            "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc", // X25519
            "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW",
            "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp#x",
            "did:key:z0OIl",
            &format!("did:key:z{}", "1".repeat(100_000)),
        ] {
            assert_eq!(parse_did_key(did), None, "{did:.80}");
        }
    }
}
