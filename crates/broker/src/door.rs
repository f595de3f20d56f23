//! The way in over HTTP: a port of this machine, the wallet's own OAuth in front of it, and the human's yes behind that.
//!
//! ```text
//! client ─► register ─► authorize ──(the human's yes, here)──► token ─► /mcp with a token, from the program that was accepted
//! ```
//! A client says of itself what it likes. What a yes is bound to is the program: the one that listens where the answer goes, that
//! then asks for tokens, and that shows them. Where no program can be seen, nobody is let in.
//!
//! | module | |
//! |---|---|
//! | [`port`] | the port, chosen once for each installation |
//! | [`house`] | what is served at which address, and who is let in |
//! | [`consent`] | an authorization request becomes a question, its answer a code |
//! | [`join`] | the agent that a client becomes |
//! | [`guest`] | who was let in, and their sessions |
//! | [`families`] | clients and families of tokens in the vault |
//! | [`who`] | the program at the other end of a connection |
//! | [`pages`] | what a browser shows meanwhile |

mod consent;
mod families;
mod guest;
mod house;
mod join;
mod pages;
mod port;
mod who;

pub use port::DoorError;

use crate::Broker;
use crate::held::lock;
use crate::inner::Inner;
use domain::{AgentName, Denial, Endpoint, Loopback, Origin};
use families::Families;
use issuer::Issuer;
use std::sync::{Arc, Mutex, OnceLock};

/// What there is of it in the wallet, open or not.
#[derive(Default)]
pub(crate) struct Door {
    /// Where it is, once it is open.
    origin: OnceLock<Origin>,
    /// The authorization server; none while the wallet is locked.
    issuer: Mutex<Option<Issuer<Families>>>,
    seen: who::Seen,
    waiting: consent::Waiting,
    guests: guest::Guests,
}

impl Broker {
    /// Lets agents in over HTTP, until the wallet closes: on the port this installation has, or on `port`, which is then its own.
    /// When that port can't be had, the owner is told, and agents come in over stdio alone.
    ///
    /// # Errors
    /// [`DoorError`], told to the owner already.
    pub async fn serve_http(&self, port: Option<u16>) -> Result<(), DoorError> {
        let inner = &self.0;
        let doorway = port::take(&inner.home, port).await.inspect_err(|error| {
            inner.notice(format!("Agents can't come in over HTTP: {error}. Those that come over stdio can."));
        })?;
        let _ = inner.door.origin.set(doorway.origin());
        let house = Arc::new(house::Wallet(inner.clone()));
        let closing = inner.closing.clone().cancelled_owned();
        tokio::spawn(doorway.serve(house, closing));
        tokio::spawn(guest::sweep(inner.clone()));
        Ok(())
    }

    /// Where agents come in over HTTP, if the door is open: the address of the endpoint for all servers.
    #[must_use]
    pub fn endpoint(&self) -> Option<String> {
        self.0.door.origin.get().map(|origin| origin.resource(Loopback::V4, &Endpoint::All))
    }
}

impl Inner {
    /// Does something with the authorization server, which is read from the vault when it is first needed.
    pub(crate) fn with_issuer<R>(&self, act: impl FnOnce(&mut Issuer<Families>) -> R) -> Result<R, Denial> {
        let mut issuer = lock(&self.door.issuer);
        // Looked at with the lock held: a wallet that is being locked shuts its book first, and forgets this afterwards.
        if self.books.read().is_none() {
            return Err(Denial::Locked);
        }
        let origin = self.door.origin.get().copied().ok_or(Denial::Locked)?;
        Ok(act(issuer.get_or_insert_with(|| families::open(self, origin))))
    }

    /// Ends all that an agent holds over HTTP.
    pub(crate) fn end_families(&self, agent: &AgentName) {
        if let Ok(Err(error)) = self.with_issuer(|issuer| issuer.end_agent(agent)) {
            tracing::error!(%agent, %error, "what an agent holds could not be taken out of the vault");
        }
    }

    /// Forgets every access token: the wallet is locked. Clients come back with their refresh tokens.
    pub(crate) fn shut_door(&self) {
        lock(&self.door.issuer).take();
    }
}
