//! Making a wallet.

use super::wallet::Wallet;
use crate::args::{Init, Keys};
use crate::page::{Cell, Tone};
use crate::{Failure, ask};
use broker::{Broker, BrokerError, CreateWallet, KeyChoice, Secret, Status, WalletState};

/// `countersign init`
pub(super) fn run(wallet: &Wallet, init: Init) -> Result<(), Failure> {
    if let Ok(presence) = wallet.client.presence() {
        return Err(match presence.status.wallet {
            WalletState::Fresh => Failure::Failed(
                "Countersign runs on this home already, and has no wallet yet; make one in its window, or quit it first"
                    .into(),
            ),
            WalletState::Locked | WalletState::Unlocked => BrokerError::Exists.into(),
        });
    }
    let status = super::runtime()?.block_on(make(wallet, &init))?;
    wallet.out.show(&status, |page| {
        page.toned(Tone::Good, format!("Your wallet is ready, as {}.", init.identity));
        page.gap();
        let keys = if status.keyring { "in the keyring" } else { "under your passphrase" };
        page.facts([
            ("DID", Cell::plain(status.did.clone().unwrap_or_default())),
            ("Keys", Cell::plain(keys)),
            ("Place", Cell::plain(wallet.home.data_dir().display().to_string())),
        ]);
        page.gap();
        page.line("Next: countersign serve, or open the app.");
    })
}

async fn make(wallet: &Wallet<'_>, init: &Init) -> Result<Status, Failure> {
    let broker = Broker::open(wallet.home.clone()).await?;
    let made = match broker.status().wallet {
        WalletState::Fresh => create(wallet, &broker, init).await,
        WalletState::Locked | WalletState::Unlocked => Err(BrokerError::Exists.into()),
    };
    let status = broker.status();
    broker.close().await;
    made.map(|()| status)
}

/// The master key goes where the human said; unless they said, into the keyring, and under the passphrase only after telling.
async fn create(wallet: &Wallet<'_>, broker: &Broker, init: &Init) -> Result<(), Failure> {
    if init.no_passphrase && init.keys == Some(Keys::Passphrase) {
        return Err(Failure::Usage("--keys passphrase needs a passphrase; leave out --no-passphrase".into()));
    }
    let passphrase =
        if init.no_passphrase { None } else { Some(ask::new_passphrase(init.confirm.passphrase_fd)?) };
    let attempt =
        |keys| broker.create(new_wallet(init, keys, passphrase.as_ref().map(|typed| typed.as_str())));
    match init.keys {
        Some(Keys::Keyring) => Ok(attempt(KeyChoice::Keyring).await?),
        Some(Keys::Passphrase) => Ok(attempt(KeyChoice::Passphrase).await?),
        None => match attempt(KeyChoice::Keyring).await {
            Err(BrokerError::Storage(why)) if passphrase.is_some() => {
                wallet.out.note(&format!(
                    "The keyring can't be used ({why}). The keys go under your passphrase instead: you will be asked for it \
                     at every start."
                ));
                Ok(attempt(KeyChoice::Passphrase).await?)
            }
            made => Ok(made?),
        },
    }
}

fn new_wallet(init: &Init, keys: KeyChoice, passphrase: Option<&str>) -> CreateWallet {
    let passphrase = passphrase.map(|typed| Secret::new(typed.as_bytes()));
    CreateWallet { identity: init.identity.clone(), keys, passphrase }
}
