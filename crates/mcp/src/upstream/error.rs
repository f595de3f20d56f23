//! What can go wrong with a server, told so that the wallet knows whether a call may have had its effect.

use crate::flow::ScanError;
use crate::message::ParseError;
use std::io;
use std::time::Duration;

/// Why a message got no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// No connection.
    #[error("the server can't be reached: {what}")]
    Unreachable {
        /// What the network said.
        what: String,
    },
    /// 401: no credential, or one that holds no longer.
    #[error("the server wants a login")]
    Unauthorized {
        /// The `WWW-Authenticate` challenges.
        www_authenticate: Vec<String>,
    },
    /// 403: the credential is not enough.
    #[error("the server refuses: the login does not reach far enough")]
    Forbidden {
        /// The `WWW-Authenticate` challenges, for a step-up.
        www_authenticate: Vec<String>,
    },
    /// 404 to a session's id (Streamable HTTP, session management): start a new one.
    #[error("the server has ended the session; a new one is needed")]
    SessionLost,
    /// The server points elsewhere; credentials never follow.
    #[error(
        "the server redirects to another address, which is not followed; add that address if it is right"
    )]
    Redirected,
    /// Another HTTP status, without a JSON-RPC error.
    #[error("the server answered with HTTP status {status}")]
    Status {
        /// The status code.
        status: u16,
        /// The start of what it said, for the human.
        body: String,
    },
    /// The answer is no MCP.
    #[error("the server's answer is no MCP message: {0}")]
    Garbage(#[from] ParseError),
    /// Neither JSON nor an event stream.
    #[error("the server answered with {content_type:?}, which is neither JSON nor an event stream")]
    NotMcp {
        /// The content type.
        content_type: String,
    },
    /// The answer is larger than allowed.
    #[error("the server's answer is larger than {limit} bytes")]
    TooLarge {
        /// The largest answer taken.
        limit: usize,
    },
    /// Nothing came for too long.
    #[error("the server said nothing for {0:?}")]
    Silent(Duration),
    /// The connection ended before the answer.
    #[error("the server ended the connection before it answered: {what}")]
    Broke {
        /// What the network said.
        what: String,
    },
    /// The request was accepted, but no answer came with it.
    #[error("the server took the request and gave no answer")]
    NoAnswer,
    /// It was cancelled.
    #[error("the request was cancelled")]
    Cancelled,
    /// The child process ended.
    #[error("the server's process ended ({status})")]
    Ended {
        /// Its exit status, as the system tells it.
        status: String,
        /// The last of what it wrote to standard error, for the human.
        stderr: String,
    },
    /// The child process could not be started.
    #[error("the server's program can't be started: {0}. Is it installed, and is its path right?")]
    NotStarted(io::Error),
    /// The wallet ended the connection.
    #[error("the connection to the server is closed")]
    Closed,
}

impl From<ScanError> for UpstreamError {
    fn from(error: ScanError) -> Self {
        Self::Garbage(ParseError::NotJson { what: error.to_string() })
    }
}

/// Whether a request reached the server, and so whether its effect may have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It certainly had no effect: not delivered, or turned away at the door.
    No,
    /// Unknown: it may have had its effect and must not be repeated.
    Maybe,
}

impl UpstreamError {
    /// Whether the request may have had its effect.
    #[must_use]
    pub const fn arrival(&self) -> Arrival {
        match self {
            Self::Unreachable { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::SessionLost
            | Self::Redirected
            | Self::NotStarted(_)
            | Self::Closed => Arrival::No,
            // Too large a body, too long an address, too long headers: it was turned away unread.
            Self::Status { status: 413 | 414 | 431, .. } => Arrival::No,
            Self::Status { .. }
            | Self::Garbage(_)
            | Self::NotMcp { .. }
            | Self::TooLarge { .. }
            | Self::Silent(_)
            | Self::Broke { .. }
            | Self::NoAnswer
            | Self::Cancelled
            | Self::Ended { .. } => Arrival::Maybe,
        }
    }
}
