//! Questions that wait for the human.

use super::{Confirm, parse};
use clap::{ArgGroup, Args, Subcommand};
use std::time::Duration;

/// `countersign approvals …`
#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalsCommand {
    /// List the questions that wait, with every argument
    List,
    /// Say yes: to this call alone, unless you say more
    Allow(Allow),
    /// Say no
    Deny {
        /// The question's id, or its beginning
        id: String,
    },
}

/// `countersign approvals allow …`
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("reach"))]
pub(crate) struct Allow {
    /// The question's id, or its beginning
    pub(crate) id: String,
    /// The same call again too, in this session
    #[arg(long, group = "reach")]
    pub(crate) session: bool,
    /// The tool with any other arguments too, in this session; only where the delegation asks once a session
    #[arg(long, group = "reach")]
    pub(crate) tool: bool,
    /// The same call again too, for this long
    #[arg(long = "for", value_name = "SPAN", value_parser = parse::span, group = "reach")]
    pub(crate) span: Option<Duration>,
    /// The same call again too, as long as the delegation holds
    #[arg(long, group = "reach")]
    pub(crate) always: bool,
    #[command(flatten)]
    pub(crate) confirm: Confirm,
}
