//! How a call can end, for the agent and for the record.

use crate::clean::{self, Clean};
use crate::link::Fault;
use domain::{Denial, Digest, ServerName};
use mcp::era::OpenError;
use mcp::upstream::{Arrival, UpstreamError};
use mcp::{Message, RawId};
use proof::receipt::{Outcome, Shown, Status};
use serde::Deserialize;
use serde_json::json;
use std::fmt::Display;
use vault::Redactor;

/// JSON-RPC code of a refusal: the wallet said no. The reason is in `data.reason`. MCP keeps the range from -32000 to -32099 for
/// itself and for what was there before it.
pub(crate) const REFUSED: i64 = -31003;
/// JSON-RPC code when the server could not be reached or its answer could not be had.
pub(crate) const UPSTREAM: i64 = -31004;

/// Why an agent's request gets no result.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Refused; nothing was sent.
    Denied(Denial),
    /// It did not work.
    Failed { code: i64, sentence: String, reason: &'static str },
    /// The agent took it back: no answer is owed.
    Withdrawn,
    /// The agent has its answer already, in pieces.
    Told,
}

/// What the agent got, or is to get.
pub(crate) enum Said {
    /// A message to be sent.
    Whole(Clean),
    /// A result that went to the agent as it came.
    Poured { digest: Digest, bytes: u64, says_error: bool },
}

/// The server answered, with a result or an error of its own.
pub(crate) struct Answered {
    pub(crate) answer: Said,
    /// What the server was shown, each time.
    pub(crate) proofs: Vec<Shown>,
}

/// How a call ended that got no answer.
pub(crate) enum Cut {
    /// It certainly had no effect.
    NotSent { reason: &'static str, sentence: String },
    /// Nobody knows whether it had its effect.
    Unknown { sentence: String },
    /// The agent took it back.
    Withdrawn,
    /// The human stopped it, or their rules.
    Stopped(Denial),
}

impl Stop {
    /// There is no such method.
    pub(crate) fn unknown_method(method: &str) -> Self {
        let sentence = format!("the wallet does not know the method {method}");
        Self::Failed { code: -32601, sentence, reason: "unknown_method" }
    }

    /// The params are not what the method takes.
    pub(crate) fn invalid(sentence: impl Into<String>) -> Self {
        Self::Failed { code: -32602, sentence: sentence.into(), reason: "invalid_params" }
    }

    /// What the agent is told; nothing when it took the call back.
    pub(crate) fn answer(&self, id: &RawId, redactor: &Redactor) -> Option<Clean> {
        let (code, sentence, reason) = match self {
            Self::Denied(denial) => (REFUSED, denial.sentence(), denial.code()),
            // A server's words may be among these.
            Self::Failed { code, sentence, reason } => (*code, clean::words(redactor, sentence), *reason),
            Self::Withdrawn | Self::Told => return None,
        };
        let mut data = json!({ "reason": reason });
        if let Self::Denied(Denial::TooFast { retry_after, .. }) = self {
            data["retry_after"] = json!(retry_after);
        }
        Some(Clean::refusal(id, code, &sentence, &data))
    }
}

impl Cut {
    /// Something on our side kept it from leaving.
    pub(crate) fn not_sent(why: &impl Display) -> Self {
        Self::NotSent { reason: "not_sent", sentence: format!("Nothing was sent: {why}.") }
    }

    /// The server could not be asked what it has.
    pub(crate) fn unreachable(server: &ServerName, why: &dyn Display) -> Self {
        Self::NotSent { reason: "unreachable", sentence: format!("Nothing was done at {server}: {why}.") }
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

    /// For the record.
    pub(crate) fn outcome(&self) -> Outcome {
        let (status, error) = match self {
            Self::NotSent { reason, .. } => (Status::Failed, Some(*reason)),
            Self::Unknown { .. } => (Status::Unknown, None),
            Self::Withdrawn => (Status::Cancelled, None),
            Self::Stopped(denial) => (Status::Cancelled, Some(denial.code())),
        };
        Outcome { error: error.map(ToOwned::to_owned), ..Outcome::ended(status) }
    }

    /// For the agent.
    pub(crate) fn into_stop(self) -> Stop {
        match self {
            Self::NotSent { reason, sentence } => Stop::Failed { code: UPSTREAM, sentence, reason },
            Self::Unknown { sentence } => {
                Stop::Failed { code: UPSTREAM, sentence, reason: "outcome_unknown" }
            }
            Self::Withdrawn => Stop::Withdrawn,
            Self::Stopped(denial) => Stop::Denied(denial),
        }
    }
}

impl Answered {
    /// For the record.
    pub(crate) fn outcome(&self) -> Outcome {
        let answer = match &self.answer {
            Said::Whole(answer) => answer.message(),
            Said::Poured { digest, bytes, says_error } => {
                return Outcome {
                    digest: Some(*digest),
                    bytes: Some(*bytes),
                    error: says_error.then(|| "tool_error".into()),
                    ..Outcome::ended(if *says_error { Status::Failed } else { Status::Ok })
                };
            }
        };
        let error = match answer.error() {
            Some(error) => Some(error.get("code").map_or_else(|| "error".into(), ToString::to_string)),
            None => says_error(answer).then(|| "tool_error".into()),
        };
        let status = if error.is_some() { Status::Failed } else { Status::Ok };
        Outcome {
            digest: Some(proof::sha256(answer.bytes())),
            bytes: u64::try_from(answer.bytes().len()).ok(),
            error,
            ..Outcome::ended(status)
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
