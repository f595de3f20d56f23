//! Why a command did not do it: a sentence for people, an exit code for programs.

use broker::control::ClientError;
use broker::{BrokerError, OpenError};
use std::io;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The running wallet could not be asked, or said no.
    #[error(transparent)]
    Wallet(#[from] ClientError),
    /// The wallet did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The wallet, opened by this process, said no.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The record could not be read.
    #[error(transparent)]
    Record(#[from] ledger::LedgerError),
    /// The agent's shim ended.
    #[error(transparent)]
    Shim(#[from] mcp::shim::ShimError),
    /// The playground did not start.
    #[error(transparent)]
    Playground(#[from] playground::PlaygroundError),
    /// What was typed makes no sense together.
    #[error("{0}")]
    Usage(String),
    /// Somebody who may say no did.
    #[error("{0}")]
    Refused(String),
    /// Anything else; the sentence says what and what to do.
    #[error("{0}")]
    Failed(String),
    /// Our own output could not be written.
    #[error("can't write the output: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// 1 failed, 2 usage, 3 refused by the human or policy, 4 locked, 5 not running.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Wallet(ClientError::NotRunning) => 5,
            Self::Wallet(ClientError::Refused(refusal)) => refusal.exit,
            Self::Broker(error) => error.exit_code(),
            Self::Shim(error) => error.exit_code(),
            Self::Usage(_) => 2,
            Self::Refused(_) => 3,
            Self::Wallet(_)
            | Self::Open(_)
            | Self::Record(_)
            | Self::Playground(_)
            | Self::Failed(_)
            | Self::Output(_) => 1,
        }
    }

    /// Whether whoever read our output has had enough (`| head`): no failure of ours.
    pub(crate) fn is_reader_gone(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
