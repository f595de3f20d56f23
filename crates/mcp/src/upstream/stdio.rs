//! A server as a child process that speaks JSON lines (MCP stdio transport).

mod family;
mod launch;
mod programs;
mod resolve;

pub use family::reap_leftovers;
pub use launch::clean;
pub use programs::programs;
pub use resolve::Resolved;

use super::{Inbox, Incoming, Outgoing, Upstream, UpstreamError, cancelled};
use crate::flow::{FLOWS_FROM, Flow, Pieces, Reply};
use crate::framing::{Line, LineError, LineReader, LineWriter};
use crate::message::{MAX_MESSAGE, Message, RawId};
use async_trait::async_trait;
use bytes::Bytes;
use family::{Family, Mark};
use futures_util::StreamExt as _;
use http::HeaderMap;
use std::collections::VecDeque;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// How many pieces of a large answer may wait to be read.
const PIECES: usize = 4;
/// How much of a child's standard error is kept: its end.
const STDERR_KEPT: usize = 16 << 10;
/// How long a child may take to read what it is sent.
const STUCK: Duration = Duration::from_secs(30);
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
    let mark = Mark::make().map_err(UpstreamError::NotStarted)?;
    command.process_group(0).env(Mark::VARIABLE, mark.as_str());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Command::from(command).spawn().map_err(UpstreamError::NotStarted)?;
    let family = Arc::new(Family::record(child.id().unwrap_or_default(), mark, run_dir));
    let input = tokio::sync::Mutex::new(child.stdin.take().map(LineWriter::new));
    let stderr = Stderr::default();
    let (tell_ended, ended) = watch::channel(false);
    tokio::spawn({
        let (family, stderr) = (Arc::clone(&family), stderr.clone());
        async move {
            let status = run_to_end(child, family, stderr.clone(), &inbox).await;
            let _ = tell_ended.send(true);
            // When nobody listens any more, nobody needs to know.
            let _ =
                inbox.send(Incoming::Closed(UpstreamError::Ended { status, stderr: stderr.text() })).await;
        }
    });
    Ok(StdioUpstream { input, family, stderr, ended })
}

/// Passes on what the child says until it ends, ends what it leaves behind, and gives its exit status.
async fn run_to_end(mut child: Child, family: Arc<Family>, stderr: Stderr, inbox: &Inbox) -> String {
    let mut errors = tokio::spawn(stderr.collect(child.stderr.take()));
    let mut messages = tokio::spawn(read_messages(child.stdout.take(), inbox.clone()));
    tokio::select! {
        // A server that closes its output has nothing more to say, and ends soon or is ended.
        _ = &mut messages => { let _ = timeout(GRACE, child.wait()).await; }
        _ = child.wait() => {}
    }
    // Blocking work of a few milliseconds; a runtime that shuts down has dropped the upstream, and so killed them.
    let _ = spawn_blocking(move || family.kill()).await;
    let status = child.wait().await;
    for task in [&mut messages, &mut errors] {
        // Somebody else may hold the other end of a pipe: then there is nothing to wait for.
        if !task.is_finished() && timeout(GRACE, &mut *task).await.is_err() {
            task.abort();
        }
    }
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}

impl StdioUpstream {
    /// The end of what the child wrote to standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    async fn write(&self, message: Message) -> Result<(), UpstreamError> {
        let mut input = self.input.lock().await;
        let writer = input.as_mut().ok_or(UpstreamError::Closed)?;
        let sent = writer.send(message.into_bytes()).await;
        sent.map_err(|error| UpstreamError::Broke { what: error.to_string() })
    }

    /// Waits until the child has ended and its output is read, or `limit` is over.
    async fn ends_within(&self, limit: Duration) -> bool {
        let mut ended = self.ended.clone();
        timeout(limit, ended.wait_for(|ended| *ended)).await.is_ok()
    }
}

