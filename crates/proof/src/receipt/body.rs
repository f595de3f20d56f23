//! What a receipt tells: who, what, decided how, with which outcome.

use super::Kind;
use domain::{
    AgentName, ApprovalId, CallId, DelegationId, Digest, Peer, ServerName, SessionId, Target, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What happened. Everything but time and kind is there only where it applies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// When.
    pub time: Timestamp,
    /// What.
    pub kind: Kind,
    /// DID of the human it happened for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human: Option<String>,
    /// Which agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentName>,
    /// Over which connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The process at its other end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Peer>,
    /// Which server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerName>,
    /// Under which delegation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<DelegationId>,
    /// Which call: the same in `call.opened` and `call.closed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// What on the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Tool>,
    /// With which arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Arguments>,
    /// Decided how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// What the server was shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proof: Vec<Shown>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// One sentence where the rest doesn't say it all; never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A tool, resource or prompt, with the definition it is pinned to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Tool, resource or prompt, and its name.
    #[serde(flatten)]
    pub target: Target,
    /// The pinned definition, for a tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Digest>,
}

/// Arguments: bound by digest, shown as far as harmless.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arguments {
    /// [`crate::call_digest`].
    pub digest: Digest,
    /// The arguments with secrets struck out and long values shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Value>,
}

/// How it was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Allowed, asked or denied.
    pub outcome: Verdict,
    /// [`domain::Denial::code`], for a denial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What decided: `policy`, `delegation`, `standing` (an earlier yes that still holds), `approval`, `human`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The question the human answered, also for a yes that holds on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalId>,
}

/// The three ends of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may go.
    Allowed,
    /// The human is asked.
    Asked,
    /// It may not.
    Denied,
}

/// One proof the server was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// `kb-jwt`, …
    pub kind: String,
    /// SHA-256 of what was sent.
    pub digest: Digest,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The server's error code, or ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// From sending to the end, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_us: Option<u64>,
    /// SHA-256 of the result as the agent got it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Its length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// With a result.
    Ok,
    /// With an error, the server's or the way's.
    Failed,
    /// Cancelled by agent or human; the server may have done it all the same.
    Cancelled,
    /// Nobody knows whether it happened: the wallet or the connection died in between.
    Unknown,
}

impl Body {
    /// A body with only its kind and time, to be filled in.
    #[must_use]
    pub const fn new(kind: Kind, time: Timestamp) -> Self {
        Self {
            time,
            kind,
            human: None,
            agent: None,
            session: None,
            peer: None,
            server: None,
            delegation: None,
            call: None,
            tool: None,
            arguments: None,
            decision: None,
            proof: Vec::new(),
            outcome: None,
            note: None,
        }
    }

    /// The closing receipt of a call whose end nobody saw.
    #[must_use]
    pub fn unknown_outcome(opened: &Self, now: Timestamp) -> Self {
        Self {
            time: now,
            kind: Kind::CallClosed,
            arguments: None,
            decision: None,
            proof: Vec::new(),
            outcome: Some(Outcome::ended(Status::Unknown)),
            ..opened.clone()
        }
    }
}

impl Outcome {
    /// An end of which nothing more is known.
    #[must_use]
    pub const fn ended(status: Status) -> Self {
        Self { status, error: None, duration_us: None, digest: None, bytes: None }
    }
}
