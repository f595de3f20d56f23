//! A draft that becomes a delegation when the human signs it.

use domain::{AgentName, ApprovalMode, DelegationId, Digest, ServerName, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the human is about to sign, for one agent and one server.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// Who may.
    #[ts(type = "string")]
    pub agent: AgentName,
    /// Where.
    #[ts(type = "string")]
    pub server: ServerName,
    /// Which tools. With no tool, resource or prompt nothing is granted, and the draft is refused.
    pub tools: Vec<DraftTool>,
    /// Which resources: a URI, or a prefix that ends in `*`.
    #[serde(default)]
    pub resources: Vec<String>,
    /// Which prompts, by the server's name.
    #[serde(default)]
    pub prompts: Vec<String>,
    /// Until when, at most 90 days from now.
    #[ts(type = "string")]
    pub until: Timestamp,
    /// Whether delegations of this agent for this server that hold now end with this one.
    pub replaces: bool,
}

/// One tool in a draft.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DraftTool {
    /// The server's name for it.
    pub name: String,
    /// The definition the human saw in the form; another one is refused.
    #[ts(type = "string")]
    pub definition: Digest,
    /// Whether the human is asked.
    pub approval: Approval,
    /// Calls in all.
    pub calls: Option<u64>,
    /// Calls a minute.
    pub per_minute: Option<u32>,
}

/// When the human is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Approval {
    /// Not asked.
    Never,
    /// On the first call with these arguments.
    Once,
    /// On the first call of a session.
    Session,
    /// For every call.
    Always,
}

impl From<ApprovalMode> for Approval {
    fn from(mode: ApprovalMode) -> Self {
        match mode {
            ApprovalMode::Never => Self::Never,
            ApprovalMode::Once => Self::Once,
            ApprovalMode::Session => Self::Session,
            ApprovalMode::Always => Self::Always,
        }
    }
}

impl From<Approval> for ApprovalMode {
    fn from(approval: Approval) -> Self {
        match approval {
            Approval::Never => Self::Never,
            Approval::Once => Self::Once,
            Approval::Session => Self::Session,
            Approval::Always => Self::Always,
        }
    }
}

/// What came of signing.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Signed {
    /// The new delegation.
    #[ts(type = "string")]
    pub delegation: DelegationId,
    /// How many older ones ended with it.
    pub replaced: u32,
}
