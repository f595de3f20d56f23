//! Proof in the program that a human said yes: authority grows only with one of these.

/// A human's yes to one change. Made by the app's own windows, by the passphrase, or by an answered confirmation; used up by
/// the change it allows.
#[must_use = "a consent that is dropped changes nothing"]
#[derive(Debug)]
pub struct Consent {
    by: By,
}

#[derive(Debug, Clone, Copy)]
enum By {
    Window,
    Passphrase,
    Confirmation,
}

impl Consent {
    /// The human did it in one of the app's windows. Only the app's command layer may say so; a test over the sources
    /// keeps it that way.
    pub const fn at_window() -> Self {
        Self { by: By::Window }
    }

    pub(crate) const fn by_passphrase() -> Self {
        Self { by: By::Passphrase }
    }

    pub(crate) const fn by_confirmation() -> Self {
        Self { by: By::Confirmation }
    }

    /// How it was given, for the record.
    #[must_use]
    pub const fn how(&self) -> &'static str {
        match self.by {
            By::Window => "window",
            By::Passphrase => "passphrase",
            By::Confirmation => "confirmation",
        }
    }
}
