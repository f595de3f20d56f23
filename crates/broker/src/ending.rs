//! How a wallet is put down, by a lock, a stop or a quit.
//!
//! ```text
//! shut the book ─► withdraw questions ─► cancel calls, wait ─► end sessions, wait ─► wait for refreshes ─► record ─► wipe
//! ```
//! Nothing is decided once the book is shut. The vault stays open until what was under way has told its servers, kept its
//! tokens and written its receipts, for a bounded time; what takes longer is recorded as unknown.

use crate::inner::Inner;
use crate::{BrokerError, Event};
use proof::receipt::Kind;
use std::time::Duration;
use tokio::time::timeout;

/// How long calls may take to end.
const CALLS: Duration = Duration::from_secs(2);
/// How long connections to agents and servers may take to end.
const CONNECTIONS: Duration = Duration::from_secs(2);
/// How long a token endpoint may take to answer: what it has sent and nobody keeps costs the human a login.
const REFRESHES: Duration = Duration::from_secs(10);

impl Inner {
    /// Ends everything and wipes the keys. The caller holds `turning`.
    pub(crate) async fn put_down(&self) {
        let was_open = self.books.read().is_some();
        self.shut_by_human(Some(self.vault.has_passphrase().unwrap_or(false)));
        self.books.shut();
        self.shut_door();
        self.tell(Event::Status);
        self.desk.withdraw_all();
        self.end_sessions().await;
        if timeout(REFRESHES, self.oauth.settled()).await.is_err() {
            tracing::warn!("a login was being renewed and is lost");
        }
        if was_open && let Err(error) = self.record_end().await {
            tracing::warn!(%error, "the end was not recorded");
        }
        self.vault.lock();
        self.tell(Event::Status);
    }

    /// Calls first, so that their agents hear how they ended; then the connections.
    async fn end_sessions(&self) {
        self.sessions.cancel_calls(|_| true);
        let calls = timeout(CALLS, self.sessions.calls_gone()).await;
        self.sessions.end_all();
        let all = timeout(CONNECTIONS, self.sessions.all_gone()).await;
        if calls.is_err() || all.is_err() {
            tracing::warn!("some calls or connections did not end in time");
        }
    }

    async fn record_end(&self) -> Result<(), BrokerError> {
        self.close_unfinished("did not end in time when the wallet was locked")?;
        self.record(Kind::VaultLocked)?;
        self.keep_checkpoint().await
    }
}
