//! What can go wrong in the vault: who failed, and what to do next.

use crate::KeyRingError;
use domain::{AgentName, ServerName, Timestamp};
use std::path::PathBuf;

/// Why the vault did not do it. Never holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The human has not unlocked the wallet.
    #[error("the wallet is locked; unlock it and try again")]
    Locked,
    /// The place that keeps the master key failed.
    #[error(transparent)]
    KeyRing(#[from] KeyRingError),
    /// Another key than the one the records are sealed with.
    #[error(
        "the keyring holds another wallet's key; use the keyring this wallet was made with, or restore a backup"
    )]
    WrongMasterKey,
    /// There are records, and no key for them.
    #[error("the keyring has no key for this wallet any more; bring its entry back, or restore a backup")]
    MasterKeyGone,
    /// A sealed record was changed, moved or half lost.
    #[error(
        "the record {key:?} in {tree:?} was changed outside the wallet; restore a backup, or delete it and enter it again"
    )]
    Tampered {
        /// Which kind of record.
        tree: String,
        /// Which one.
        key: String,
    },
    /// A record has another shape than this version of the wallet writes.
    #[error("the record {key:?} in {tree:?} can't be read by this version: {reason}")]
    Unreadable {
        /// Which kind of record.
        tree: String,
        /// Which one.
        key: String,
        /// What did not fit; never the content.
        reason: String,
    },
    /// Another process has the store open.
    #[error("another wallet is using {0}; quit it first, or use another --home")]
    InUse(PathBuf),
    /// The disk refused.
    #[error("can't {what} {path}: {source}")]
    Disk {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store failed inside.
    #[error("the vault's store failed ({0}); start the wallet again, and restore a backup if it persists")]
    Store(String),
    /// The system has no randomness.
    #[error("the operating system gave no random bytes; nothing was made")]
    Randomness,
    /// A permit came too late.
    #[error("the permit for {server} ended at {at}; the call has to be decided again")]
    PermitExpired {
        /// Where it was for.
        server: ServerName,
        /// When it ended.
        at: Timestamp,
    },
    /// An agent's key was asked for without a permit.
    #[error("an agent's key signs only under a permit")]
    PermitNeeded,
    /// The wallet knows no such server.
    #[error("there is no server {0}; add it first")]
    NoServer(ServerName),
    /// The wallet holds no key for the agent.
    #[error("there is no key for the agent {0}; add the agent again")]
    NoAgentKey(AgentName),
    /// The wallet holds no such key of its own.
    #[error("the wallet has no {0} key yet; set the wallet up first")]
    NoKey(&'static str),
    /// Nobody has logged in, or the login is for something else.
    #[error("log in to {0} first")]
    LoginNeeded(ServerName),
    /// A secret the server needs is not here.
    #[error("{server} needs {what}, which is not in the wallet; enter it again")]
    NoSecret {
        /// For which server.
        server: ServerName,
        /// A header or a variable, by name.
        what: String,
    },
    /// A secret can't be used where it is for.
    #[error("{what} can't be used: {reason}")]
    BadSecret {
        /// A header, a variable, a passphrase.
        what: String,
        /// Why, without its value.
        reason: &'static str,
    },
    /// No passphrase was set for consent.
    #[error("no passphrase is set; set one first")]
    NoPassphrase,
    /// The passphrase is not right.
    #[error("the passphrase is not right")]
    WrongPassphrase,
    /// Too many wrong ones.
    #[error("too many wrong passphrases; try again after {retry_after}")]
    TooManyAttempts {
        /// When the next one is looked at.
        retry_after: Timestamp,
    },
}

impl VaultError {
    /// For a failed file operation.
    pub(crate) fn disk(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Disk { what, path, source }
    }
}
