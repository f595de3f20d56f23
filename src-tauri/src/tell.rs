//! Tells the windows what changed: the broker's event says that, the snapshot says what it is now.

use crate::shell::Shell;
use crate::view::{self, EVENT};
use crate::{present, windows};
use broker::{Broker, BrokerError, Event};
use std::sync::atomic::Ordering;
use tauri::{AppHandle, Emitter, Manager};

/// Tells every window about one event.
pub(crate) fn event(app: &AppHandle, broker: &Broker, event: &Event) {
    let shell = app.state::<Shell>();
    match event {
        Event::Status => wallet(app),
        Event::Agents | Event::Delegations => agents(app, broker),
        Event::Servers | Event::LoginNeeded { .. } => servers(app, broker),
        Event::Asked { question } => {
            emit(app, view::Event::Asked { question: present::question(&shell, broker, question) });
        }
        Event::Ended { id, .. } => emit(app, view::Event::Answered { id: id.clone() }),
        Event::CallOpened { id, agent, server, target, time } => {
            let (agent, server, tool) = (agent.clone(), server.clone(), target.name.clone());
            let work = view::Work { call: id.clone(), agent, server, tool, since: *time };
            emit(app, view::Event::Started { work });
        }
        Event::CallClosed { id, .. } => emit(app, view::Event::Ended { call: id.clone() }),
        Event::CallDenied { .. } | Event::Notice { .. } => {}
    }
}

/// Tells everything anew: after events were missed, and when the wallet as a whole changed.
pub(crate) fn wallet(app: &AppHandle) {
    let wallet = Box::new(present::wallet(&app.state::<Shell>()));
    emit(app, view::Event::Wallet { wallet });
}

/// Tells how every server is now.
pub(crate) fn servers(app: &AppHandle, broker: &Broker) {
    let shell = app.state::<Shell>();
    let servers = broker.servers();
    let servers = servers.iter().map(|server| present::server(&shell, broker, server)).collect();
    emit(app, view::Event::Servers { servers });
}

/// Tells what the human set.
pub(crate) fn settings(app: &AppHandle) {
    emit(app, view::Event::Settings { settings: app.state::<Shell>().settings().now() });
}

/// Tells every receipt written since the last time.
pub(crate) fn recorded(app: &AppHandle, broker: &Broker) -> Result<(), BrokerError> {
    let shell = app.state::<Shell>();
    let known = shell.told().load(Ordering::Relaxed);
    for entry in present::since(broker, known)? {
        shell.told().fetch_max(entry.seq + 1, Ordering::Relaxed);
        emit(app, view::Event::Recorded { entry });
    }
    Ok(())
}

/// Tells the theme: set by the human, or changed by the system.
pub(crate) fn theme(app: &AppHandle) {
    let set = app.state::<Shell>().settings().now().theme;
    emit(app, view::Event::Theme { theme: present::theme(set, windows::theme(app)) });
}

fn agents(app: &AppHandle, broker: &Broker) {
    for agent in broker.agents() {
        emit(app, view::Event::Agent { agent: present::agent(broker, &agent) });
    }
}

fn emit(app: &AppHandle, event: view::Event) {
    if let Err(error) = app.emit(EVENT, event) {
        tracing::warn!(%error, "a window was not told");
    }
}
