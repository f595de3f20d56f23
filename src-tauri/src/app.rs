//! The app: one loop hears the wallet, and tells windows, tray and human.

use crate::args::Args;
use crate::controller::{Controller, Scene, Step};
use crate::notify::Note;
use crate::shell::Shell;
use crate::tray::{Click, Tray};
use crate::view::Keyring;
use crate::windows::{self, APPROVAL, Asker, WebDir};
use crate::{commands, present, tell};
use anyhow::Context;
use broker::{Broker, Event, WalletState};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tauri::async_runtime::{block_on, spawn, spawn_blocking};
use tauri::{AppHandle, Manager, RunEvent, WindowEvent};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// The shortest time between two looks at the wallet: a thousand calls a second must not be a thousand redraws.
const PACE: Duration = Duration::from_millis(50);
/// How often it is looked whether the human has been away long enough to lock.
const WATCH: Duration = Duration::from_secs(15);

/// Runs the app until the human quits it.
pub(crate) fn start(args: &Args) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some()),
        "there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set); run `countersign serve` instead"
    );
    let home =
        args.wallet_home().context("the working directory is gone; give --home as an absolute path")?;
    let web = home.data_dir().join("web");
    let wallet = block_on(Broker::open(home.clone())).map_err(|error| error.to_string());
    let app = builder(&home)
        .manage(WebDir(web))
        .manage(Asker::default())
        .manage(Shell::new(home, wallet))
        .build(tauri::generate_context!())
        .context("the desktop refused")?;
    set_up(app.handle())?;
    let code = app.run_return(on_run_event);
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

fn builder(home: &broker::Home) -> tauri::Builder<tauri::Wry> {
    let once = tauri_plugin_single_instance::Builder::new()
        .dbus_id(instance(home))
        .callback(|app, _, _| log(windows::open_main(app)));
    let places = tauri_plugin_window_state::Builder::new().with_denylist(&[APPROVAL]);
    tauri::Builder::default()
        .plugin(once.build())
        .plugin(places.build())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_dialog::init())
        .invoke_handler(commands::handler())
        .on_window_event(on_window_event)
}

/// A name on the session bus that is this wallet's alone: two wallets may run side by side.
fn instance(home: &broker::Home) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    home.data_dir().hash(&mut hasher);
    format!("io.github.countersign.h{:016x}", hasher.finish())
}

fn set_up(app: &AppHandle) -> tauri::Result<()> {
    let shell = app.state::<Shell>();
    windows::dress(app, shell.settings().now().theme);
    windows::open_main(app)?;
    let Ok(broker) = shell.broker().cloned() else { return Ok(()) };
    let (clicked, icons) = (app.clone(), shell.home().runtime_dir().join("tray"));
    // Many desktops have no tray; the app is whole without.
    log(Tray::default().build(app, &icons, move |click| on_click(&clicked, click)));
    broker.set_windows(true);
    spawn(hear(app.clone(), broker.clone(), broker.events()));
    spawn(serve(app.clone(), broker.clone()));
    spawn(check_record(app.clone(), broker.clone()));
    spawn(try_keyring(app.clone(), broker.clone()));
    spawn(lock_when_away(app.clone(), broker));
    Ok(())
}

async fn serve(app: AppHandle, broker: Broker) {
    if let Err(error) = broker.serve().await {
        tracing::error!(%error, "agents can't connect");
        Note { title: "Agents can't connect".into(), body: error.to_string() }.show(&app);
    }
    if let Err(error) = broker.serve_http(None).await {
        Note { title: "Agents can't come in over HTTP".into(), body: error.to_string() }.show(&app);
    }
}

/// Before a wallet is made, the human is told whether the system's keyring can seal it.
async fn try_keyring(app: AppHandle, broker: Broker) {
    if broker.status().wallet != WalletState::Fresh {
        return;
    }
    let tried = spawn_blocking(move || broker.keyring_answers()).await;
    *app.state::<Shell>().keyring() = match tried {
        Ok(Ok(())) => Keyring::Ready,
        Ok(Err(why)) => Keyring::Unavailable { why: why.to_string() },
        Err(why) => Keyring::Unavailable { why: why.to_string() },
    };
    tell::wallet(&app);
}

/// The whole record is read once, as soon as its key can be had, where nobody waits for it; what is found, Home tells.
async fn check_record(app: AppHandle, broker: Broker) {
    let mut events = broker.events();
    while broker.status().wallet != WalletState::Unlocked {
        if let Err(RecvError::Closed) = events.recv().await {
            return;
        }
    }
    let report = spawn_blocking(move || broker.verify_record()).await;
    if let Ok(Ok(report)) = report {
        *app.state::<Shell>().record_whole() = Some(report.holds());
        tell::wallet(&app);
    }
}

