//! A value that can't be seen by accident.

use crate::VaultError;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A token, a password, a key: bytes that are wiped when dropped, never copied, never printed.
///
/// ```compile_fail,E0599
/// let secret = vault::Secret::new("canary");
/// let copy = secret.clone();
/// ```
/// ```compile_fail,E0277
/// println!("{}", vault::Secret::new("canary"));
/// ```
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes a value over. A `String` or `Vec<u8>` given away is not copied.
    pub fn new(value: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// 32 bytes from the operating system.
    ///
    /// # Errors
    /// [`VaultError::Randomness`] when the system has none.
    pub fn random() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new(vec![0; 32]);
        getrandom::fill(&mut bytes).map_err(|_| VaultError::Randomness)?;
        Ok(Self(bytes))
    }

    /// The bytes. Each place that calls this says why, with `#[expect(clippy::disallowed_methods, reason = "…")]`.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The same as text, unless it is none.
    #[must_use]
    pub fn expose_text(&self) -> Option<&str> {
        str::from_utf8(&self.0).ok()
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Compares in constant time; only the length can be told from how long it takes.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

impl From<Zeroizing<Vec<u8>>> for Secret {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// How a secret is written inside a record that is sealed at once: base64url, so that reading it back needs no unescaping
/// and leaves no copy behind.
pub(crate) mod sealed {
    use super::Secret;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
    use zeroize::Zeroizing;

    pub(crate) fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        encode(secret).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        decode(<&str>::deserialize(deserializer)?)
    }

    fn encode(secret: &Secret) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(&secret.0))
    }

    fn decode<E: Error>(text: &str) -> Result<Secret, E> {
        URL_SAFE_NO_PAD.decode(text).map(Secret::new).map_err(|_| E::custom("not base64url"))
    }

    /// The same for a secret that may be missing.
    pub(crate) mod option {
        use super::{Deserialize, Deserializer, Secret, Serialize, Serializer, decode, encode};

        pub(crate) fn serialize<S: Serializer>(
            secret: &Option<Secret>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            secret.as_ref().map(encode).as_deref().serialize(serializer)
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Secret>, D::Error> {
            Option::<&str>::deserialize(deserializer)?.map(decode).transpose()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_24_debug_of_a_secret_shows_nothing_of_it() {
        let shown = format!("{:?} {:#?}", Secret::new("canary-1234"), Some(Secret::new("canary-1234")));
        assert!(!shown.contains("canary") && shown.contains("[redacted]"), "{shown}");
    }

    #[test]
    fn equal_values_are_equal_and_others_not() {
        assert_eq!(Secret::new("a"), Secret::new("a"));
        assert_ne!(Secret::new("a"), Secret::new("b"));
        assert_ne!(Secret::new("a"), Secret::new("aa"));
    }
}
