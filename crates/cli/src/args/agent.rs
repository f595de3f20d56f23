//! Agents, and the shim they start.

use super::Confirm;
use clap::{Args, Subcommand, ValueEnum};
use domain::{AgentName, ServerName};

/// `countersign agent …`
#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Name a new agent, and print what its MCP client needs
    Add {
        /// What to call it: lower-case letters, digits, hyphens
        name: AgentName,
        /// Print the configuration for this client alone
        #[arg(long)]
        client: Option<ClientKind>,
        #[command(flatten)]
        confirm: Confirm,
    },
    /// List the agents
    List,
    /// Show an agent, its programs, and what its MCP client needs
    Show {
        /// The agent's name
        name: AgentName,
        /// Print the configuration for this client alone
        #[arg(long)]
        client: Option<ClientKind>,
    },
    /// Show an agent two tools to find and call its others with, instead of all of them
    Search {
        /// The agent's name
        name: AgentName,
        #[command(flatten)]
        when: When,
        #[command(flatten)]
        confirm: Confirm,
    },
    /// Refuse an agent's calls for now
    Pause {
        /// The agent's name
        #[arg(required_unless_present = "all")]
        name: Option<AgentName>,
        /// Every agent
        #[arg(long, conflicts_with = "name")]
        all: bool,
    },
    /// Let a paused agent work again
    Resume {
        /// The agent's name
        #[arg(required_unless_present = "all")]
        name: Option<AgentName>,
        /// Every agent
        #[arg(long, conflicts_with = "name")]
        all: bool,
        #[command(flatten)]
        confirm: Confirm,
    },
    /// End an agent for good
    Revoke {
        /// The agent's name
        name: AgentName,
    },
}

/// When an agent searches.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct When {
    /// Always
    #[arg(long)]
    pub(crate) on: bool,
    /// Never
    #[arg(long)]
    pub(crate) off: bool,
    /// When it could be shown more than this many tools
    #[arg(long, value_name = "TOOLS")]
    pub(crate) above: Option<u32>,
}

/// MCP clients whose configuration we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientKind {
    /// Claude Desktop
    ClaudeDesktop,
    /// Claude Code
    ClaudeCode,
    /// Cursor
    Cursor,
    /// Visual Studio Code
    #[value(name = "vscode")]
    VsCode,
}

/// `countersign connect …`
#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// The agent's name
    #[arg(long, value_name = "NAME")]
    pub(crate) agent: AgentName,
    /// Reach this server alone, its tools by their own names
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<ServerName>,
}
