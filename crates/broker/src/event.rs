//! What happens in the wallet, told to whoever listens. An event says that something changed; the snapshot says what it is
//! now.

use domain::{AgentName, ApprovalId, CallId, Denial, Question, ServerName, Target, Timestamp};
use serde::Serialize;

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// The wallet was created, locked, unlocked, paused, resumed or stopped: read the status again.
    Status,
    /// Agents were added, changed, connected or disconnected.
    Agents,
    /// Servers, their logins or tools changed.
    Servers,
    /// Delegations changed.
    Delegations,
    /// A question waits for the human.
    Asked {
        /// The question.
        question: Box<Question>,
    },
    /// A question no longer waits.
    Ended {
        /// Which.
        id: ApprovalId,
        /// How.
        how: QuestionEnd,
    },
    /// A call was sent.
    CallOpened {
        /// Which.
        id: CallId,
        /// Whose.
        agent: AgentName,
        /// Where to.
        server: ServerName,
        /// What.
        target: Target,
        /// When.
        time: Timestamp,
    },
    /// A call came to its end.
    CallClosed {
        /// Which.
        id: CallId,
        /// Whose.
        agent: AgentName,
        /// Whether it was answered without an error.
        ok: bool,
    },
    /// A call was refused.
    CallDenied {
        /// Whose.
        agent: AgentName,
        /// Where to.
        server: ServerName,
        /// What.
        target: Target,
        /// Why.
        denial: Denial,
    },
    /// A server no longer takes its login, or wants more than it gives.
    LoginNeeded {
        /// Which.
        server: ServerName,
        /// The scopes it wants besides, when the login holds and does not reach far enough.
        wants: Option<String>,
    },
    /// Something the human should read: a damaged store set aside, an interrupted call found at start.
    Notice {
        /// In one sentence.
        sentence: String,
    },
}

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionEnd {
    /// The human said yes.
    Granted,
    /// The human said no.
    Refused,
    /// Nobody answered in time.
    Expired,
    /// The agent took the call back or went away.
    Withdrawn,
}
