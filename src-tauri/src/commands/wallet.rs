//! The wallet as a whole: made, opened, locked, paused, stopped; and the app's settings.

use super::{Held, consent};
use crate::failure::Answered;
use crate::present;
use crate::view::{Failure, Seal, Settings, Stopped, Theme, Typed, Wallet};
use crate::{autostart, tell, windows};
use broker::{Broker, CreateWallet, KeyChoice, Secret};
use domain::AgentState;
use std::time::Instant;
use tauri::{AppHandle, WebviewWindow};

#[tauri::command(async)]
pub(crate) fn snapshot(shell: Held<'_>) -> Wallet {
    present::wallet(&shell)
}

#[tauri::command]
pub(crate) async fn create_wallet(shell: Held<'_>, name: String, seal: Seal) -> Answered<Wallet> {
    let (keys, passphrase) = match seal {
        Seal::Keyring => (KeyChoice::Keyring, None),
        Seal::Passphrase { passphrase } => (KeyChoice::Passphrase, Some(secret(passphrase))),
    };
    shell.broker()?.create(CreateWallet { identity: name, keys, passphrase }).await?;
    Ok(present::wallet(&shell))
}

#[tauri::command]
pub(crate) async fn unlock(shell: Held<'_>, passphrase: Option<Typed>) -> Answered<Wallet> {
    shell.broker()?.unlock(passphrase.map(secret)).await?;
    *shell.stopped() = None;
    *shell.locked_since() = None;
    *shell.touched() = Instant::now();
    Ok(present::wallet(&shell))
}

#[tauri::command]
pub(crate) async fn lock(shell: Held<'_>) -> Answered<()> {
    let broker = shell.broker()?;
    *shell.locked_since() = Some(broker.now());
    broker.lock().await;
    Ok(())
}

#[tauri::command]
pub(crate) async fn emergency_stop(shell: Held<'_>, app: AppHandle) -> Answered<()> {
    let broker = shell.broker()?;
    let (mut stopped, began) = (about_to_stop(broker), Instant::now());
    broker.emergency_stop().await?;
    stopped.quiet_ms = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
    *shell.stopped() = Some(stopped);
    tell::wallet(&app);
    Ok(())
}

#[tauri::command]
pub(crate) async fn pause_all(shell: Held<'_>) -> Answered<()> {
    Ok(shell.broker()?.pause_all().await?)
}

#[tauri::command]
pub(crate) async fn resume_all(shell: Held<'_>, window: WebviewWindow) -> Answered<()> {
    Ok(shell.broker()?.resume_all(consent(&shell, &window)).await?)
}

#[tauri::command]
pub(crate) async fn change_settings(
    shell: Held<'_>,
    app: AppHandle,
    settings: Settings,
) -> Answered<Settings> {
    if settings.autostart != shell.settings().now().autostart {
        autostart::set(settings.autostart, &shell.home_argument())?;
    }
    shell.settings().change(settings.clone())?;
    windows::dress(&app, settings.theme);
    tell::settings(&app);
    tell::theme(&app);
    Ok(settings)
}

#[tauri::command]
pub(crate) fn theme(shell: Held<'_>, app: AppHandle) -> Theme {
    present::theme(shell.settings().now().theme, windows::theme(&app))
}

pub(super) fn secret(typed: Typed) -> Secret {
    Secret::new(typed.into_inner())
}

/// What an emergency stop is about to end, counted before it does.
fn about_to_stop(broker: &Broker) -> Stopped {
    let live = broker.live();
    let sent: Vec<_> =
        live.iter().filter(|call| !call.waits).filter_map(|call| present::uncertain(broker, call)).collect();
    let enrolled = broker.agents().into_iter().filter(|agent| agent.state == AgentState::Enrolled);
    let figure = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Stopped {
        at: broker.now(),
        quiet_ms: 0,
        ended: figure(live.len() - sent.len()),
        uncertain: sent,
        denied: figure(broker.questions().len()),
        paused: figure(enrolled.count()),
        passphrase: !broker.status().keyring,
    }
}

impl From<crate::autostart::AutostartError> for Failure {
    fn from(error: crate::autostart::AutostartError) -> Self {
        Self::new("internal", error.to_string())
    }
}
