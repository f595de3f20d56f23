//! From a request to the wallet's own methods. Everything that grows passes [`Desk::consent`] first: the methods that do it
//! take the [`Consent`] it makes, and nothing else here has one.

use super::consent::Desk;
use super::door::Caller;
use super::{Change, Entrusted, LoginForm, Look, Presence, Refusal, Request, Said, Shrink, Verified};
use crate::{Broker, BrokerError, Consent, Secret, Unlocking, WalletState};
use domain::Answer;
use serde::Serialize;
use serde_json::Value;

/// Does what was asked, or says why not.
///
/// # Errors
/// A [`Refusal`] with the command's exit code.
pub(super) async fn answer(desk: &Desk, request: Request, caller: &Caller) -> Result<Value, Refusal> {
    match request {
        Request::Look(what) => look(&desk.broker, what).await,
        Request::Shrink(what) => shrink(&desk.broker, what).await,
        Request::Grow { change, passphrase } => {
            let consent = desk.consent(&change, passphrase, caller).await?;
            grow(&desk.broker, change, consent, caller).await
        }
        Request::Unlock { passphrase } => unlock(desk, passphrase, caller).await,
    }
}

async fn look(broker: &Broker, what: Look) -> Result<Value, Refusal> {
    match what {
        Look::Status => {
            let (status, windows, unlock) = (broker.status(), broker.has_windows(), broker.unlocking());
            json(Presence { status, windows, unlock, gauges: broker.gauges() })
        }
        Look::Servers => json(broker.servers()),
        Look::Server(name) => json(broker.server(&name)?),
        Look::Tools(server) => json(broker.tools(&server).await?),
        Look::Agents => json(broker.agents()),
        Look::Agent(name) => json(broker.agent(&name)?),
        Look::Delegations => json(broker.delegations()),
        Look::Delegation(id) => json(broker.delegation(&id)?),
        Look::Questions => json(broker.questions()),
        Look::Live => json(broker.live()),
        Look::Record => json(Verified::by_wallet(broker)?),
    }
}

async fn shrink(broker: &Broker, what: Shrink) -> Result<Value, Refusal> {
    match what {
        Shrink::Lock => broker.lock().await,
        Shrink::RemoveServer(name) => broker.remove_server(&name).await?,
        Shrink::Logout(name) => broker.logout(&name).await?,
        Shrink::PauseAgent(name) => broker.pause_agent(&name).await?,
        Shrink::PauseAll => broker.pause_all().await?,
        Shrink::RevokeAgent(name) => broker.revoke_agent(&name).await?,
        Shrink::RevokeDelegation(id) => broker.revoke_delegation(&id).await?,
        Shrink::Deny(id) => broker.deny(&id).await?,
        Shrink::EmergencyStop => broker.emergency_stop().await?,
    }
    Ok(Value::Null)
}

async fn grow(broker: &Broker, change: Change, consent: Consent, caller: &Caller) -> Result<Value, Refusal> {
    match change {
        Change::AddServer(form) => json(broker.add_server(consent, (*form).into()).await?),
        Change::Login(form) => login(broker, consent, *form, caller).await,
        Change::AddAgent(name) => json(broker.add_agent(consent, name).await?),
        Change::SetToolSearch { agent, search } => {
            json(broker.set_tool_search(consent, &agent, search).await?)
        }
        Change::ResumeAgent(name) => json(broker.resume_agent(consent, &name).await?),
        Change::ResumeAll => json(broker.resume_all(consent).await?),
        Change::Delegate(draft) => json(broker.delegate(consent, draft).await?),
        Change::Allow { id, reach } => json(broker.resolve(&id, Answer::Allow { reach }, consent).await?),
    }
}

/// Logs in; the caller opens the page. Who hangs up takes the login back.
async fn login(
    broker: &Broker,
    consent: Consent,
    form: LoginForm,
    caller: &Caller,
) -> Result<Value, Refusal> {
    let LoginForm { server, client } = form;
    let voice = caller.voice();
    let open = move |page: &url::Url| {
        let _ = voice.try_send(Said::Visit(page.clone()));
    };
    let login = async move {
        match client {
            Some(client) => broker.login_as(consent, &server, client.into(), open).await,
            None => broker.login(consent, &server, open).await,
        }
    };
    tokio::select! {
        view = login => json(view?),
        () = caller.gone() => Err(BrokerError::NotConfirmed.into()),
    }
}

/// A wallet under a passphrase proves the human by opening at all. One under the keyring opens for any program of the user, so
/// where a human has locked it, the human is asked first.
async fn unlock(desk: &Desk, passphrase: Option<Entrusted>, caller: &Caller) -> Result<Value, Refusal> {
    let broker = &desk.broker;
    let status = broker.status();
    match status.wallet {
        WalletState::Fresh => return Err(BrokerError::NoWallet.into()),
        WalletState::Unlocked => return Ok(Value::Null),
        WalletState::Locked => {}
    }
    match broker.unlocking() {
        Unlocking::Keyring => broker.unlock(None).await?,
        Unlocking::Window => {
            let _consent = desk.ask("Unlock the wallet".into(), vec![], passphrase, caller).await?;
            broker.unlock(None).await?;
        }
        Unlocking::App => return Err(BrokerError::NoPassphrase.into()),
        Unlocking::Passphrase => {
            let passphrase = passphrase.ok_or(BrokerError::WrongPassphrase)?.into_secret();
            unlock_with(broker, passphrase, status.keyring).await?;
        }
    }
    Ok(Value::Null)
}

async fn unlock_with(broker: &Broker, passphrase: Secret, keyring: bool) -> Result<(), BrokerError> {
    if !keyring {
        return broker.unlock(Some(passphrase)).await;
    }
    prove(broker, &passphrase).await?;
    broker.unlock(None).await
}

/// Checks the passphrase of a locked wallet. The vault must be open to look; the wallet stays locked meanwhile, so no call
/// is decided, and a wrong passphrase shuts the vault again.
async fn prove(broker: &Broker, passphrase: &Secret) -> Result<(), BrokerError> {
    let _one_at_a_time = broker.0.turning.lock().await;
    let (vault, now) = (&broker.0.vault, broker.now());
    tokio::task::block_in_place(|| {
        vault.unlock()?;
        vault.verify_passphrase(passphrase, now).inspect_err(|_| vault.lock())
    })?;
    Ok(())
}

fn json(what: impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(what).map_err(|error| {
        Refusal::busy(format!("the answer could not be written: {error}; please report this"))
    })
}
