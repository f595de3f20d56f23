//! The running wallet, as the commands see it.

use crate::args::Confirm;
use crate::{Failure, Out, ask};
use broker::control::{Change, Client, Entrusted, Look, Presence, Request, Said, Shrink};
use broker::{BrokerError, Home, WalletState};
use serde::de::DeserializeOwned;

/// Where the wallet lives, how to reach it, and where answers go.
pub(super) struct Wallet<'a> {
    pub(super) home: Home,
    pub(super) out: &'a Out,
    pub(super) client: Client,
}

impl<'a> Wallet<'a> {
    pub(super) fn new(home: Home, out: &'a Out) -> Self {
        let client = Client::at(&home);
        Self { home, out, client }
    }

    /// Looks, and changes nothing.
    pub(super) fn look<T: DeserializeOwned>(&self, what: Look) -> Result<T, Failure> {
        Ok(self.client.ask(&Request::Look(what), |said| self.tell(&said))?)
    }

    /// Takes authority away, at once.
    pub(super) fn shrink(&self, what: Shrink) -> Result<(), Failure> {
        Ok(self.client.ask(&Request::Shrink(what), |said| self.tell(&said))?)
    }

    /// Gives authority: the human confirms in the app, or types the passphrase.
    pub(super) fn grow<T: DeserializeOwned>(&self, change: Change, confirm: Confirm) -> Result<T, Failure> {
        self.grow_hearing(change, confirm, |said| self.tell(&said))
    }

    /// [`Wallet::grow`], with another ear for what the human has to do meanwhile.
    pub(super) fn grow_hearing<T: DeserializeOwned>(
        &self,
        change: Change,
        confirm: Confirm,
        heard: impl FnMut(Said),
    ) -> Result<T, Failure> {
        let passphrase = self.passphrase(confirm)?;
        Ok(self.client.ask(&Request::Grow { change, passphrase }, heard)?)
    }

    /// The passphrase, unless a window asks or it would be of no use.
    fn passphrase(&self, confirm: Confirm) -> Result<Option<Entrusted>, Failure> {
        let Presence { status, windows, .. } = self.client.presence()?;
        match status.wallet {
            WalletState::Fresh => return Err(BrokerError::NoWallet.into()),
            WalletState::Locked => return Err(BrokerError::Locked.into()),
            WalletState::Unlocked => {}
        }
        if windows {
            return Ok(None);
        }
        if !status.passphrase {
            return Err(BrokerError::NoPassphrase.into());
        }
        ask::passphrase(confirm.passphrase_fd).map(Some)
    }

    /// Tells the human what to do meanwhile.
    pub(super) fn tell(&self, said: &Said) {
        match said {
            Said::Confirm => self.out.note("Confirm this in the app's window."),
            Said::Visit(page) => self.out.note(&format!("Open this page to log in:\n  {page}")),
        }
    }
}

/// The one of `ids` that is `wanted` or begins with it.
pub(super) fn only_one<'i>(
    wanted: &str,
    what: &str,
    ids: impl Iterator<Item = &'i str>,
) -> Result<Option<&'i str>, Failure> {
    let mut found = None;
    for id in ids.filter(|id| id.starts_with(wanted)) {
        if id == wanted {
            return Ok(Some(id));
        }
        if found.replace(id).is_some() {
            return Err(Failure::Usage(format!(
                "more than one {what} begins with {wanted:?}; give more of its id"
            )));
        }
    }
    Ok(found)
}
