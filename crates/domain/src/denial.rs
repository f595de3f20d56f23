//! Why a call was refused: a code for machines, a sentence for people.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a call was refused. The agent is told [`Denial::sentence`]; the ledger keeps [`Denial::code`] too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Denial {
    /// No delegation of this agent names the target: listed or not, granted is what counts.
    NotGranted,
    /// The delegation's time has not come.
    NotYet {
        /// From when it holds.
        from: Timestamp,
    },
    /// The delegation's time is over.
    Expired,
    /// The human took the delegation back.
    Revoked,
    /// The agent is paused.
    AgentPaused,
    /// The agent is revoked.
    AgentRevoked,
    /// No human has accepted this program for the agent yet.
    AgentUnknown,
    /// Everything is paused.
    AllPaused,
    /// The tool is not what the human saw when granting it.
    ToolChanged,
    /// The server no longer lists the tool.
    ToolGone,
    /// The server's program is not the one the human added.
    ServerChanged,
    /// The arguments are outside what was granted.
    ArgumentsOutside,
    /// The budget of calls is used up.
    CallsSpent {
        /// How many there were.
        limit: u64,
    },
    /// Too many calls in one minute.
    TooFast {
        /// How many a minute may have.
        limit: u32,
        /// When the next one may go.
        retry_after: Timestamp,
    },
    /// The human said no.
    HumanDenied,
    /// Nobody answered in time.
    Unanswered,
    /// Too many questions of this agent wait already.
    TooManyQuestions,
    /// The wallet is locked.
    Locked,
    /// The record can't be written, so nothing is sent.
    LedgerUnavailable,
    /// The machine's clock stands before the newest receipt.
    ClockBehind,
}

impl Denial {
    /// A stable code for receipts, filters and exit codes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotGranted => "not_granted",
            Self::NotYet { .. } => "not_yet",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::AgentPaused => "agent_paused",
            Self::AgentRevoked => "agent_revoked",
            Self::AgentUnknown => "agent_unknown",
            Self::AllPaused => "all_paused",
            Self::ToolChanged => "tool_changed",
            Self::ToolGone => "tool_gone",
            Self::ServerChanged => "server_changed",
            Self::ArgumentsOutside => "arguments_outside",
            Self::CallsSpent { .. } => "calls_spent",
            Self::TooFast { .. } => "too_fast",
            Self::HumanDenied => "human_denied",
            Self::Unanswered => "unanswered",
            Self::TooManyQuestions => "too_many_questions",
            Self::Locked => "locked",
            Self::LedgerUnavailable => "ledger_unavailable",
            Self::ClockBehind => "clock_behind",
        }
    }

    /// One sentence for the agent and the human: what, and what can be done.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::NotGranted => "Refused: not granted to this agent. The human can grant it in Countersign.".into(),
            Self::NotYet { from } => format!("Refused: the delegation holds from {from}."),
            Self::Expired => "Refused: the delegation has expired. Ask the human for a new one.".into(),
            Self::Revoked => "Refused: the human has revoked the delegation.".into(),
            Self::AgentPaused => "Refused: the human has paused this agent.".into(),
            Self::AgentRevoked => "Refused: the human has revoked this agent.".into(),
            Self::AgentUnknown => "Refused: the human has not accepted this program for the agent.".into(),
            Self::AllPaused => "Refused: the human has paused all agents.".into(),
            Self::ToolChanged => "Refused: the tool has changed since it was granted. The human can look at the change in Countersign.".into(),
            Self::ToolGone => "Refused: the server no longer offers this tool.".into(),
            Self::ServerChanged => {
                "Refused: the server's program has changed since it was added, so it was not started. The human can remove it and add it again."
                    .into()
            }
            Self::ArgumentsOutside => "Refused: the arguments are outside what was granted; see the tool's schema.".into(),
            Self::CallsSpent { limit } => format!("Refused: {limit} of {limit} calls used."),
            Self::TooFast { limit, retry_after } => {
                format!("Refused: {limit} calls a minute are granted; try again after {retry_after}.")
            }
            Self::HumanDenied => "Refused: the human said no.".into(),
            Self::Unanswered => "Refused: nobody answered in time, and nothing was sent. Try again when the human is there.".into(),
            Self::TooManyQuestions => "Refused: too many questions wait for the human already.".into(),
            Self::Locked => "Refused: the wallet is locked. The human can unlock it.".into(),
            Self::LedgerUnavailable => {
                "Refused: the wallet can't write its record, so nothing was sent. Is the disk full or read-only?".into()
            }
            Self::ClockBehind => {
                "Refused: this machine's clock stands before the wallet's newest receipt. The human can set the clock right; if it was \
                 once set ahead by mistake, the wallet's known issues say what to do."
                    .into()
            }
        }
    }
}

impl std::fmt::Display for Denial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl std::error::Error for Denial {}
