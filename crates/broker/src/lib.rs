//! The conductor: sessions, one call's journey, approvals, events. Everything the app, the command line and the tests do
//! goes through [`Broker`].

mod consent;
pub mod control;
mod error;
mod event;
mod home;
mod owner;

pub use consent::Consent;
pub use error::{BrokerError, OpenError};
pub use event::{Event, QuestionEnd};
pub use home::Home;
pub use owner::{
    CreateWallet, DelegationView, Draft, GrantDraft, KeyChoice, LiveCall, LoginState, NewServer, ServerView,
    Status, ToolDraft, WalletState,
};

use std::sync::Arc;

/// The wallet, open. Cheap to clone; every clone is the same wallet.
#[derive(Clone)]
pub struct Broker(#[expect(dead_code, reason = "the stub of the interface comes first")] Arc<Inner>);

struct Inner {}

/// A passphrase or token on its way in. Becomes `vault::Secret`.
#[derive(Debug)]
pub struct Secret(#[expect(dead_code, reason = "the stub of the interface comes first")] String);

impl Secret {
    /// Takes a secret in.
    #[must_use]
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }
}
