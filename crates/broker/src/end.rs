//! How a call can end, for the agent and for the record.

use crate::link::Fault;
use domain::{Denial, ServerName};
use mcp::era::OpenError;
use mcp::upstream::{Arrival, UpstreamError};
use mcp::{Message, RawId};
use proof::receipt::{Outcome, Shown, Status};
use serde::Deserialize;
use serde_json::json;
use std::fmt::Display;
use std::time::Duration;
use vault::Redactor;

/// JSON-RPC code of a refusal: the wallet said no. The reason is in `data.reason`.
pub(crate) const REFUSED: i64 = -32003;
/// JSON-RPC code when the server could not be reached or its answer could not be had.
pub(crate) const UPSTREAM: i64 = -32004;

/// Why an agent's request gets no result.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Refused; nothing was sent.
    Denied(Denial),
    /// It did not work.
    Failed { code: i64, sentence: String, reason: &'static str },
    /// The agent took it back: no answer is owed.
    Withdrawn,
}

/// How a call that was cleared ended.
pub(crate) enum End {
    /// The server answered, with a result or an error of its own.
    Answered { answer: Message, proof: Option<Shown> },
    /// It certainly had no effect.
    NotSent { reason: &'static str, sentence: String },
    /// Nobody knows whether it had its effect.
    Unknown { sentence: String },
    /// The agent took it back while it was on its way.
    Withdrawn,
    /// The human stopped it while it was on its way.
    Stopped(Denial),
}

impl Stop {
    /// What the agent is told; nothing when it took the call back.
    pub(crate) fn answer(&self, id: &RawId) -> Option<Message> {
        let (code, sentence, reason) = match self {
            Self::Denied(denial) => (REFUSED, denial.sentence(), denial.code()),
            Self::Failed { code, sentence, reason } => (*code, sentence.clone(), *reason),
            Self::Withdrawn => return None,
        };
        let mut data = json!({ "reason": reason });
        if let Self::Denied(Denial::TooFast { retry_after, .. }) = self {
            data["retry_after"] = json!(retry_after);
        }
        Some(Message::failure(Some(id), code, &sentence, Some(&data)))
    }
}

impl End {
    /// Something on our side kept it from leaving.
    pub(crate) fn not_sent(why: &impl Display) -> Self {
        Self::NotSent { reason: "not_sent", sentence: format!("Nothing was sent: {why}.") }
    }

    /// It left, and its effect is unknown.
    pub(crate) fn unknown(server: &ServerName, why: &dyn Display) -> Self {
        let sentence =
            format!("It was sent to {server}, and {why}: it may have happened. Look before trying again.");
        Self::Unknown { sentence }
    }

    /// What a fault on the way to `server` means for a call.
    pub(crate) fn from_fault(fault: Fault, server: &ServerName) -> Self {
        let nothing = |reason, why: &dyn Display| Self::NotSent {
            reason,
            sentence: format!("Nothing was done at {server}: {why}."),
        };
        match fault {
            Fault::Denied(denial) => Self::Stopped(denial),
            Fault::LoginNeeded => {
                nothing("login_needed", &"the human has to log in to it again, in Countersign")
            }
            Fault::MoreScope { .. } => {
                nothing("insufficient_scope", &format!("{fault}. The human can do that in Countersign"))
            }
            Fault::Login(error) => nothing("insufficient_scope", &error),
            Fault::Open(OpenError::Upstream(error)) => nothing(reason(&error), &error),
            Fault::Open(error) => nothing("not_sent", &error),
            Fault::Vault(error) => nothing("not_sent", &error),
            Fault::Upstream(error) => match error.arrival() {
                Arrival::No => nothing(reason(&error), &error),
                Arrival::Maybe => Self::unknown(server, &error),
            },
        }
    }

    /// The same with every known secret struck out of the answer.
    pub(crate) fn redacted(self, redactor: &Redactor) -> Self {
        match self {
            Self::Answered { answer, proof } => {
                let answer = crate::link::redacted(&answer, redactor);
                Self::Answered { answer, proof }
            }
            end @ (Self::NotSent { .. } | Self::Unknown { .. } | Self::Withdrawn | Self::Stopped(_)) => end,
        }
    }

    /// Whether the server answered with a result that is no error.
    pub(crate) fn is_ok(&self) -> bool {
        self.status() == Status::Ok
    }

    /// What the server was shown.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        match self {
            Self::Answered { proof, .. } => proof.iter().cloned().collect(),
            Self::NotSent { .. } | Self::Unknown { .. } | Self::Withdrawn | Self::Stopped(_) => vec![],
        }
    }

    /// For the record.
    pub(crate) fn outcome(&self, duration: Duration) -> Outcome {
        let duration_us = u64::try_from(duration.as_micros()).ok();
        let ended = Outcome { duration_us, error: self.error(), ..Outcome::ended(self.status()) };
        match self {
            Self::Answered { answer, .. } => Outcome {
                digest: Some(proof::sha256(answer.bytes())),
                bytes: u64::try_from(answer.bytes().len()).ok(),
                ..ended
            },
            Self::NotSent { .. } | Self::Unknown { .. } | Self::Withdrawn | Self::Stopped(_) => ended,
        }
    }

    /// For the agent.
    pub(crate) fn into_answer(self) -> Result<Message, Stop> {
        match self {
            Self::Answered { answer, .. } => Ok(answer),
            Self::NotSent { reason, sentence } => Err(Stop::Failed { code: UPSTREAM, sentence, reason }),
            Self::Unknown { sentence } => {
                Err(Stop::Failed { code: UPSTREAM, sentence, reason: "outcome_unknown" })
            }
            Self::Withdrawn => Err(Stop::Withdrawn),
            Self::Stopped(denial) => Err(Stop::Denied(denial)),
        }
    }

    fn status(&self) -> Status {
        match self {
            Self::Answered { answer, .. } if answer.error().is_some() || says_error(answer) => Status::Failed,
            Self::Answered { .. } => Status::Ok,
            Self::NotSent { .. } => Status::Failed,
            Self::Unknown { .. } => Status::Unknown,
            Self::Withdrawn | Self::Stopped(_) => Status::Cancelled,
        }
    }

    fn error(&self) -> Option<String> {
        match self {
            Self::Answered { answer, .. } => match answer.error() {
                Some(error) => Some(error.get("code").map_or_else(|| "error".into(), ToString::to_string)),
                None => says_error(answer).then(|| "tool_error".into()),
            },
            Self::NotSent { reason, .. } => Some((*reason).to_owned()),
            Self::Stopped(denial) => Some(denial.code().to_owned()),
            Self::Unknown { .. } | Self::Withdrawn => None,
        }
    }
}

/// Whether a result says `isError` (MCP tools, error handling).
fn says_error(answer: &Message) -> bool {
    #[derive(Deserialize)]
    struct Result {
        #[serde(default, rename = "isError")]
        is_error: bool,
    }
    answer.body_as::<Result>().is_ok_and(|result| result.is_error)
}

const fn reason(error: &UpstreamError) -> &'static str {
    if matches!(error, UpstreamError::Unauthorized { .. } | UpstreamError::Forbidden { .. }) {
        "login_needed"
    } else if matches!(error, UpstreamError::NotStarted(_)) {
        "not_started"
    } else {
        "unreachable"
    }
}
