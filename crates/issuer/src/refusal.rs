//! What a client is told when its request is refused (RFC 6749 §5.2, RFC 7591 §3.2.2, RFC 8707 §2, RFC 9449 §5).

use serde_json::{Value, json};

/// An OAuth error: a code for the program, a sentence for its author.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub struct Refusal {
    /// The registered code.
    pub code: &'static str,
    /// What was wrong.
    pub description: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, description: impl Into<String>) -> Self {
        Self { code, description: description.into() }
    }

    pub(crate) fn request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    pub(crate) fn grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant", description)
    }

    /// The HTTP status it is answered with.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.code {
            "server_error" => 500,
            "temporarily_unavailable" => 503,
            _ => 400,
        }
    }

    /// The body it is answered with.
    #[must_use]
    pub fn body(&self) -> Value {
        json!({"error": self.code, "error_description": self.description})
    }
}
