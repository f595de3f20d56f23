//! What the windows may ask for. Each command parses what came in, asks the wallet, and says what is now.
//!
//! Which window may use which command is in `capabilities/`. A change that gives an agent more needs the human's consent:
//! [`consent`] is the one place that makes it, from a command that one of our own windows invoked.

pub(crate) mod agents;
pub(crate) mod approval;
pub(crate) mod record;
pub(crate) mod servers;
pub(crate) mod wallet;

use crate::failure::Answered;
use crate::shell::Shell;
use crate::view::Failure;
use broker::Consent;
use domain::{AgentName, ServerName};
use std::time::Instant;
use tauri::ipc::Invoke;
use tauri::{State, WebviewWindow};

/// The shell, as commands get it.
type Held<'a> = State<'a, Shell>;

/// Every command, for Tauri.
pub(crate) fn handler() -> impl Fn(Invoke) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        wallet::snapshot,
        wallet::create_wallet,
        wallet::unlock,
        wallet::lock,
        wallet::emergency_stop,
        wallet::pause_all,
        wallet::resume_all,
        wallet::change_settings,
        wallet::theme,
        servers::start_playground,
        servers::add_server,
        servers::remove_server,
        servers::server,
        servers::login,
        servers::cancel_login,
        servers::logout,
        agents::add_agent,
        agents::agent,
        agents::pause_agent,
        agents::resume_agent,
        agents::revoke_agent,
        agents::delegate,
        agents::revoke_delegation,
        record::activity,
        record::receipt,
        record::verify_record,
        record::export_record,
        approval::review,
        approval::questions,
        approval::shown,
        approval::grow,
        approval::answer,
    ]
}

/// The human did something in `_window`, so what it asks for has the human's consent.
fn consent(shell: &Shell, _window: &WebviewWindow) -> Consent {
    *shell.touched() = Instant::now();
    Consent::at_window()
}

fn agent_name(name: &str) -> Answered<AgentName> {
    AgentName::parse(name).map_err(|error| Failure::new("bad_name", error.to_string()))
}

fn server_name(name: &str) -> Answered<ServerName> {
    ServerName::parse(name).map_err(|error| Failure::new("bad_name", error.to_string()))
}
