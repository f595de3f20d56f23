//! What each command does.

mod agent;
mod approvals;
mod audit;
mod browser;
mod clients;
mod connect;
mod delegation;
mod demo;
mod extras;
mod init;
mod playground;
mod question;
mod record;
mod serve;
mod server;
mod status;
#[cfg(test)]
mod tests;
mod verify;
mod wallet;

use crate::args::{Cli, Command, Globals};
use crate::{Failure, Out};
use broker::Home;
use broker::control::Shrink;
use domain::Timestamp;
use wallet::Wallet;

/// Runs the command.
pub(crate) fn run(cli: Cli, out: &Out) -> Result<(), Failure> {
    let Cli { globals, command } = cli;
    let home = home(&globals)?;
    if let Command::Connect(connect) = command {
        return connect::run(&home, connect);
    }
    let wallet = Wallet::new(home, out);
    match command {
        Command::Init(init) => init::run(&wallet, init),
        Command::Serve(serve) => serve::run(&wallet, serve),
        Command::Status => status::run(&wallet),
        Command::Server(command) => server::run(&wallet, command),
        Command::Login(login) => server::login(&wallet, login),
        Command::Logout { server } => {
            wallet.shrink(Shrink::Logout(server.clone()))?;
            out.done(&format!("Logged out of {server}."))
        }
        Command::Agent(command) => agent::run(&wallet, command, globals.home.is_some()),
        Command::Connect(connect) => connect::run(&wallet.home, connect),
        Command::Delegate(delegate) => delegation::delegate(&wallet, delegate),
        Command::Delegation(command) => delegation::run(&wallet, command),
        Command::Approvals(command) => approvals::run(&wallet, command),
        Command::Audit(command) => audit::run(&wallet, command),
        Command::Unlock(confirm) => status::unlock(&wallet, confirm),
        Command::Lock => {
            wallet.shrink(Shrink::Lock)?;
            out.done("Locked. Agents are refused until you unlock.")
        }
        Command::Stop => {
            wallet.shrink(Shrink::EmergencyStop)?;
            out.done(
                "Stopped: calls on their way are cancelled, every agent is paused, the wallet is locked.",
            )
        }
        Command::Playground(options) => playground::run(out, options),
        Command::Demo(options) => demo::run(out, options),
        Command::Completions(options) => extras::completions(options),
        Command::Man(options) => extras::man(out, options),
    }
}

/// The wallet's folders. A relative folder is made absolute at once: agents are started from elsewhere.
fn home(globals: &Globals) -> Result<Home, Failure> {
    let Some(dir) = &globals.home else { return Ok(Home::xdg()) };
    let dir = std::path::absolute(dir)
        .map_err(|error| Failure::Usage(format!("--home {}: {error}", dir.display())))?;
    Ok(Home::at(&dir))
}

#[expect(clippy::disallowed_methods, reason = "the edge of the program: from here the time is passed on")]
fn now() -> Timestamp {
    Timestamp::from(std::time::SystemTime::now())
}

/// The runtime for the few commands that run the wallet's own parts. One thread drives it: a call passes through several tasks,
/// and waking another thread for each costs more than the work in them (`make bench`).
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?)
}
