//! The wallet without windows.

use super::question;
use super::wallet::Wallet;
use crate::args::Serve;
use crate::page::{Tone, words::visible};
use crate::{Failure, Out, ask};
use broker::{Broker, BrokerError, Event, WalletState};
use serde_json::json;
use std::io::IsTerminal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;

/// `countersign serve`
pub(super) fn run(wallet: &Wallet, serve: Serve) -> Result<(), Failure> {
    log();
    super::runtime()?.block_on(async {
        let broker = Broker::open(wallet.home.clone()).await?;
        let served = attend(wallet, &broker, serve).await;
        broker.close().await;
        served
    })
}

async fn attend(wallet: &Wallet<'_>, broker: &Broker, serve: Serve) -> Result<(), Failure> {
    let (port, http) = (serve.port, !serve.no_http);
    open(broker, serve).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    if http {
        // Told among the notices; agents come in over stdio all the same.
        let _ = broker.serve_http(port).await;
    }
    // A task of its own: every call makes events, and this thread would be woken for each.
    let telling = tokio::spawn(tell(broker.events(), wallet.out.clone()));
    broker.serve().await?;
    ready(wallet, broker)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = telling => {}
    }
    wallet.out.note("Ending: calls on their way are closed.");
    Ok(())
}

/// A wallet whose key the keyring gave is open already; the passphrase opens the others. Without either it serves locked, and
/// `countersign unlock` opens it later.
async fn open(broker: &Broker, serve: Serve) -> Result<(), Failure> {
    let fd = serve.confirm.passphrase_fd;
    match broker.status().wallet {
        WalletState::Fresh => Err(BrokerError::NoWallet.into()),
        WalletState::Unlocked => Ok(()),
        WalletState::Locked if fd.is_none() && !std::io::stdin().is_terminal() => Ok(()),
        WalletState::Locked => {
            let passphrase = ask::passphrase(fd)?.into_secret();
            Ok(broker.unlock(Some(passphrase)).await?)
        }
    }
}

fn ready(wallet: &Wallet, broker: &Broker) -> Result<(), Failure> {
    let status = broker.status();
    let ready = json!({
        "ready": true,
        "pid": std::process::id(),
        "wallet": status.wallet,
        "agent_socket": wallet.home.agent_socket(),
        "control_socket": wallet.home.control_socket(),
        "endpoint": status.endpoint,
    });
    wallet.out.show(&ready, |page| match status.wallet {
        WalletState::Unlocked => {
            let http = status.endpoint.iter().map(|endpoint| format!(", or over HTTP at {endpoint}"));
            let sentence = format!(
                "Countersign is ready. Agents connect with `countersign connect`{}. Ctrl-C ends it.",
                http.collect::<String>()
            );
            page.toned(Tone::Good, sentence);
        }
        WalletState::Locked | WalletState::Fresh => {
            page.toned(
                Tone::Asks,
                "Countersign runs, but is locked: `countersign unlock` opens it. Ctrl-C ends it.",
            );
        }
    })?;
    status.notices.iter().for_each(|notice| wallet.out.note(notice));
    Ok(())
}

/// Tells the human at the terminal what waits for them, as long as the wallet lives.
async fn tell(mut events: tokio::sync::broadcast::Receiver<Event>, out: Out) {
    loop {
        match events.recv().await {
            Ok(event) => tell_one(&event, &out),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

fn tell_one(event: &Event, out: &Out) {
    match event {
        Event::Asked { question } => {
            let (sentence, id) = (question::sentence(question), &question.id);
            out.note(&format!("{sentence}. Answer: countersign approvals allow {id}, or deny {id}"));
        }
        Event::LoginNeeded { server, wants: Some(scopes) } => out.note(&format!(
            "{server} wants more than its login gives: {}. Log in again: countersign login {server}",
            visible(scopes)
        )),
        Event::LoginNeeded { server, wants: None } => {
            out.note(&format!("{server} no longer takes its login. Renew it: countersign login {server}"));
        }
        Event::Notice { sentence } => out.note(&visible(sentence)),
        Event::Status
        | Event::Agents
        | Event::Servers
        | Event::Delegations
        | Event::Ended { .. }
        | Event::CallOpened { .. }
        | Event::CallClosed { .. }
        | Event::CallDenied { .. } => {}
    }
}

/// Logs go to standard error, as far as `COUNTERSIGN_LOG` wants them. `rmcp` would log OAuth codes below `warn`.
fn log() {
    let wanted = std::env::var("COUNTERSIGN_LOG").unwrap_or_else(|_| "warn".into());
    let filter =
        tracing_subscriber::EnvFilter::new(format!("{wanted},rmcp=warn,oauth2=warn,reqwest=warn,hyper=warn"));
    // A second subscriber would be a programmer's mistake, not the human's.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
