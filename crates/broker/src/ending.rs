//! How a wallet is put down, by a lock, a stop or a quit.
//!
//! ```text
//! shut the book ─► withdraw questions, cancel calls, end sessions ─► wait for them ─► record ─► wipe
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
/// How long a token endpoint may take to answer: what it has sent and nobody keeps costs the human a login.
const REFRESHES: Duration = Duration::from_secs(10);

impl Inner {
    /// Ends everything and wipes the keys. The caller holds `turning`.
    pub(crate) async fn put_down(&self) {
        let was_open = self.books.read().is_some();
        self.shut_by_human(Some(self.vault.has_passphrase().unwrap_or(false)));
        self.books.shut();
        self.tell(Event::Status);
        self.desk.withdraw_all();
        self.sessions.end_all();
        if timeout(CALLS, self.sessions.all_gone()).await.is_err() {
            tracing::warn!("some calls did not end in time");
        }
        if timeout(REFRESHES, self.oauth.settled()).await.is_err() {
            tracing::warn!("a login was being renewed and is lost");
        }
        if was_open && let Err(error) = self.record_end().await {
            tracing::warn!(%error, "the end was not recorded");
        }
        self.vault.lock();
        self.tell(Event::Status);
    }

    async fn record_end(&self) -> Result<(), BrokerError> {
        self.close_unfinished("did not end in time when the wallet was locked")?;
        self.record(Kind::VaultLocked)?;
        self.keep_checkpoint().await
    }
}
