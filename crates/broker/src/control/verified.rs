//! What verification of the record found, as it crosses the socket and as programs read it.

use crate::{Broker, BrokerError};
use domain::PublicKey;
use ledger::Report;
use serde::{Deserialize, Serialize};

/// Whether a record holds, and against what it was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Whether nothing is wrong.
    pub holds: bool,
    /// How many receipts there are.
    pub receipts: u64,
    /// SHA-256 of the last line, in hexadecimal.
    pub head: String,
    /// How many files.
    pub files: u32,
    /// How many calls were opened and never closed.
    pub unfinished: u64,
    /// `did:key` of the key that signed.
    pub key: String,
    /// Where that key is known from.
    pub trust: Trust,
    /// What is wrong, first things first.
    pub findings: Vec<String>,
    /// How many more findings there are.
    pub more: u64,
}

/// Where the key is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// The unlocked wallet: its own key, and how long the record was when it was last put down.
    Wallet,
    /// The verifier brought it.
    Given,
    /// The record names it itself.
    Record,
}

impl Verified {
    /// A report in these words.
    #[must_use]
    pub fn new(report: &Report, key: &PublicKey, trust: Trust) -> Self {
        Self {
            holds: report.holds(),
            receipts: report.so_far.size,
            head: report.so_far.head.to_hex(),
            files: report.files,
            unfinished: report.unfinished,
            key: proof::did_key(key),
            trust,
            findings: report.findings.iter().map(ToString::to_string).collect(),
            more: report.more,
        }
    }

    pub(super) fn by_wallet(broker: &Broker) -> Result<Self, BrokerError> {
        let key = broker.receipt_key()?;
        let report = tokio::task::block_in_place(|| broker.verify_record())?;
        Ok(Self::new(&report, &key, Trust::Wallet))
    }
}
