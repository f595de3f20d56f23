//! Lines on the control socket: bounded, timed, and gone from memory afterwards.

use super::Request;
use crate::{BrokerError, Gauges, Status, Unlocking};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use url::Url;
use zeroize::Zeroizing;

/// The longest request: a delegation of a thousand tools fits.
pub(super) const MAX_REQUEST: usize = 256 * 1024;
/// How long a connection may take to say what it wants, and to take an answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The wallet's status, and how a human can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Presence {
    /// The wallet as a whole.
    pub status: Status,
    /// Whether the app's windows ask the human. Without, the passphrase is wanted.
    pub windows: bool,
    /// What unlocking takes, while it is locked.
    pub unlock: Unlocking,
    /// How much there is of everything; all zero from a wallet that does not say.
    #[serde(default)]
    pub gauges: Gauges,
}

/// One line of the wallet's answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// The human has something to do meanwhile; more lines follow.
    Said(Said),
    /// Done: the last line.
    Done(Value),
    /// Not done: the last line.
    Refused(Refusal),
}

/// What the human has to do before the wallet can go on.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Open this page and log in.
    Visit(Url),
    /// Answer the question in the app's window.
    Confirm,
}

/// Why the wallet did not do it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{sentence}")]
pub struct Refusal {
    /// The command's exit code.
    pub exit: u8,
    /// What happened, and what to do.
    pub sentence: String,
}

impl Refusal {
    /// The request itself was not one; nothing was looked at or changed.
    pub(super) fn malformed(sentence: impl Into<String>) -> Self {
        Self { exit: 2, sentence: sentence.into() }
    }

    /// The wallet could not, for now.
    pub(super) fn busy(sentence: impl Into<String>) -> Self {
        Self { exit: 1, sentence: sentence.into() }
    }
}

impl From<BrokerError> for Refusal {
    fn from(error: BrokerError) -> Self {
        Self { exit: error.exit_code(), sentence: error.to_string() }
    }
}

/// Reads the one request of a connection.
///
/// # Errors
/// A [`Refusal`] that says what is wrong with it. Nothing of what was sent is repeated there: it may hold a passphrase.
pub(super) async fn read_request(read: &mut (impl AsyncRead + Unpin)) -> Result<Request, Refusal> {
    let mut buffer = Zeroizing::new(vec![0; MAX_REQUEST]);
    let line = timeout(PATIENCE, read_line(read, &mut buffer))
        .await
        .map_err(|_| Refusal::malformed("no request came within 10 s; send one JSON line"))??;
    serde_json::from_slice(line).map_err(|error| {
        let (column, kind) = (error.column(), error.classify());
        Refusal::malformed(format!(
            "not a request this version ({}) knows: {kind:?} error at column {column}; use the `countersign` of the \
             same version",
            env!("CARGO_PKG_VERSION")
        ))
    })
}

async fn read_line<'a>(
    read: &mut (impl AsyncRead + Unpin),
    buffer: &'a mut [u8],
) -> Result<&'a [u8], Refusal> {
    let mut filled = 0;
    while filled < buffer.len() {
        let count = read.read(&mut buffer[filled..]).await.unwrap_or(0);
        if count == 0 {
            return Err(Refusal::malformed(
                "the connection ended before its request did; send one JSON line",
            ));
        }
        let end = buffer[filled..filled + count].iter().position(|byte| *byte == b'\n');
        filled += count;
        if let Some(end) = end {
            let end = filled - count + end;
            return Ok(&buffer[..end]);
        }
    }
    Err(Refusal::malformed(format!("the request is longer than {MAX_REQUEST} bytes; split it")))
}

/// Writes one line of the answer. A reader that does not read loses the connection, never the wallet's time.
pub(super) async fn write_line(write: &mut (impl AsyncWrite + Unpin), line: &Line) -> std::io::Result<()> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    timeout(PATIENCE, write.write_all(&bytes)).await?
}
