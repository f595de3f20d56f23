//! How the wallet stands, and bringing its keys back.

use super::now;
use super::wallet::Wallet;
use crate::args::Confirm;
use crate::page::words::{count, near, visible};
use crate::page::{Cell, Page, Tone};
use crate::{Failure, ask};
use broker::control::{Look, Presence, Request};
use broker::{BrokerError, LiveCall, Status, Unlocking, WalletState};
use serde_json::json;

/// `countersign status`
pub(super) fn run(wallet: &Wallet) -> Result<(), Failure> {
    let presence: Presence = wallet.look(Look::Status)?;
    let live: Vec<LiveCall> = wallet.look(Look::Live)?;
    let Presence { status, windows, gauges, .. } = &presence;
    let shown = json!({ "status": status, "windows": windows, "live": live, "gauges": gauges });
    wallet.out.show(&shown, |page| {
        draw(page, &presence);
        if !live.is_empty() {
            page.gap();
            page.table(["ON ITS WAY", "TO", "CALL", "SINCE"], &live.iter().map(row).collect::<Vec<_>>());
        }
    })
}

/// `countersign unlock`
pub(super) fn unlock(wallet: &Wallet, confirm: Confirm) -> Result<(), Failure> {
    let presence = wallet.client.presence()?;
    if presence.status.wallet == WalletState::Unlocked {
        return wallet.out.done("The wallet is unlocked already.");
    }
    let passphrase = match presence.unlock {
        Unlocking::Keyring | Unlocking::Window => None,
        Unlocking::App => return Err(BrokerError::NoPassphrase.into()),
        Unlocking::Passphrase => {
            if presence.status.keyring {
                wallet.out.note(
                    "The keys are in the system's keyring. You locked the wallet, so the passphrase shows that it is you.",
                );
            }
            Some(ask::passphrase(confirm.passphrase_fd)?)
        }
    };
    let request = Request::Unlock { passphrase };
    wallet.client.ask::<()>(&request, |said| wallet.tell(&said))?;
    let keyring = presence.unlock == Unlocking::Keyring;
    wallet.out.done(if keyring { "Unlocked through the system's keyring." } else { "Unlocked." })
}

pub(super) fn draw(page: &mut Page, Presence { status, windows, .. }: &Presence) {
    let (tone, sentence) = sentence(status);
    page.toned(tone, sentence);
    page.gap();
    let keys = if status.keyring { "in the keyring" } else { "under your passphrase" };
    let confirmed = match (windows, status.passphrase) {
        (true, _) => "in the app's window",
        (false, true) => "with your passphrase",
        (false, false) => "nowhere: open the app, or set a passphrase there",
    };
    page.facts([
        ("Identity", Cell::plain(status.identity.clone().unwrap_or_else(|| "–".into()))),
        ("DID", Cell::plain(status.did.clone().unwrap_or_else(|| "–".into()))),
        ("Keys", Cell::plain(keys)),
        ("Changes are confirmed", Cell::plain(confirmed)),
        ("Agents", Cell::plain(format!("{}, {} connected", status.agents, status.connected))),
        ("Agents over HTTP", Cell::plain(status.endpoint.clone().unwrap_or_else(|| "no".into()))),
        ("Servers", Cell::plain(status.servers.to_string())),
        ("Version", Cell::plain(status.version.clone())),
    ]);
    if !status.notices.is_empty() {
        page.gap();
        status.notices.iter().for_each(|notice| page.toned(Tone::Asks, notice));
    }
}

fn row(call: &LiveCall) -> [Cell; 4] {
    let since = near(call.since, now());
    [
        Cell::new(Tone::Strong, call.agent.as_str()),
        Cell::plain(call.server.as_str()),
        Cell::plain(visible(&call.target.name)),
        if call.waits {
            Cell::new(Tone::Asks, format!("{since}, waits for you"))
        } else {
            Cell::plain(since)
        },
    ]
}

fn sentence(status: &Status) -> (Tone, String) {
    match (status.wallet, status.paused, status.questions) {
        (WalletState::Fresh, ..) => {
            (Tone::Asks, "There is no wallet here yet. Run `countersign init`.".into())
        }
        (WalletState::Locked, ..) => (Tone::Asks, "Locked. Run `countersign unlock`.".into()),
        (WalletState::Unlocked, true, _) => {
            (Tone::Asks, "Everything is paused. Run `countersign agent resume --all`.".into())
        }
        (WalletState::Unlocked, false, 0) => (Tone::Good, "Running. Nothing waits for you.".into()),
        (WalletState::Unlocked, false, waiting) => {
            let waiting = count(waiting, "question waits", "questions wait");
            (Tone::Asks, format!("Running. {waiting} for you: `countersign approvals list`."))
        }
    }
}
