//! A server as a child process that speaks JSON lines (MCP stdio transport).

mod family;
mod launch;

pub use family::reap_leftovers;
pub use launch::clean;

use super::{Inbox, Incoming, Outgoing, Upstream, UpstreamError, cancelled};
use crate::framing::{LineError, LineReader, LineWriter};
use crate::message::{MAX_MESSAGE, Message, RawId};
use async_trait::async_trait;
use family::Family;
use http::HeaderMap;
use std::collections::VecDeque;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;

/// How much of a child's standard error is kept: its end.
const STDERR_KEPT: usize = 16 << 10;
/// How long a child may take to end by itself, and again after being asked to.
const GRACE: Duration = Duration::from_secs(2);

/// A running child. Dropping it kills it with all its descendants; [`Upstream::close`] ends it in good order.
#[derive(Debug)]
pub struct StdioUpstream {
    input: tokio::sync::Mutex<Option<LineWriter<ChildStdin>>>,
    family: Arc<Family>,
    stderr: Stderr,
    ended: watch::Receiver<bool>,
}

/// The end of what the child wrote to standard error.
#[derive(Clone, Debug, Default)]
struct Stderr(Arc<Mutex<VecDeque<u8>>>);

/// Starts `command` (see [`clean`]) in a process group of its own. `run_dir` holds a record of it while it runs, for
/// [`reap_leftovers`]. Call inside a Tokio runtime.
///
/// # Errors
/// [`UpstreamError::NotStarted`].
pub fn spawn(
    mut command: std::process::Command,
    run_dir: PathBuf,
    inbox: Inbox,
) -> Result<StdioUpstream, UpstreamError> {
    command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Command::from(command).spawn().map_err(UpstreamError::NotStarted)?;
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let family = Arc::new(Family::record(child.id().unwrap_or_default(), run_dir));
    let stderr = Stderr::default();
    let (tell_ended, ended) = watch::channel(false);
    if let Some(errors) = errors {
        tokio::spawn(stderr.clone().collect(errors));
    }
    let status = tokio::spawn(wait(child, Arc::clone(&family)));
    if let Some(output) = output {
        let stderr = stderr.clone();
        tokio::spawn(async move {
            read_messages(output, &inbox).await;
            let status = status.await.unwrap_or_else(|_| "unknown".into());
            let _ = tell_ended.send(true);
            let ended = UpstreamError::Ended { status, stderr: stderr.text() };
            // Nobody listens any more: nobody needs to know.
            let _ = inbox.send(Incoming::Closed(ended)).await;
        });
    }
    let input = tokio::sync::Mutex::new(input.map(LineWriter::new));
    Ok(StdioUpstream { input, family, stderr, ended })
}

impl StdioUpstream {
    /// The end of what the child wrote to standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits until the child has ended and its output is read, or `limit` is over.
    async fn ends_within(&self, limit: Duration) -> bool {
        let mut ended = self.ended.clone();
        tokio::time::timeout(limit, ended.wait_for(|ended| *ended)).await.is_ok()
    }
}

#[async_trait]
impl Upstream for StdioUpstream {
    async fn send(&self, out: Outgoing) -> Result<(), UpstreamError> {
        let mut input = self.input.lock().await;
        let writer = input.as_mut().ok_or(UpstreamError::Closed)?;
        let sent = writer.send(out.message.into_bytes()).await;
        sent.map_err(|error| UpstreamError::Broke { what: error.to_string() })
    }

    async fn cancel(&self, id: &RawId, _: HeaderMap) {
        // A server that can't be told any more has nothing left to cancel.
        let _ = self.send(Outgoing::new(cancelled(id))).await;
    }

    /// Closes the child's standard input; when it does not end, asks it to (`SIGTERM`), and at last kills it and all its
    /// descendants.
    async fn close(&self, _: HeaderMap) {
        let input = tokio::time::timeout(GRACE, self.input.lock()).await;
        drop(input.map(|mut input| input.take()));
        if !self.ends_within(GRACE).await {
            self.family.ask();
            self.ends_within(GRACE).await;
        }
        self.family.kill();
        self.ends_within(GRACE).await;
    }
}

impl Drop for StdioUpstream {
    fn drop(&mut self) {
        self.family.kill();
    }
}

/// Waits for the child and ends what it leaves behind, so that its output ends too.
async fn wait(mut child: Child, family: Arc<Family>) -> String {
    let status = child.wait().await;
    family.kill();
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}

/// Passes on every message until the output ends or nobody listens. Lines that are no message are dropped: servers print.
async fn read_messages(output: ChildStdout, inbox: &Inbox) {
    let mut lines = LineReader::new(output, MAX_MESSAGE);
    loop {
        let line = match lines.next().await {
            Ok(Some(line)) => line,
            Err(LineError::TooLong { limit }) => {
                tracing::warn!(limit, "a server wrote a line that is too long; dropped");
                continue;
            }
            Ok(None) | Err(LineError::Io(_)) => return,
        };
        match Message::parse(line) {
            Ok(message) => {
                if inbox.send(Incoming::Message(message)).await.is_err() {
                    return;
                }
            }
            Err(error) => tracing::debug!(%error, "a server wrote a line that is no message; dropped"),
        }
    }
}

impl Stderr {
    async fn collect(self, mut errors: ChildStderr) {
        let mut chunk = [0; 4096];
        while let Ok(read @ 1..) = errors.read(&mut chunk).await {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend(&chunk[..read]);
            let excess = kept.len().saturating_sub(STDERR_KEPT);
            kept.drain(..excess);
        }
    }

    fn text(&self) -> String {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(kept.make_contiguous()).into_owned()
    }
}
