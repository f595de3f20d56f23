//! The stdio shim, `countersign connect`: an agent's MCP client starts it, it copies bytes to the wallet and back.
//!
//! Blocking threads and fixed buffers, no runtime: it is ready in milliseconds and stays small. It reads no message; what
//! may be done is decided in the wallet.

use crate::handshake::{EnrolmentKey, PATIENCE, Refusal, Refused, prove_to_wallet, verdict};
use crate::message::{Message, RawId};
use bytes::Bytes;
use domain::{AgentName, Endpoint};
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const BUFFER: usize = 64 << 10;
/// How long a human may take to answer whether this program may come in.
const VERDICT: Duration = Duration::from_secs(600);
/// How long a refused client is waited for, so that its first request gets an answer.
const FIRST_REQUEST: Duration = Duration::from_secs(2);
/// JSON-RPC's code for the shim's own refusals: outside the ranges that JSON-RPC and MCP reserve.
const NOT_CONNECTED: i64 = -31000;

/// What the shim needs to know.
#[derive(Debug)]
pub struct ShimOptions {
    /// The wallet's socket.
    pub socket: PathBuf,
    /// As which agent.
    pub agent: AgentName,
    /// For which servers.
    pub scope: Endpoint,
    /// The agent's enrolment secret.
    pub key: EnrolmentKey,
}

/// Why the shim ended otherwise than by its client's will.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShimError {
    /// Nothing listens on the socket.
    #[error("Countersign is not running. Start the app, or `countersign serve`, and try again.")]
    NotRunning,
    /// The wallet is locked.
    #[error("Countersign is locked. Unlock it and try again.")]
    Locked,
    /// The wallet refuses the agent.
    #[error("Countersign refuses agent {0}. Is it still enrolled, and did the human accept this program?")]
    Refused(AgentName),
    /// The wallet has too many connections.
    #[error("Countersign has too many open connections. Close some agents and try again.")]
    Busy,
    /// Something else listens on the socket, or the agent was enrolled anew.
    #[error(
        "What listens on Countersign's socket could not prove to be the wallet of agent {0}. Enrol the agent again."
    )]
    NotTheWallet(AgentName),
    /// The wallet went away.
    #[error("Countersign went away. Start it again, then reconnect.")]
    Lost,
}

impl ShimError {
    /// The process exit code: 5 not running, 4 locked, 3 refused.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::NotRunning | Self::Lost => 5,
            Self::Locked => 4,
            Self::Refused(_) | Self::Busy | Self::NotTheWallet(_) => 3,
        }
    }
}

/// Connects standard input and output to the wallet until either side ends. When the wallet can't be had, the client's first
/// request is answered with the reason as a JSON-RPC error. Exit the process afterwards: a thread may still wait for input.
///
/// # Errors
/// [`ShimError`], to be printed to standard error by the caller.
pub fn run(options: ShimOptions) -> Result<(), ShimError> {
    match connect(options) {
        Ok(stream) => copy_both_ways(stream),
        Err(error) => {
            answer_first_request(&error.to_string());
            Err(error)
        }
    }
}

fn connect(options: ShimOptions) -> Result<UnixStream, ShimError> {
    let ShimOptions { socket, agent, scope, key } = options;
    let Ok(stream) = UnixStream::connect(socket) else { return Err(ShimError::NotRunning) };
    introduce(&stream, &agent, &scope, &key).map(|()| stream).map_err(|refused| match refused {
        Refused::ByWallet(Refusal::Locked) => ShimError::Locked,
        Refused::ByWallet(Refusal::Refused) => ShimError::Refused(agent),
        Refused::ByWallet(Refusal::Busy) => ShimError::Busy,
        Refused::NotTheWallet => ShimError::NotTheWallet(agent),
        Refused::Io(_) => ShimError::Lost,
    })
}

fn introduce(
    stream: &UnixStream,
    agent: &AgentName,
    scope: &Endpoint,
    key: &EnrolmentKey,
) -> Result<(), Refused> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    prove_to_wallet(stream, agent, scope, key)?;
    stream.set_read_timeout(Some(VERDICT))?;
    verdict(stream)?;
    stream.set_read_timeout(None)?;
    Ok(stream.set_write_timeout(None)?)
}

fn copy_both_ways(mut stream: UnixStream) -> Result<(), ShimError> {
    let ends = (stream.try_clone(), raw(io::stdin()), raw(io::stdout()));
    let (Ok(mut upward), Ok(mut input), Ok(mut output)) = ends else { return Err(ShimError::Lost) };
    let (client_left, left) = mpsc::channel();
    thread::spawn(move || {
        let _ = copy(&mut input, &mut upward);
        // The receiver is gone only when the process ends.
        let _ = client_left.send(());
        let _ = upward.shutdown(Shutdown::Write);
    });
    let output_broke = copy(&mut stream, &mut output).is_err();
    if output_broke || left.try_recv().is_ok() { Ok(()) } else { Err(ShimError::Lost) }
}

/// The file behind a standard stream, without the buffers and locks of `std`.
fn raw(stream: impl AsFd) -> io::Result<File> {
    stream.as_fd().try_clone_to_owned().map(File::from)
}

/// Copies until the end of input; an error is one of writing.
fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => to.write_all(&buffer[..read])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Ok(()),
        }
    }
}

/// Tells the client why it has no wallet, in its own protocol: as an error that answers its first request, which is waited for
/// two seconds at most. A person at a terminal reads standard error instead.
pub fn answer_first_request(why: &str) {
    if io::stdin().is_terminal() {
        return;
    }
    let (send, first) = mpsc::channel();
    thread::spawn(move || send.send(first_request_id()));
    let id = first.recv_timeout(FIRST_REQUEST).ok().flatten();
    let answer = Message::failure(id.as_ref(), NOT_CONNECTED, why, None);
    let mut out = io::stdout().lock();
    // A client that has gone needs no answer.
    let _ = out.write_all(answer.bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
}

fn first_request_id() -> Option<RawId> {
    let mut line = Vec::new();
    BufReader::new(io::stdin().take(1 << 20)).read_until(b'\n', &mut line).ok()?;
    Message::parse(Bytes::from(line)).ok()?.id().cloned()
}
