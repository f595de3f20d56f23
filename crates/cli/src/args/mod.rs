//! What can be typed. Nothing here is secret: no flag takes a passphrase or a token.

mod agent;
mod approvals;
mod audit;
mod confirm;
mod delegation;
mod parse;
mod server;
#[cfg(test)]
mod tests;
mod wallet;

pub(crate) use agent::{AgentCommand, ClientKind, Connect, When};
pub(crate) use approvals::{Allow, ApprovalsCommand};
pub(crate) use audit::{AuditCommand, Filters};
pub(crate) use confirm::Confirm;
pub(crate) use delegation::{Delegate, DelegationCommand};
pub(crate) use server::{Login, ServerAdd, ServerCommand};
pub(crate) use wallet::{Completions, Demo, Init, Keys, Man, Playground, Serve};

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};
use domain::ServerName;
use std::path::PathBuf;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::BrightWhite.on_default().bold())
    .error(AnsiColor::Red.on_default().bold());

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 failed, 2 usage, 3 refused by the human or by policy, 4 locked, 5 not running.
What gives an agent more is confirmed by you: in the app when it runs, else with the wallet's passphrase.";

/// Hand work to AI agents without handing over your keys
#[derive(Debug, Parser)]
#[command(name = "countersign", version, styles = STYLES, after_help = EXIT_CODES, max_term_width = 100)]
#[command(disable_help_subcommand = true, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Globals {
    /// Answer in JSON, for programs
    #[arg(long, global = true, display_order = 900)]
    pub(crate) json: bool,
    /// Keep the whole wallet in DIR, instead of the usual places
    #[arg(long, global = true, display_order = 901, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a wallet: your identity and its keys
    Init(Init),
    /// Run the wallet without windows
    Serve(Serve),
    /// Show how the wallet stands
    Status,
    /// Add, show and remove MCP servers
    #[command(subcommand)]
    Server(ServerCommand),
    /// Log in to a server, in the browser
    Login(Login),
    /// End the login to a server
    Logout {
        /// The server's name
        server: ServerName,
    },
    /// Add, pause and revoke agents
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Connect an agent to the wallet: what an MCP client starts
    Connect(Connect),
    /// Sign a delegation: let an agent use tools of a server
    Delegate(Delegate),
    /// Show and revoke delegations
    #[command(subcommand)]
    Delegation(DelegationCommand),
    /// Answer the agents' questions
    #[command(subcommand)]
    Approvals(ApprovalsCommand),
    /// Read and verify the record of everything that happened
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Bring the keys back into memory
    Unlock(Confirm),
    /// Forget the keys until unlocked
    Lock,
    /// Cancel every call, pause every agent, lock the wallet
    Stop,
    /// Run a server and a login to try the wallet with, on this machine
    Playground(Playground),
    /// See the whole story in ten seconds, on a wallet that is thrown away
    Demo(Demo),
    /// Print completions for a shell
    Completions(Completions),
    /// Write the manual pages
    Man(Man),
}
