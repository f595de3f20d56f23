//! The command line's end of the control socket. Blocking and small: a command has nothing else to do meanwhile.

use super::wire::{Line, MAX_REQUEST, Refusal, Said};
use super::{Look, Presence, Request};
use crate::Home;
use rustix::net::sockopt::socket_peercred;
use rustix::process::geteuid;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;
use zeroize::Zeroizing;

/// The longest answer taken.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;
/// A wallet that is well takes a request at once.
const SENDING: Duration = Duration::from_secs(10);
/// A human answers within five minutes, or the wallet says that nobody did.
const PATIENCE: Duration = Duration::from_secs(330);

/// Speaks to the wallet that runs on a home.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
}

/// Why a request did not come to an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nothing listens.
    #[error("Countersign is not running here; start the app, or run `countersign serve`")]
    NotRunning,
    /// The wallet said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The connection failed.
    #[error(
        "lost the connection to the wallet at {socket}: {source}; see whether it still runs with `countersign status`"
    )]
    Lost {
        /// Where.
        socket: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The other end is not this user's wallet, or another version of it.
    #[error("what answers at {socket} is not this version of Countersign ({what}); restart the wallet")]
    Foreign {
        /// Where.
        socket: PathBuf,
        /// What was wrong.
        what: String,
    },
}

impl Client {
    /// For the wallet of `home`. Connects at each request.
    #[must_use]
    pub fn at(home: &Home) -> Self {
        Self { socket: home.control_socket() }
    }

    /// The wallet's status, and how its human can be asked.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn presence(&self) -> Result<Presence, ClientError> {
        self.ask(&Request::Look(Look::Status), |_| ())
    }

    /// Asks, and tells `heard` what the human has to do meanwhile.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn ask<T: DeserializeOwned>(
        &self,
        request: &Request,
        heard: impl FnMut(Said),
    ) -> Result<T, ClientError> {
        let stream = self.connect()?;
        self.send(&stream, request)?;
        let answer = self.listen(&stream, heard)?;
        serde_json::from_value(answer).map_err(|error| self.foreign(error.to_string()))
    }

    fn connect(&self) -> Result<UnixStream, ClientError> {
        let stream = UnixStream::connect(&self.socket).map_err(|error| self.unreachable(error))?;
        let peer = socket_peercred(&stream).map_err(|error| self.lost(error.into()))?;
        if peer.uid != geteuid() {
            return Err(self.foreign("it belongs to another user".into()));
        }
        let timed =
            stream.set_write_timeout(Some(SENDING)).and_then(|()| stream.set_read_timeout(Some(PATIENCE)));
        timed.map_err(|error| self.lost(error))?;
        Ok(stream)
    }

    /// The line is built in one zeroised buffer that never grows: a secret leaves no copy behind.
    fn send(&self, mut stream: &UnixStream, request: &Request) -> Result<(), ClientError> {
        let mut line = Zeroizing::new(vec![0; MAX_REQUEST]);
        let mut rest = &mut line[..];
        let written = serde_json::to_writer(&mut rest, request).is_ok() && rest.write_all(b"\n").is_ok();
        let left = rest.len();
        if !written {
            return Err(Refusal::malformed("the request is too long for the wallet; split it").into());
        }
        stream.write_all(&line[..MAX_REQUEST - left]).map_err(|error| self.lost(error))
    }

    fn listen(&self, stream: &UnixStream, mut heard: impl FnMut(Said)) -> Result<Value, ClientError> {
        let mut lines = BufReader::new(stream.take(MAX_ANSWER));
        let mut line = Vec::new();
        loop {
            line.clear();
            let count = lines.read_until(b'\n', &mut line).map_err(|error| self.lost(error))?;
            if count == 0 {
                return Err(self.lost(ErrorKind::UnexpectedEof.into()));
            }
            match serde_json::from_slice(&line).map_err(|error| self.foreign(error.to_string()))? {
                Line::Said(said) => heard(said),
                Line::Done(value) => return Ok(value),
                Line::Refused(refusal) => return Err(refusal.into()),
            }
        }
    }

    fn unreachable(&self, error: io::Error) -> ClientError {
        let nobody = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused);
        if nobody { ClientError::NotRunning } else { self.lost(error) }
    }

    fn lost(&self, source: io::Error) -> ClientError {
        ClientError::Lost { socket: self.socket.clone(), source }
    }

    fn foreign(&self, what: String) -> ClientError {
        ClientError::Foreign { socket: self.socket.clone(), what }
    }
}
