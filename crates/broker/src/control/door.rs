//! The wallet's end of the control socket: who may come in, how many, for how long.

use super::wire::{self, Line, Refusal, Said};
use super::{Request, consent::Desk, dispatch};
use crate::Broker;
use rustix::process::geteuid;
use serde_json::Value;
use std::collections::VecDeque;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Connections that have not said yet what they want; beyond it the one that waits longest is ended.
const READERS: usize = 64;
/// Requests under way at once; more are told to come back.
const SEATS: usize = 32;
/// The same for those that take authority away: no flood of other requests may keep a human from revoking.
const EXITS: usize = 256;
/// Pause after a failed `accept` (out of file descriptors), so that it is no busy loop.
const BREATH: Duration = Duration::from_millis(100);

/// Makes the socket, 0600, in place of one a killed wallet left. The caller holds the home's lock, so nobody listens there,
/// and the folder is 0700, so nobody connects before the mode is set.
///
/// # Errors
/// When something that is no socket is in the way, or the folder can't be written.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers requests until dropped; every open connection ends with it.
pub async fn serve(broker: Broker, listener: UnixListener) {
    let desk = Arc::new(Desk::new(broker));
    attend(listener, move |request, caller| {
        let desk = Arc::clone(&desk);
        async move { dispatch::answer(&desk, request, &caller).await }
    })
    .await;
}

/// The other end of one connection, as the one who answers sees it.
pub(super) struct Caller {
    said: mpsc::Sender<Said>,
    gone: CancellationToken,
}

impl Caller {
    /// Tells the human what to do meanwhile. Lost when the caller does not listen, which is the caller's loss.
    pub(super) fn say(&self, said: Said) {
        let _ = self.said.try_send(said);
    }

    /// A way to speak that outlives this borrow.
    pub(super) fn voice(&self) -> mpsc::Sender<Said> {
        self.said.clone()
    }

    /// Ends when the caller hangs up: then nobody waits for the answer.
    pub(super) async fn gone(&self) {
        self.gone.cancelled().await;
    }
}

/// Who may be answered at once.
struct Seats {
    all: Semaphore,
    exits: Semaphore,
}

impl Seats {
    fn take(&self, request: &Request) -> Result<SemaphorePermit<'_>, Refusal> {
        let seats = if matches!(request, Request::Shrink(_)) { &self.exits } else { &self.all };
        seats
            .try_acquire()
            .map_err(|_| Refusal::busy("the wallet answers too many requests; try again in a moment"))
    }
}

/// Accepts, and gives each connection to `answer`.
pub(super) async fn attend<A, F>(listener: UnixListener, answer: A)
where
    A: Fn(Request, Caller) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Value, Refusal>> + Send + 'static,
{
    let seats = Arc::new(Seats { all: Semaphore::new(SEATS), exits: Semaphore::new(EXITS) });
    let mut guests = JoinSet::new();
    let mut readers = VecDeque::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        while guests.try_join_next().is_some() {}
        if !is_same_user(&stream) {
            continue;
        }
        let crowded_out = CancellationToken::new();
        readers.push_back(crowded_out.clone().drop_guard());
        if readers.len() > READERS {
            readers.pop_front();
        }
        let (seats, answer) = (Arc::clone(&seats), answer.clone());
        guests.spawn(async move {
            // A caller that went away is no error of the wallet's.
            let _ = converse(stream, &seats, crowded_out, answer).await;
        });
    }
}

fn is_same_user(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == geteuid().as_raw())
}

async fn converse<A, F>(
    stream: UnixStream,
    seats: &Seats,
    crowded_out: CancellationToken,
    answer: A,
) -> io::Result<()>
where
    A: Fn(Request, Caller) -> F,
    F: Future<Output = Result<Value, Refusal>>,
{
    let (mut read, mut write) = stream.into_split();
    let request = tokio::select! {
        request = wire::read_request(&mut read) => request,
        () = crowded_out.cancelled() => Err(Refusal::busy("others were quicker to say what they want; try again")),
    };
    let seated = request.and_then(|request| seats.take(&request).map(|seat| (request, seat)));
    let (request, _seat) = match seated {
        Ok(seated) => seated,
        Err(refusal) => return wire::write_line(&mut write, &Line::Refused(refusal)).await,
    };
    let (said, mut heard) = mpsc::channel(4);
    let gone = CancellationToken::new();
    let mut outcome = Box::pin(answer(request, Caller { said, gone: gone.clone() }));
    loop {
        tokio::select! {
            biased;
            Some(said) = heard.recv() => {
                if wire::write_line(&mut write, &Line::Said(said)).await.is_err() {
                    gone.cancel();
                }
            }
            _ = read.read_u8(), if !gone.is_cancelled() => gone.cancel(),
            outcome = &mut outcome => {
                while let Ok(said) = heard.try_recv() {
                    wire::write_line(&mut write, &Line::Said(said)).await?;
                }
                let line = outcome.map_or_else(Line::Refused, Line::Done);
                return wire::write_line(&mut write, &line).await;
            }
        }
    }
}
