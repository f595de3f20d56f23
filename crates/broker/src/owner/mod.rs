//! What the owner can see and do. The app, the command line and the tests all use exactly this.

#![expect(
    clippy::unused_async,
    reason = "what changes something is async for its callers, whether or not it waits today"
)]

mod activity;
mod agents;
mod delegations;
mod questions;
mod servers;
#[cfg(test)]
mod tests;
mod view;
mod wallet;

pub use view::{
    CreateWallet, DelegationView, Draft, GrantDraft, KeyChoice, LiveCall, LoginState, NewServer, Offer,
    ReceiptCheck, ServerView, Status, ToolDraft, Unlocking, WalletState,
};
