//! A receipt as the ledger gives it out, and the glimpse of it that the index takes.

use crate::LedgerError;
use domain::{AgentName, CallId, DelegationId, Digest, ServerName, Target, Timestamp};
use proof::receipt::{self, Body, Kind, Status, Verdict};
use serde::{Deserialize, Serialize};

/// One receipt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Its number, from 0.
    pub seq: u64,
    /// SHA-256 of its line.
    pub digest: Digest,
    /// What it tells.
    pub body: Body,
}

/// What the index needs of a receipt.
#[derive(Deserialize)]
pub(crate) struct Glimpse {
    pub(crate) seq: u64,
    pub(crate) time: Timestamp,
    pub(crate) kind: Kind,
    pub(crate) agent: Option<AgentName>,
    pub(crate) server: Option<ServerName>,
    pub(crate) delegation: Option<DelegationId>,
    pub(crate) call: Option<CallId>,
    #[serde(rename = "tool")]
    pub(crate) target: Option<Target>,
    #[serde(default, rename = "decision", deserialize_with = "nested")]
    pub(crate) verdict: Option<Verdict>,
    #[serde(default, rename = "outcome", deserialize_with = "nested")]
    pub(crate) status: Option<Status>,
}

/// A line, read only as far as `T` goes.
#[derive(Deserialize)]
pub(crate) struct Line<T> {
    pub(crate) payload: T,
}

/// What links a line to the one before.
#[derive(Deserialize)]
pub(crate) struct Link {
    pub(crate) prev: String,
}

/// The one member of `decision` and of `outcome` that the index needs.
#[derive(Deserialize)]
struct Nested<T> {
    #[serde(alias = "status")]
    outcome: T,
}

impl Entry {
    /// Reads a line of the ledger's own; no signature is verified.
    pub(crate) fn read(line: &[u8]) -> Result<Self, LedgerError> {
        let receipt = receipt::read(line)?;
        Ok(Self { seq: receipt.payload.seq, digest: receipt.digest, body: receipt.payload.body })
    }

    pub(crate) fn glimpse(&self) -> Glimpse {
        let body = &self.body;
        Glimpse {
            seq: self.seq,
            time: body.time,
            kind: body.kind,
            agent: body.agent.clone(),
            server: body.server.clone(),
            delegation: body.delegation.clone(),
            call: body.call.clone(),
            target: body.tool.as_ref().map(|tool| tool.target.clone()),
            verdict: body.decision.as_ref().map(|decision| decision.outcome),
            status: body.outcome.as_ref().map(|outcome| outcome.status),
        }
    }
}

fn nested<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Ok(Option::<Nested<T>>::deserialize(from)?.map(|nested| nested.outcome))
}
