//! A world to try the wallet in: an authorization server and a protected MCP server on loopback.
//!
//! Everything lives in memory and ends with [`Playground::stop`] or when the [`Playground`] is dropped. The login is
//! real OAuth (discovery, registration, PKCE, rotation, revocation), the tools are small and some are rude on purpose:
//! one fails, one is slow, one hands the caller's own token back. What it does *not* do: keep anybody out. Whoever can
//! open its consent page can log in, so it holds nothing worth having.

mod gate;
mod issuer;
mod workshop;

use axum::Router;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

pub use issuer::Counts;

/// How long open streams may take to end once the playground stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// How the playground behaves.
#[derive(Clone, Debug)]
pub struct PlaygroundOptions {
    /// The loopback port; 0 takes a free one.
    pub port: u16,
    /// Consent without a page to click: for the demo and for tests.
    pub auto_approve: bool,
    /// How long an access token holds. A few seconds make refreshing visible.
    pub access_token_lifetime: Duration,
}

impl Default for PlaygroundOptions {
    fn default() -> Self {
        Self { port: 0, auto_approve: false, access_token_lifetime: Duration::from_secs(600) }
    }
}

/// Why the playground did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaygroundError {
    /// The port can't be had.
    #[error(
        "the playground can't listen on 127.0.0.1:{port}: {source}; choose another port, or 0 for a free one"
    )]
    Listen {
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
}

/// A running playground.
#[derive(Debug)]
pub struct Playground {
    /// The protected MCP endpoint, Streamable HTTP.
    pub mcp_url: Url,
    /// The authorization server's identifier (RFC 8414 §2), to be compared byte for byte.
    pub issuer: String,
    desk: Arc<issuer::Desk>,
    end: CancellationToken,
    served: JoinHandle<()>,
}

/// Starts a playground on loopback.
///
/// # Errors
/// [`PlaygroundError::Listen`] when the port is taken.
pub async fn start(options: PlaygroundOptions) -> Result<Playground, PlaygroundError> {
    let port = options.port;
    let listen = |source| PlaygroundError::Listen { port, source };
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.map_err(listen)?;
    let issuer = format!("http://{}", listener.local_addr().map_err(listen)?);
    let mcp_url = Url::parse(&format!("{issuer}/mcp")).map_err(|error| listen(io::Error::other(error)))?;

    let end = CancellationToken::new();
    let desk = Arc::new(issuer::Desk::new(issuer.clone(), mcp_url.to_string(), &options));
    let served = tokio::spawn(serve(listener, router(&desk, &end), end.clone()));
    Ok(Playground { mcp_url, issuer, desk, end, served })
}

impl Playground {
    /// What the authorization server has been asked so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.desk.counts()
    }

    /// Ends every session and frees the port.
    pub async fn stop(mut self) {
        self.end.cancel();
        if tokio::time::timeout(FAREWELL, &mut self.served).await.is_err() {
            self.served.abort();
        }
    }
}

impl Drop for Playground {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

fn router(desk: &Arc<issuer::Desk>, end: &CancellationToken) -> Router {
    let protected = Router::new()
        .fallback_service(workshop::service(end.child_token()))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(desk), gate::token_required));
    Router::new()
        .nest("/mcp", protected)
        .merge(issuer::router(Arc::clone(desk)))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(desk), gate::own_host_only))
}

async fn serve(listener: TcpListener, router: Router, end: CancellationToken) {
    let served = axum::serve(listener, router).with_graceful_shutdown(end.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::warn!(%error, "the playground stopped");
    }
}
