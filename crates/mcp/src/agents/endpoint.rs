//! The door itself: a port on loopback, its connections bounded in number and in patience.

use super::House;
use super::desk::{Desk, Ends};
use super::legacy::Sessions;
use domain::Origin;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The most connections.
const CONNECTIONS: usize = 256;
/// How long a request's head may take, and a connection may be idle before it: clients keep theirs for about a minute.
const HEAD: Duration = Duration::from_secs(75);
/// The longest head.
const HEAD_BYTES: usize = 32 << 10;
/// How often sessions that nobody uses are looked for.
const SWEEP: Duration = Duration::from_mins(1);

/// A port of this machine that is held for agents.
#[derive(Debug)]
pub struct Doorway {
    v4: TcpListener,
    v6: Option<TcpListener>,
    origin: Origin,
}

/// Why there is no door.
#[derive(Debug, thiserror::Error)]
pub enum DoorwayError {
    /// Another program has the port.
    #[error(
        "port {port} of this machine is in use by another program: end it, or give the wallet another port"
    )]
    InUse {
        /// The port.
        port: u16,
    },
    /// The system refused.
    #[error("the wallet can't listen on this machine: {0}")]
    Io(#[from] std::io::Error),
}

impl Doorway {
    /// Takes a port on loopback; 0 is any that is free.
    ///
    /// # Errors
    /// [`DoorwayError`].
    pub async fn take(port: u16) -> Result<Self, DoorwayError> {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
            let in_use = error.kind() == std::io::ErrorKind::AddrInUse;
            if in_use { DoorwayError::InUse { port } } else { DoorwayError::Io(error) }
        })?;
        let port = v4.local_addr()?.port();
        // The same port by IPv6, where this machine has that and the port is free there.
        let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await.ok();
        Ok(Self { v4, v6, origin: Origin::new(port) })
    }

    /// Where it is.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Lets agents in until `closing` resolves; sessions are ended then.
    pub async fn serve<H: House>(self, house: Arc<H>, closing: impl Future<Output = ()>) {
        let desk = Arc::new(Desk { house, origin: self.origin, sessions: Sessions::default() });
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        let mut closing = pin!(closing);
        let mut sweep = tokio::time::interval(SWEEP);
        let mut connection = 0;
        loop {
            let accepted = tokio::select! {
                () = &mut closing => break,
                _ = sweep.tick() => { desk.sessions.sweep().await; continue }
                Some(_) = connections.join_next() => continue,
                accepted = self.accept() => accepted,
            };
            match accepted {
                Ok((stream, remote)) => {
                    // Who comes when all places are taken is hung up on, at once.
                    let Ok(place) = places.clone().try_acquire_owned() else { continue };
                    let desk = desk.clone();
                    connection += 1;
                    connections.spawn(async move {
                        converse(desk, stream, connection, remote).await;
                        drop(place);
                    });
                }
                // No descriptors left, for instance: it passes, or the log fills slowly.
                Err(error) => {
                    tracing::warn!(%error, "a connection was not taken");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        desk.sessions.close().await;
        connections.shutdown().await;
    }

    async fn accept(&self) -> std::io::Result<(TcpStream, SocketAddr)> {
        match &self.v6 {
            None => self.v4.accept().await,
            Some(v6) => tokio::select! {
                accepted = self.v4.accept() => accepted,
                accepted = v6.accept() => accepted,
            },
        }
    }
}

async fn converse<H: House>(desk: Arc<Desk<H>>, stream: TcpStream, connection: u64, remote: SocketAddr) {
    let Ok(local) = stream.local_addr() else { return };
    let ends = Ends { connection, local, remote };
    // Without it small answers may wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let desk = desk.clone();
        async move { Ok::<_, Infallible>(desk.serve(request, ends).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended");
    }
}
