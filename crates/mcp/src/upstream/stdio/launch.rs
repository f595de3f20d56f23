//! A child's command line and environment: what the human saw, and nothing of the wallet's own.

use super::resolve::Resolved;
use domain::EnvValue;
use std::env;
use std::process::Command;

/// All a child inherits of the wallet's environment.
const INHERITED: [&str; 10] =
    ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];

/// The command with a clean environment: a short list of the wallet's own variables, and the plain ones of the launch. Secret
/// variables are the vault's to add. No shell is involved, so arguments can't be commands.
#[must_use]
pub fn clean(resolved: &Resolved) -> Command {
    let launch = resolved.launch();
    let mut command = Command::new(&launch.command);
    command.args(&launch.args).env_clear();
    for name in INHERITED {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    for (name, value) in &launch.env {
        if let EnvValue::Plain(value) = value {
            command.env(name, value);
        }
    }
    if let Some(dir) = launch.cwd.clone().or_else(env::home_dir) {
        command.current_dir(dir);
    }
    command
}
