//! What can go wrong for the owner, said so that the owner knows what to do.

use domain::{AgentName, ApprovalId, DelegationId, ServerName, Timestamp};
use std::path::PathBuf;

/// Why a wallet did not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has this home.
    #[error("another Countersign is already running on {0}; quit it first, or use another --home")]
    Taken(PathBuf),
    /// A folder or file could not be used.
    #[error("can't use {path}: {source}; check that it exists, belongs to you and is writable")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The store could not be used.
    #[error(transparent)]
    Vault(#[from] vault::VaultError),
    /// The record could not be used.
    #[error(transparent)]
    Ledger(#[from] ledger::LedgerError),
    /// The system offers no secure connections.
    #[error("no secure connections can be made ({0}); are the system's certificates installed?")]
    Network(String),
    /// A socket could not be made.
    #[error(transparent)]
    Socket(#[from] mcp::local::LocalError),
}

/// Why the wallet did not do what its owner asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// There is no wallet here yet.
    #[error("there is no wallet here yet; run `countersign init`, or open the app")]
    NoWallet,
    /// There is one already.
    #[error("there is a wallet here already; nothing was changed")]
    Exists,
    /// It is locked.
    #[error("the wallet is locked; unlock it first")]
    Locked,
    /// The passphrase is wrong.
    #[error("that is not the wallet's passphrase")]
    WrongPassphrase,
    /// Too many wrong passphrases.
    #[error("too many wrong passphrases; nothing was changed, try again after {0}")]
    TooManyAttempts(Timestamp),
    /// No passphrase was ever set, so it can't prove a human.
    #[error("this wallet has no passphrase; open the app to confirm, or set one there under Settings")]
    NoPassphrase,
    /// The human said no, or did not answer.
    #[error("not confirmed; nothing was changed")]
    NotConfirmed,
    /// No such agent.
    #[error("there is no agent {0}; `countersign agent list` shows the ones there are")]
    NoAgent(AgentName),
    /// No such server.
    #[error("there is no server {0}; `countersign server list` shows the ones there are")]
    NoServer(ServerName),
    /// No such delegation.
    #[error("there is no delegation {0}; `countersign delegation list` shows the ones there are")]
    NoDelegation(DelegationId),
    /// No such question, or no longer.
    #[error("no question {0} waits for an answer; it may have ended already")]
    NoQuestion(ApprovalId),
    /// The name is taken.
    #[error("the name {0} is taken; choose another")]
    NameTaken(String),
    /// The server does not list the tool.
    #[error("{server} has no tool {tool}; it has {known}")]
    NoTool {
        /// Where.
        server: ServerName,
        /// What.
        tool: String,
        /// What it does have.
        known: String,
    },
    /// The server lists another definition than the human saw.
    #[error("{server} changed its tool {tool} while you were looking at it; nothing was granted, look again")]
    ToolChanged {
        /// Where.
        server: ServerName,
        /// What.
        tool: String,
    },
    /// What was asked for makes no sense; the sentence says what and what to do.
    #[error("{0}")]
    Invalid(String),
    /// The server could not be reached, or answered nonsense.
    #[error("{server}: {reason}")]
    Upstream {
        /// Which.
        server: ServerName,
        /// What happened, and what to do.
        reason: String,
    },
    /// The login did not work.
    #[error("{server}: {reason}")]
    Login {
        /// Which.
        server: ServerName,
        /// What happened, and what to do.
        reason: String,
    },
    /// The store or the record could not be used.
    #[error("{0}")]
    Storage(String),
}

impl BrokerError {
    /// The command line's exit code: 1 failed, 2 usage, 3 refused by the human or policy, 4 locked.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Locked => 4,
            Self::NotConfirmed | Self::WrongPassphrase | Self::TooManyAttempts(_) | Self::NoPassphrase => 3,
            Self::NoAgent(_)
            | Self::NoServer(_)
            | Self::NoDelegation(_)
            | Self::NoQuestion(_)
            | Self::NameTaken(_)
            | Self::NoTool { .. }
            | Self::Invalid(_) => 2,
            Self::ToolChanged { .. }
            | Self::NoWallet
            | Self::Exists
            | Self::Upstream { .. }
            | Self::Login { .. }
            | Self::Storage(_) => 1,
        }
    }
}
