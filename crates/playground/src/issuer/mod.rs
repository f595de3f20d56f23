//! The authorization server: OAuth 2.1 as MCP asks for it, for public clients, in memory.

mod authorize;
mod metadata;
mod page;
mod refusal;
mod register;
mod store;
mod token;

use crate::PlaygroundOptions;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use store::Store;

pub use store::Counts;

/// Requests to the authorization server are small.
const BODY_LIMIT: usize = 64 * 1024;
/// The one scope there is to grant.
const SCOPE: &str = "tools";
/// Asked for by a client that wants a refresh token.
const OFFLINE: &str = "offline_access";

/// The authorization server's desk: who it is, what it guards, what it remembers.
#[derive(Debug)]
pub(crate) struct Desk {
    issuer: String,
    resource: String,
    auto_approve: bool,
    access_token_lifetime: Duration,
    store: Mutex<Store>,
}

impl Desk {
    pub(crate) fn new(issuer: String, resource: String, options: &PlaygroundOptions) -> Self {
        Self {
            issuer,
            resource,
            auto_approve: options.auto_approve,
            access_token_lifetime: options.access_token_lifetime,
            store: Mutex::default(),
        }
    }

    /// Whether `token` opens the MCP endpoint at `now`.
    pub(crate) fn admits(&self, token: &str, now: Instant) -> bool {
        self.store().admits(token, &self.resource, now)
    }

    /// `WWW-Authenticate` for a request without a usable token.
    pub(crate) fn challenge(&self) -> String {
        format!(r#"Bearer resource_metadata="{}{}", scope="{SCOPE}""#, self.issuer, metadata::RESOURCE_PATH)
    }

    pub(crate) fn is_own_host(&self, host: &str) -> bool {
        self.is_own_origin(&format!("http://{host}"))
    }

    pub(crate) fn is_own_origin(&self, origin: &str) -> bool {
        origin == self.issuer || origin.replacen("//localhost:", "//127.0.0.1:", 1) == self.issuer
    }

    pub(crate) fn counts(&self) -> Counts {
        self.store().counts
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The routes of the authorization server and of both metadata documents.
pub(crate) fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route(metadata::RESOURCE_PATH, get(metadata::resource))
        .route(metadata::ISSUER_PATH, get(metadata::issuer))
        .route("/register", post(register::register))
        .route("/authorize", get(authorize::ask).post(authorize::answer))
        .route("/token", post(token::token))
        .route("/revoke", post(token::revoke))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(desk)
}
