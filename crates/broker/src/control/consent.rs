//! The one place where a request over the control socket can become a human's yes.

use super::door::Caller;
use super::{Change, Entrusted, Refusal, Said};
use crate::{Broker, BrokerError, Consent};
use tokio::sync::Semaphore;

/// Changes that may wait for the human at once. Bounds the windows a flood could ask for, and the memory of Argon2id.
const WAITING: usize = 4;

/// The wallet, with a short queue for those who want more from it.
pub(super) struct Desk {
    pub(super) broker: Broker,
    waiting: Semaphore,
}

impl Desk {
    pub(super) fn new(broker: Broker) -> Self {
        Self { broker, waiting: Semaphore::new(WAITING) }
    }

    /// Asks the human: in the app when it has windows, else by the passphrase that came along.
    ///
    /// # Errors
    /// A [`Refusal`] when the human said no, was not there, or the passphrase is wrong or missing.
    pub(super) async fn consent(
        &self,
        change: &Change,
        passphrase: Option<Entrusted>,
        caller: &Caller,
    ) -> Result<Consent, Refusal> {
        let sentence = change.sentence(&self.broker)?;
        self.ask(sentence, change.details(&self.broker), passphrase, caller).await
    }

    /// [`Desk::consent`], with the words given.
    pub(super) async fn ask(
        &self,
        sentence: String,
        details: Vec<String>,
        passphrase: Option<Entrusted>,
        caller: &Caller,
    ) -> Result<Consent, Refusal> {
        let Ok(_place) = self.waiting.try_acquire() else {
            return Err(Refusal::busy("other changes wait for you already; answer them, then try again"));
        };
        if self.broker.has_windows() {
            caller.say(Said::Confirm);
            return tokio::select! {
                consent = self.broker.ask_consent(sentence, details) => Ok(consent?),
                () = caller.gone() => Err(BrokerError::NotConfirmed.into()),
            };
        }
        let passphrase = passphrase.filter(|given| !given.is_empty()).ok_or_else(no_passphrase)?;
        Ok(self.broker.consent_by_passphrase(&passphrase.into_secret()).await?)
    }
}

fn no_passphrase() -> Refusal {
    Refusal {
        exit: BrokerError::NotConfirmed.exit_code(),
        sentence:
            "this change needs the wallet's passphrase: run the command in a terminal, or give it with \
                   --passphrase-fd; nothing was changed"
                .into(),
    }
}
