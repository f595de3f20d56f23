//! The control protocol: how the command line speaks to the running wallet, over `control.sock`.
//!
//! One connection carries one request: a JSON line in; then lines about what the human has to do; then one last line with
//! the outcome. The socket is 0600 in a 0700 folder, and both sides check that the other end is the same user.
//!
//! That tells a user, not a human, and agents run as the same user. So the protocol has no word that gives an agent more:
//! [`Request::Grow`] waits for the app's confirmation, or, without windows, brings the wallet's passphrase. What only looks
//! or only takes away is done at once.

mod change;
mod client;
mod consent;
mod dispatch;
mod door;
mod entrusted;
mod request;
#[cfg(test)]
mod tests;
mod verified;
mod wire;

pub use client::{Client, ClientError};
pub use door::{bind, serve};
pub use entrusted::Entrusted;
pub use request::{Change, ClientForm, LoginForm, Look, Request, ServerForm, Shrink};
pub use verified::{Trust, Verified};
pub use wire::{Presence, Refusal, Said};
