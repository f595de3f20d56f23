//! Why the ledger could not do something.

use domain::CallId;
use proof::ProofError;
use std::io;
use std::path::{Path, PathBuf};

/// Why the ledger could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The operating system refused.
    #[error("can't {doing} {path}: {cause}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's answer.
        #[source]
        cause: io::Error,
    },
    /// Another process has this ledger.
    #[error("the ledger in {0} is in use by another wallet; end that one first")]
    InUse(PathBuf),
    /// The receipt could not be made.
    #[error("can't sign the receipt: {0}")]
    Proof(#[from] ProofError),
    /// The disk took receipts and then failed to keep them. Nothing more is written until the wallet is opened again.
    #[error("the disk failed to keep the ledger ({0}); look after the disk, then start the wallet again")]
    Disk(String),
    /// The end of a call that was not opened, or has its end already.
    #[error("the call {0} is not open in the ledger")]
    NotOpen(CallId),
    /// A receipt longer than a file may be.
    #[error("a receipt of {0} bytes is too long for the ledger")]
    TooLong(usize),
}

impl LedgerError {
    /// For `map_err` on an I/O operation.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |cause| Self::Io { doing, path, cause }
    }
}
