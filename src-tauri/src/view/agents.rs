//! Agents, what they may do, and how much of it is left.

use super::{Approval, Entry, Notch, Risk};
use domain::{AgentName, AgentState, DelegationId, DelegationState, ServerName, Timestamp};
use serde::Serialize;
use ts_rs::TS;

/// An agent in a list. Whether it works or waits is told by the calls under way and the questions.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// Its name.
    #[ts(type = "string")]
    pub name: AgentName,
    /// Where it stands.
    #[ts(type = "\"pending\" | \"enrolled\" | \"paused\" | \"revoked\"")]
    pub state: AgentState,
    /// How many connections it has open.
    pub sessions: u32,
    /// How many of its delegations hold now.
    pub delegations: u32,
    /// Its last call.
    #[ts(type = "string | null")]
    pub last_call: Option<Timestamp>,
}

/// An executable, as the operating system tells it.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Program {
    /// Absolute path.
    pub path: String,
    /// `sha-256:…` of its bytes.
    pub sha256: String,
    /// The process, if it runs.
    pub pid: Option<u32>,
}

/// Everything about one agent.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AgentDetail {
    /// As in the list.
    pub agent: Agent,
    /// `did:key` of its holder key.
    pub did: String,
    /// Programs the human accepted for it.
    pub programs: Vec<Program>,
    /// What it may do, server by server; those that hold first, then ended ones of the last days.
    pub grants: Vec<Grant>,
    /// Today's figures.
    pub today: Today,
    /// Today's calls, oldest first.
    pub notches: Vec<Notch>,
    /// Its last calls, newest first.
    pub last: Vec<Entry>,
    /// How a client is pointed at the wallet for it.
    pub enrolment: Enrolment,
}

/// What a client needs to be this agent. No secret: the shim reads its own from a file only this account can read.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Enrolment {
    /// The agent.
    pub agent: Agent,
    /// The program a client starts: an absolute path.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Where a client that logs in by itself finds the wallet over HTTP; none while it can't.
    pub endpoint: Option<String>,
}

/// What one delegation allows on one server.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The delegation.
    #[ts(type = "string")]
    pub delegation: DelegationId,
    /// Where it stands.
    #[ts(type = "\"not_yet\" | \"active\" | \"expired\" | \"revoked\" | \"spent\"")]
    pub state: DelegationState,
    /// On which server.
    #[ts(type = "string")]
    pub server: ServerName,
    /// Tools.
    pub tools: Vec<GrantedTool>,
    /// Resources by URI or prefix.
    pub resources: Vec<String>,
    /// Prompts by name.
    pub prompts: Vec<String>,
    /// When it was signed.
    #[ts(type = "string")]
    pub signed: Timestamp,
    /// Until when.
    #[ts(type = "string")]
    pub until: Timestamp,
}

/// One granted tool and its budget.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct GrantedTool {
    /// The server's name for it.
    pub name: String,
    /// A title for people, as the server gave it, or the name.
    pub title: String,
    /// What calling it may do.
    pub risk: Risk,
    /// Whether the human is asked.
    pub approval: Approval,
    /// Calls in all, if limited.
    pub calls: Option<u64>,
    /// Calls so far.
    pub used: u64,
    /// Calls a minute, if limited.
    pub per_minute: Option<u32>,
    /// Calls within the last minute.
    pub used_this_minute: u32,
    /// Whether the server changed it since: it is refused until signed anew.
    pub changed: bool,
}

/// Figures of one day, by the human's calendar.
#[derive(Clone, Copy, Debug, Default, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Today {
    /// Calls, refused ones too.
    pub calls: u32,
    /// How many of them asked the human.
    pub asked: u32,
    /// How many were refused.
    pub refused: u32,
    /// Half of the answered ones took no longer.
    pub median_ms: Option<u32>,
}
