//! The wallet as a whole.

use super::{agent, question, record, server, work};
use crate::shell::Shell;
use crate::view::{self, Wallet};
use broker::record::Filter;
use broker::{Broker, Status, WalletState};

/// What the main window shows.
pub(crate) fn wallet(shell: &Shell) -> Wallet {
    let broker = match shell.broker() {
        Ok(broker) => broker,
        Err(why) => return Wallet::Unusable { sentence: why.sentence, home: home(shell) },
    };
    let status = broker.status();
    match status.wallet {
        WalletState::Fresh => Wallet::New { suggested: suggested_name(), keyring: shell.keyring().clone() },
        WalletState::Locked => match shell.stopped().clone() {
            Some(stopped) => Wallet::Stopped(stopped),
            None => Wallet::Locked(locked(shell, &status)),
        },
        WalletState::Unlocked => Wallet::Open(Box::new(open(shell, broker, status))),
    }
}

/// The theme as set; as the system has it where it says so.
pub(crate) fn theme(set: view::Theme, system: tauri::Theme) -> view::Theme {
    match (set, system) {
        (view::Theme::System, tauri::Theme::Dark) => view::Theme::Dark,
        (view::Theme::System, _) => view::Theme::Light,
        (view::Theme::Light | view::Theme::Dark, _) => set,
    }
}

fn open(shell: &Shell, broker: &Broker, status: Status) -> view::Open {
    view::Open {
        identity: view::Identity {
            name: status.identity.clone().unwrap_or_default(),
            did: status.did.clone().unwrap_or_default(),
        },
        questions: broker.questions().iter().map(|asked| question(shell, broker, asked)).collect(),
        agents: broker.agents().iter().map(|known| agent(broker, known)).collect(),
        servers: broker.servers().iter().map(|known| server(shell, broker, known)).collect(),
        work: broker.live().into_iter().filter(|call| !call.waits).map(work).collect(),
        hour: record::hour(broker).unwrap_or_default(),
        today: record::today(broker, Filter::default()).unwrap_or_default(),
        newest: record::total(broker).unwrap_or_default().checked_sub(1),
        all_paused: status.paused,
        record_whole: *shell.record_whole(),
        settings: shell.settings().now(),
        about: about(shell, broker, &status),
    }
}

fn locked(shell: &Shell, status: &Status) -> view::Locked {
    view::Locked { passphrase: !status.keyring, since: *shell.locked_since() }
}

fn about(shell: &Shell, broker: &Broker, status: &Status) -> view::About {
    view::About {
        version: status.version.clone(),
        home: home(shell),
        socket: shell.home().agent_socket().to_string_lossy().into_owned(),
        endpoint: status.endpoint.clone(),
        passphrase: !status.keyring,
        receipts: record::total(broker).unwrap_or_default(),
    }
}

fn home(shell: &Shell) -> String {
    shell.home().data_dir().to_string_lossy().into_owned()
}

/// The human's login name, to begin with.
fn suggested_name() -> String {
    std::env::var("USER").unwrap_or_default()
}
