//! How far the record has come, kept in the vault, where who cuts the record's tail can't reach: while the wallet works, and
//! when it is locked. Compared when it is unlocked; what does not fit is never overwritten.

use crate::inner::Inner;
use crate::{Broker, BrokerError};
use proof::receipt::Checkpoint;
use std::sync::{Arc, Weak};
use std::time::Duration;
use vault::{KeyName, Records};

/// How long receipts may be without a checkpoint over them.
const OFTEN: Duration = Duration::from_secs(2);
/// The newest.
const LATEST: &str = "latest";
/// The one that the record did not fit: proof of what was cut or rewritten.
const CONTESTED: &str = "contested";

impl Inner {
    /// Keeps how far the record has come, once the disk has all of it: a power cut must not look like a cut tail.
    pub(crate) async fn keep_checkpoint(&self) -> Result<(), BrokerError> {
        let _one_at_a_time = self.keeping.lock().await;
        let reached = self.ledger.checkpoint();
        let Some(last) = reached.size.checked_sub(1) else { return Ok(()) };
        self.ledger.durable(last).await.map_err(storage)?;
        let signer = self.vault.signer(&KeyName::Receipt)?;
        let signed = reached.sign(&signer).map_err(storage)?;
        let text = String::from_utf8_lossy(&signed).into_owned();
        Ok(tokio::task::block_in_place(|| self.checkpoints().put(LATEST, &text))?)
    }

    /// Compares the record with the newest checkpoint. One that does not fit is put aside for good, and the owner is told.
    pub(crate) fn compare_record(&self) -> Result<(), BrokerError> {
        if let Some(kept) = self.checkpoints().get(LATEST)?
            && !self.ledger.holds(&self.read_checkpoint(&kept)?).map_err(storage)?
            && self.checkpoints().get(CONTESTED)?.is_none()
        {
            self.checkpoints().put(CONTESTED, &kept)?;
        }
        if let Some(contested) = self.checkpoints().get(CONTESTED)? {
            self.notice(format!(
                "The record was cut or rewritten while the wallet did not look: the first {} receipts are not what they were. \
                 `countersign audit verify` tells more.",
                self.read_checkpoint(&contested)?.size
            ));
        }
        Ok(())
    }

    /// What the record is held against: the checkpoint it once did not fit, else the newest.
    pub(crate) fn known_checkpoint(&self) -> Result<Option<Checkpoint>, BrokerError> {
        let contested = self.checkpoints().get(CONTESTED)?;
        let kept = if contested.is_some() { contested } else { self.checkpoints().get(LATEST)? };
        kept.map(|kept| self.read_checkpoint(&kept)).transpose()
    }

    fn read_checkpoint(&self, kept: &str) -> Result<Checkpoint, BrokerError> {
        let key = self.vault.public_key(&KeyName::Receipt)?.ok_or(BrokerError::NoWallet)?;
        Checkpoint::verify(kept.as_bytes(), &key).map_err(storage)
    }

    fn checkpoints(&self) -> Records<String> {
        self.vault.records("checkpoint")
    }
}

/// Keeps checkpoints until the wallet closes.
pub(crate) fn keep(broker: &Broker) {
    let (inner, closing) = (Arc::downgrade(&broker.0), broker.0.closing.clone());
    tokio::spawn(async move { closing.run_until_cancelled(keep_on(inner)).await });
}

async fn keep_on(inner: Weak<Inner>) {
    let mut kept = 0;
    loop {
        tokio::time::sleep(OFTEN).await;
        let Some(inner) = inner.upgrade() else { return };
        let reached = inner.ledger.checkpoint().size;
        if reached == kept || inner.books.read().is_none() {
            continue;
        }
        match inner.keep_checkpoint().await {
            Ok(()) => kept = reached,
            Err(error) => tracing::warn!(%error, "how far the record has come was not kept"),
        }
    }
}

fn storage(error: impl std::fmt::Display) -> BrokerError {
    BrokerError::Storage(error.to_string())
}
