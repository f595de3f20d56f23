//! The record. It is read from the files, so the wallet need not run.

use clap::{Args, Subcommand};
use domain::{AgentName, ServerName};
use std::path::PathBuf;

/// `countersign audit …`
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List what happened, newest last
    List(Filters),
    /// Show one receipt in full
    Show {
        /// Its number, as the list shows it
        seq: u64,
    },
    /// Check that nothing was changed, removed, re-ordered or cut off
    Verify {
        /// The key that must have signed (did:key:…); else the one the record names itself
        #[arg(long, value_name = "DID")]
        key: Option<String>,
        /// Verify this exported file or record folder instead
        #[arg(long, value_name = "PATH")]
        record: Option<PathBuf>,
    },
    /// Copy the record into one file, for someone else to verify
    Export {
        /// A file that does not exist yet, or - for standard output
        file: PathBuf,
    },
}

/// What to list.
#[derive(Debug, Default, Args)]
pub(crate) struct Filters {
    /// Of this agent alone
    #[arg(long, value_name = "NAME")]
    pub(crate) agent: Option<AgentName>,
    /// At this server alone
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<ServerName>,
    /// Of this kind alone, like call.denied, or all that begin with it, like call
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// With this outcome alone: ok, failed, cancelled, unknown, allowed, asked or denied
    #[arg(long)]
    pub(crate) outcome: Option<String>,
    /// With this text in it
    #[arg(long)]
    pub(crate) text: Option<String>,
    /// At most so many, the newest
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
}
