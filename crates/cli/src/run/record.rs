//! The record's files, read without the wallet.

use crate::Failure;
use crate::args::Filters;
use domain::PublicKey;
use proof::receipt::{Kind, Receipt, Status, Verdict};
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::Path;

/// The last `limit` receipts at `path` that `wanted` takes, the oldest first. Lines that are none are left to `verify`.
pub(super) fn last(
    path: &Path,
    limit: usize,
    wanted: impl Fn(&Receipt) -> bool,
) -> Result<VecDeque<Receipt>, Failure> {
    let mut kept = VecDeque::new();
    each(path, |receipt| {
        if wanted(&receipt) {
            kept.push_back(receipt);
        }
        if kept.len() > limit {
            kept.pop_front();
        }
        ControlFlow::Continue(())
    })?;
    Ok(kept)
}

/// The key the record at `path` itself says it is signed with.
pub(super) fn own_key(path: &Path) -> Result<Option<PublicKey>, Failure> {
    let mut key = None;
    each(path, |receipt| {
        key = proof::parse_did_key(&receipt.payload.key);
        ControlFlow::Break(())
    })?;
    Ok(key)
}

fn each(path: &Path, each: impl FnMut(Receipt) -> ControlFlow<()>) -> Result<(), Failure> {
    path.metadata().map_err(|error| {
        Failure::Failed(format!(
            "there is no record to read at {}: {error}; is --home right?",
            path.display()
        ))
    })?;
    Ok(ledger::each_receipt(path, each)?)
}

impl Filters {
    /// Whether a receipt is among what was asked for.
    pub(super) fn take(&self, receipt: &Receipt) -> bool {
        let body = &receipt.payload.body;
        self.agent.as_ref().is_none_or(|agent| body.agent.as_ref() == Some(agent))
            && self.server.as_ref().is_none_or(|server| body.server.as_ref() == Some(server))
            && self.kind.as_ref().is_none_or(|kind| kind == body.kind.as_str() || kind == body.kind.subject())
            && self.outcome.as_ref().is_none_or(|outcome| Some(outcome.as_str()) == outcome_word(receipt))
            && self.text.as_ref().is_none_or(|text| mentions(receipt, text))
    }

    /// Refuses a kind that does not exist, so that a slip of the finger is no empty list.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let Some(kind) = &self.kind else { return Ok(()) };
        if Kind::ALL.iter().any(|known| known.as_str() == kind || known.subject() == kind) {
            return Ok(());
        }
        let known = Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
        Err(Failure::Usage(format!("there is no kind {kind:?}; there are {known}")))
    }
}

/// How it ended, or else how it was decided, in one word.
pub(super) fn outcome_word(receipt: &Receipt) -> Option<&'static str> {
    let body = &receipt.payload.body;
    let ended = body.outcome.as_ref().map(|outcome| match outcome.status {
        Status::Ok => "ok",
        Status::Failed => "failed",
        Status::Cancelled => "cancelled",
        Status::Unknown => "unknown",
    });
    ended.or_else(|| {
        body.decision.as_ref().map(|decision| match decision.outcome {
            Verdict::Allowed => "allowed",
            Verdict::Asked => "asked",
            Verdict::Denied => "denied",
        })
    })
}

fn mentions(receipt: &Receipt, text: &str) -> bool {
    let written = serde_json::to_string(&receipt.payload.body).unwrap_or_default();
    written.to_lowercase().contains(&text.to_lowercase())
}