#[async_trait]
impl Upstream for StdioUpstream {
    async fn send(&self, out: Outgoing) -> Result<Option<Reply>, UpstreamError> {
        timeout(STUCK, self.write(out.message)).await.map_err(|_| UpstreamError::Silent(STUCK))??;
        Ok(None)
    }

    async fn cancel(&self, id: &RawId, _: HeaderMap) {
        // A server that can't be told any more has nothing left to cancel.
        let _ = self.send(Outgoing::new(cancelled(id))).await;
    }

    /// Closes the child's standard input; when it does not end, asks it to (`SIGTERM`), and at last kills it and all its
    /// descendants.
    async fn close(&self, _: HeaderMap) {
        let input = timeout(GRACE, self.input.lock()).await;
        drop(input.map(|mut input| input.take()));
        if !self.ends_within(GRACE).await {
            let family = Arc::clone(&self.family);
            let _ = spawn_blocking(move || family.ask()).await;
        }
        if !self.ends_within(GRACE).await {
            let family = Arc::clone(&self.family);
            let _ = spawn_blocking(move || family.kill()).await;
            self.ends_within(GRACE).await;
        }
    }
}

impl Drop for StdioUpstream {
    fn drop(&mut self) {
        self.family.kill();
    }
}

/// Passes on every message until the output ends or nobody listens. Lines that are no message are dropped: servers print.
async fn read_messages(output: Option<ChildStdout>, inbox: Inbox) {
    let Some(output) = output else { return };
    let mut lines = LineReader::new(output, MAX_MESSAGE);
    loop {
        let line = match lines.next_or_begun(FLOWS_FROM).await {
            Ok(Some(Line::Whole(line))) => line,
            Ok(Some(Line::Begun(first))) => match pass_on_large(first, &mut lines, &inbox).await {
                Ok(Some(line)) => line,
                Ok(None) => continue,
                Err(LineError::TooLong { limit }) => {
                    tracing::warn!(limit, "a server wrote a line that is too long; dropped");
                    continue;
                }
                Err(LineError::Io(_)) => return,
            },
            Err(LineError::TooLong { limit }) => {
                tracing::warn!(limit, "a server wrote a line that is too long; dropped");
                continue;
            }
            Ok(None) | Err(LineError::Io(_)) => return,
        };
        match Message::parse(line) {
            Ok(message) => {
                if inbox.send(Incoming::Message { message, during: None }).await.is_err() {
                    return;
                }
            }
            Err(error) => tracing::debug!(%error, "a server wrote a line that is no message; dropped"),
        }
    }
}

/// Passes on a large line as it comes, if it is an answer. Otherwise the line is given once it is whole.
async fn pass_on_large(
    first: Bytes,
    lines: &mut LineReader<ChildStdout>,
    inbox: &Inbox,
) -> Result<Option<Bytes>, LineError> {
    let (tell, pieces) = mpsc::channel(PIECES);
    let pieces: Pieces = futures_util::stream::unfold(pieces, async |mut pieces: mpsc::Receiver<_>| {
        Some((pieces.recv().await?, pieces))
    })
    .boxed();
    match Flow::begin(first, pieces) {
        Ok(Ok(flow)) => {
            // Who is gone has no use for it; the line is read to its end all the same.
            let _ = inbox.send(Incoming::Flow(flow)).await;
            loop {
                match lines.more().await {
                    Ok(Some(piece)) => drop(tell.send(Ok(piece)).await),
                    Ok(None) => return Ok(None),
                    Err(error) => {
                        let _ = tell.send(Err(UpstreamError::Broke { what: error.to_string() })).await;
                        return Err(error);
                    }
                }
            }
        }
        Ok(Err((first, _))) => lines.rest_of(first).await.map(Some),
        Err(error) => {
            tracing::debug!(%error, "a server wrote a line that is no message; dropped");
            while lines.more().await?.is_some() {}
            Ok(None)
        }
    }
}

impl Stderr {
    async fn collect(self, errors: Option<ChildStderr>) {
        let Some(mut errors) = errors else { return };
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
