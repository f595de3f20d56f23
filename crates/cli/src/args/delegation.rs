//! Delegations.

use super::{Confirm, parse};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use domain::{AgentName, ApprovalMode, DelegationId, ServerName};
use std::time::Duration;

/// `countersign delegate …`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign delegate claude-code --server github --tool read_issue --ask never --for 7d
  countersign delegate claude-code --server github --tool create_issue --ask once --calls 20")]
#[command(group = ArgGroup::new("what").required(true).multiple(true).args(["tool", "resource", "prompt"]))]
pub(crate) struct Delegate {
    /// Who may
    pub(crate) agent: AgentName,
    /// Where
    #[arg(long, value_name = "NAME")]
    pub(crate) server: ServerName,
    /// A tool, by the server's own name for it; may be given again
    #[arg(long, value_name = "NAME")]
    pub(crate) tool: Vec<String>,
    /// A resource by its URI, or a prefix that ends in *; may be given again
    #[arg(long, value_name = "URI")]
    pub(crate) resource: Vec<String>,
    /// A prompt; may be given again
    #[arg(long, value_name = "NAME")]
    pub(crate) prompt: Vec<String>,
    /// When you are asked: never, once for the same arguments, once a session, or always
    #[arg(long, value_enum, default_value_t = Ask::Always)]
    pub(crate) ask: Ask,
    /// How often each tool may be called in all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) calls: Option<u64>,
    /// How often each tool may be called in any minute
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) per_minute: Option<u32>,
    /// For how long, like 30m, 8h or 7d; at most 90d
    #[arg(long = "for", value_name = "SPAN", default_value = "8h", value_parser = parse::life)]
    pub(crate) lasts: Duration,
    #[command(flatten)]
    pub(crate) confirm: Confirm,
}

/// When the human is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ask {
    /// Not asked
    Never,
    /// Until you allow the same arguments for as long as the delegation holds
    Once,
    /// Until you allow the tool for the session
    Session,
    /// For every call
    Always,
}

impl From<Ask> for ApprovalMode {
    fn from(ask: Ask) -> Self {
        match ask {
            Ask::Never => Self::Never,
            Ask::Once => Self::Once,
            Ask::Session => Self::Session,
            Ask::Always => Self::Always,
        }
    }
}

/// `countersign delegation …`
#[derive(Debug, Subcommand)]
pub(crate) enum DelegationCommand {
    /// List the delegations, newest last
    List,
    /// Show a delegation in full
    Show {
        /// The delegation's id, or its beginning
        #[arg(value_parser = |id: &str| Ok::<_, std::convert::Infallible>(DelegationId::new(id)))]
        id: DelegationId,
    },
    /// End a delegation for good
    Revoke {
        /// The delegation's id, or its beginning
        #[arg(value_parser = |id: &str| Ok::<_, std::convert::Infallible>(DelegationId::new(id)))]
        id: DelegationId,
    },
}
