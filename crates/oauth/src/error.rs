//! What can go wrong on the way to a login: who failed, and what to do next. Never holds a code or a token.

use crate::place::Refused;
use domain::ServerName;
use std::sync::Arc;
use vault::VaultError;

/// Longest text of a stranger that is repeated.
const LONGEST: usize = 200;

/// Why there is no login, or no fresh token.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OAuthError {
    /// The human must log in: never did, logged out, or the login was refused or ended.
    #[error("log in to {0} again")]
    LoginNeeded(ServerName),
    /// The server takes no OAuth login.
    #[error("{0} is not set up for an OAuth login; add it again with its URL")]
    NotOAuth(ServerName),
    /// A login is under way.
    #[error("a login to {0} is open already; finish it in the browser, or cancel it first")]
    LoginRunning(ServerName),
    /// The human did not finish.
    #[error("the login was not finished within {minutes} minutes; start it again")]
    TimedOut {
        /// How long the wallet waited.
        minutes: u64,
    },
    /// No browser.
    #[error("no browser could be opened: {0}; install xdg-utils and a browser, or set a default one")]
    Browser(String),
    /// The loopback port.
    #[error("the wallet can't listen on 127.0.0.1:{port}: {reason}; free the port or choose another")]
    Listen {
        /// 0 if any would have done.
        port: u16,
        /// What the system said.
        reason: String,
    },
    /// The authorization server, or the human at it, said no.
    #[error("{issuer} refused the login: {said}")]
    Denied {
        /// Who.
        issuer: String,
        /// Error code and description.
        said: String,
    },
    /// Where the server led was not followed.
    #[error("the server led to {url}, which is not followed: {reason}")]
    Refused {
        /// Where to.
        url: String,
        /// Why not.
        reason: Refused,
    },
    /// No connection, or too slow.
    #[error("{host} could not be reached: {reason}; check the connection and try again")]
    Unreachable {
        /// Who.
        host: String,
        /// What happened.
        reason: String,
    },
    /// An answer that does not fit.
    #[error("{host} gave an answer that does not fit: {reason}; tell its owner")]
    BadAnswer {
        /// Who.
        host: String,
        /// What does not fit.
        reason: String,
    },
    /// Nothing says where to log in.
    #[error("{0} does not say where to log in; it may want a fixed header instead")]
    NoMetadata(ServerName),
    /// The metadata is about another resource.
    #[error("{server} says its tokens are for {resource}, which it is not; nothing was sent")]
    OtherResource {
        /// Who.
        server: ServerName,
        /// For what.
        resource: String,
    },
    /// RFC 8414 §3.3.
    #[error("the metadata of {expected} says it is {found}; nothing was sent")]
    IssuerMismatch {
        /// Whose it should be.
        expected: String,
        /// Whose it says it is.
        found: String,
    },
    /// RFC 9207: the answer came from somewhere else.
    #[error("the login at {expected} was answered by {found}; the code was thrown away")]
    MixUp {
        /// Where the human was sent.
        expected: String,
        /// Who answered; "nobody" if it did not say although it must.
        found: String,
    },
    /// No PKCE with S256.
    #[error("{issuer} does not protect logins with PKCE (S256); the wallet does not log in there")]
    NoPkce {
        /// Who.
        issuer: String,
    },
    /// No way to become known there.
    #[error(
        "{issuer} lets no program register itself; register one there, then run \
         `countersign login {server} --client-id ID` with the id it was given"
    )]
    ClientNeeded {
        /// Who.
        issuer: String,
        /// The server whose login it is.
        server: ServerName,
    },
    /// The server wants scopes that a login just now did not give.
    #[error("{server} wants the scopes {scopes:?}, which its login does not give; ask its owner for them")]
    ScopeNotGranted {
        /// Who.
        server: ServerName,
        /// What for.
        scopes: String,
    },
    /// The vault.
    #[error(transparent)]
    Vault(Arc<VaultError>),
}

impl OAuthError {
    pub(crate) fn bad_answer(host: impl Into<String>, reason: impl AsRef<str>) -> Self {
        Self::BadAnswer { host: host.into(), reason: tidy(reason.as_ref()) }
    }

    pub(crate) fn refused(url: &str, reason: Refused) -> Self {
        Self::Refused { url: tidy(url), reason }
    }
}

impl From<VaultError> for OAuthError {
    fn from(error: VaultError) -> Self {
        Self::Vault(Arc::new(error))
    }
}

/// A stranger's text, made fit to repeat: short, one line, no control characters or invisible marks.
pub(crate) fn tidy(text: &str) -> String {
    let visible = |c: &char| matches!(c, ' '..='~') || c.is_alphanumeric();
    text.chars().filter(visible).take(LONGEST).collect()
}
