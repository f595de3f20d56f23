//! Random strings that are worth something, and the digests under which they are kept.

use crate::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a code or token: all that is ever kept of one.
pub(crate) type Print = [u8; 32];

/// 256 random bits after a prefix that says what they are.
///
/// # Errors
/// `server_error` when the system has no randomness.
pub(crate) fn make(prefix: &str) -> Result<String, Refusal> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Refusal::new("server_error", format!("no randomness: {error}")))?;
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

pub(crate) fn print(text: &str) -> Print {
    Sha256::digest(text).into()
}

/// The S256 code challenge of a verifier (RFC 7636 §4.2); also a DPoP proof's `ath` (RFC 9449 §4.2).
pub(crate) fn s256(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(print(text))
}
