//! The conductor: sessions, one call's journey, approvals, events. Everything the app, the command line and the tests do
//! goes through [`Broker`].

mod approval;
mod book;
mod budget;
mod call;
mod checkpoints;
mod clean;
mod clock;
mod consent;
pub mod control;
mod door;
mod end;
mod ending;
mod error;
mod event;
mod gate;
mod gauges;
mod held;
mod home;
mod inner;
mod keys;
mod link;
mod listed;
mod listing;
mod login;
mod looks;
mod open;
mod owner;
mod preview;
mod random;
mod session;
mod sessions;
#[cfg(test)]
mod testing;
mod voice;
mod wanted;

pub use consent::Consent;
pub use door::DoorError;
pub use error::{BrokerError, OpenError};
pub use event::{Event, QuestionEnd};
pub use gauges::Gauges;
pub use home::Home;
pub use oauth::KnownClient;
pub use owner::{
    CreateWallet, DelegationView, Draft, GrantDraft, KeyChoice, LiveCall, LoginState, NewServer, Offer,
    ReceiptCheck, ServerView, Status, ToolDraft, Unlocking, WalletState,
};
pub use vault::Secret;

/// What receipts are made of, for those who read the record through [`Broker::activity`].
pub mod record {
    pub use ledger::{Entry, Filter, Report};
    pub use proof::receipt::{Body, Decision, Kind, Outcome, Status, Verdict};
}

use std::sync::Arc;

/// The wallet, open. Cheap to clone; every clone is the same wallet. Call it inside a multi-threaded Tokio runtime.
#[derive(Clone)]
pub struct Broker(Arc<inner::Inner>);
