//! The record's files, read without the wallet.

use crate::Failure;
use crate::args::Filters;
use domain::PublicKey;
use proof::receipt::{self, Kind, Receipt, Status, Verdict};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// No line of a record is longer than its files may be.
const MAX_LINE: u64 = 8 * 1024 * 1024 + 1;

/// A record's files, in order: a folder as the wallet keeps it, or one exported file.
pub(super) struct Record {
    files: Vec<PathBuf>,
}

impl Record {
    /// Finds the files at `path`.
    pub(super) fn at(path: &Path) -> Result<Self, Failure> {
        let unreadable = |error| {
            Failure::Failed(format!(
                "there is no record to read at {}: {error}; is --home right?",
                path.display()
            ))
        };
        if path.metadata().map_err(unreadable)?.is_file() {
            return Ok(Self { files: vec![path.to_owned()] });
        }
        let mut files = Vec::new();
        for item in path.read_dir().map_err(unreadable)? {
            let file = item.map_err(unreadable)?.path();
            if file.extension().is_some_and(|extension| extension == "jsonl") {
                files.push(file);
            }
        }
        files.sort();
        Ok(Self { files })
    }

    /// The last `limit` receipts that `wanted` takes. Lines that are none are left to `verify`.
    pub(super) fn last(
        &self,
        limit: usize,
        wanted: impl Fn(&Receipt) -> bool,
    ) -> Result<VecDeque<Receipt>, Failure> {
        let mut kept = VecDeque::new();
        self.each(|receipt| {
            if wanted(&receipt) {
                kept.push_back(receipt);
            }
            if kept.len() > limit {
                kept.pop_front();
            }
            true
        })?;
        Ok(kept)
    }

    /// The key the record itself says it is signed with.
    pub(super) fn own_key(&self) -> Result<Option<PublicKey>, Failure> {
        let mut key = None;
        self.each(|receipt| {
            key = proof::parse_did_key(&receipt.payload.key);
            false
        })?;
        Ok(key)
    }

    /// Calls `each` with every receipt until it says no.
    fn each(&self, mut each: impl FnMut(Receipt) -> bool) -> Result<(), Failure> {
        for file in &self.files {
            let unreadable = |error| {
                Failure::Failed(format!(
                    "can't read {}: {error}; check that it belongs to you",
                    file.display()
                ))
            };
            let mut lines = BufReader::new(File::open(file).map_err(unreadable)?);
            let mut line = Vec::new();
            while lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(unreadable)? > 0 {
                if let Ok(receipt) = receipt::read(line.trim_ascii_end())
                    && !each(receipt)
                {
                    return Ok(());
                }
                line.clear();
            }
        }
        Ok(())
    }
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
