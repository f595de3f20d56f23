//! A request's id, kept exactly as its sender wrote it.

use std::fmt;
use std::hash::{Hash, Hasher};

/// A JSON-RPC id: a string or an integer, as raw JSON. Equal when the values are equal, however the strings are escaped:
/// an answerer may write `"é"` for `"\u00e9"`.
#[derive(Clone)]
pub struct RawId {
    raw: Box<str>,
    /// The raw text without escapes, where it has any that another writer could choose differently.
    plain: Option<Box<str>>,
}

impl RawId {
    /// Reads raw JSON; `None` unless it is a string or an integer without fraction and exponent.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let plain = match raw.as_bytes() {
            [b'"', .., b'"'] if raw.contains('\\') => {
                let text: String = serde_json::from_str(raw).ok()?;
                Some(format!("\"{text}\"").into())
            }
            [b'"', .., b'"'] => None,
            [b'-', digits @ ..] | digits if is_integer(digits) => None,
            _ => return None,
        };
        Some(Self { raw: raw.into(), plain })
    }

    /// A number, for requests of our own.
    #[must_use]
    pub fn number(id: u64) -> Self {
        Self { raw: id.to_string().into(), plain: None }
    }

    /// A string, for requests of our own.
    #[must_use]
    pub fn text(id: &str) -> Self {
        let raw = serde_json::Value::from(id).to_string();
        Self::parse(&raw).unwrap_or_else(|| Self::number(0))
    }

    /// The id as raw JSON.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.raw
    }

    /// The id as a value.
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(&self.raw).unwrap_or_default()
    }

    fn key(&self) -> &str {
        self.plain.as_deref().unwrap_or(&self.raw)
    }
}

fn is_integer(digits: &[u8]) -> bool {
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

impl PartialEq for RawId {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for RawId {}

impl Hash for RawId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Debug for RawId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.raw)
    }
}