/// Takes in events until the wallet is closed: in bursts, each followed by one look at what is now.
async fn hear(app: AppHandle, broker: Broker, mut events: Receiver<Event>) {
    let mut controller = Controller::default();
    app.state::<Shell>().told().store(present::total(&broker).unwrap_or_default(), Ordering::Relaxed);
    look(&app, &broker, &mut controller);
    loop {
        match events.recv().await {
            Ok(event) => heard(&app, &broker, &event),
            Err(RecvError::Lagged(_)) => tell::wallet(&app),
            Err(RecvError::Closed) => return,
        }
        loop {
            match events.try_recv() {
                Ok(event) => heard(&app, &broker, &event),
                Err(TryRecvError::Lagged(_)) => tell::wallet(&app),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        log(tell::recorded(&app, &broker));
        look(&app, &broker, &mut controller);
        tokio::time::sleep(PACE).await;
    }
}

fn heard(app: &AppHandle, broker: &Broker, event: &Event) {
    tell::event(app, broker, event);
    if let Some(note) = Note::about(event) {
        note.show(app);
    }
}

fn look(app: &AppHandle, broker: &Broker, controller: &mut Controller) {
    let notify = app.state::<Shell>().settings().now().notify;
    for step in controller.see(&Scene::of(broker, notify)) {
        match step {
            Step::Tray { before, now } => log(now.redraw(&before, app)),
            Step::Ask => log(windows::open_approval(app)),
            Step::Hush => log(windows::close_approval(app)),
            Step::Notify(note) => note.show(app),
        }
    }
}

fn on_click(app: &AppHandle, click: Click) {
    let app = app.clone();
    spawn(async move {
        let shell = app.state::<Shell>();
        let Ok(broker) = shell.broker() else { return };
        let done = match click {
            Click::Open => return log(windows::open_main(&app)),
            Click::Questions => return log(windows::open_approval(&app)),
            Click::Quit => {
                // Here, where the loop that draws goes on: what ends still tells windows and tray.
                broker.close().await;
                return app.exit(0);
            }
            Click::Pause(agent) => broker.pause_agent(&agent).await,
            Click::Revoke(agent) => broker.revoke_agent(&agent).await,
            Click::PauseAll => broker.pause_all().await,
            Click::Lock => {
                *shell.locked_since() = Some(broker.now());
                return broker.lock().await;
            }
        };
        if let Err(error) = done {
            Note { title: "That did not work".into(), body: error.to_string() }.show(&app);
        }
    });
}

async fn lock_when_away(app: AppHandle, broker: Broker) {
    let shell = app.state::<Shell>();
    let mut watch = tokio::time::interval(WATCH);
    loop {
        watch.tick().await;
        let Some(minutes) = shell.settings().now().lock_after_minutes else { continue };
        let away = shell.touched().elapsed() >= Duration::from_secs(60 * u64::from(minutes));
        if away && broker.status().wallet == WalletState::Unlocked {
            *shell.locked_since() = Some(broker.now());
            broker.lock().await;
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most of what a window tells concerns nobody here")]
fn on_window_event(window: &tauri::Window, event: &WindowEvent) {
    let shell = window.state::<Shell>();
    let now = Instant::now();
    match event {
        WindowEvent::Focused(true) => {
            *shell.touched() = now;
            if window.label() == APPROVAL {
                shell.deaf().focused(now);
            }
        }
        WindowEvent::ThemeChanged(_) => tell::theme(window.app_handle()),
        _ => {}
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most of what the loop tells concerns nobody here")]
fn on_run_event(app: &AppHandle, event: RunEvent) {
    match event {
        // The tray goes on without windows.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        RunEvent::WindowEvent { label, event: WindowEvent::Destroyed, .. } if label == APPROVAL => {
            app.state::<Shell>().deaf().cleared();
            if windows::approval_gone(app) {
                let app = app.clone();
                spawn(async move { log(windows::open_approval(&app)) });
            }
        }
        RunEvent::Exit => {
            if let Ok(broker) = app.state::<Shell>().broker() {
                block_on(broker.close());
            }
        }
        _ => {}
    }
}

fn log<T, E: std::fmt::Display>(done: Result<T, E>) {
    if let Err(error) = done {
        tracing::warn!(%error, "the desktop refused");
    }
}
