//! State that a client carries for us and cannot change.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// Seals state, each for its purpose.
pub struct Seal([u8; 32]);

impl Seal {
    pub fn new() -> Self {
        let mut key = [0; 32];
        getrandom::fill(&mut key).unwrap();
        Self(key)
    }

    pub fn close(&self, purpose: &str, state: &Value) -> String {
        let text = URL_SAFE_NO_PAD.encode(state.to_string());
        let mark = URL_SAFE_NO_PAD.encode(self.mac(purpose, &text).finalize().into_bytes());
        format!("{text}.{mark}")
    }

    pub fn open(&self, purpose: &str, sealed: &str) -> Option<Value> {
        let (text, mark) = sealed.split_once('.')?;
        self.mac(purpose, text).verify_slice(&URL_SAFE_NO_PAD.decode(mark).ok()?).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }

    fn mac(&self, purpose: &str, text: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).unwrap();
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac.update(text.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_was_sealed_for_this_opens() {
        let (seal, state) = (Seal::new(), json!({"round": 1}));
        let sealed = seal.close("a", &state);
        assert_eq!(seal.open("a", &sealed), Some(state));
        assert_eq!(seal.open("b", &sealed), None);
        assert_eq!(seal.open("a", &format!("{sealed}-changed")), None);
        assert_eq!(Seal::new().open("a", &sealed), None);
    }
}
