//! The record: its lines, one receipt in full, and whether all of it is whole.

use super::{Argument, Program};
use domain::{AgentName, DelegationId, ServerName, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A line of the log. A call has one, that of the receipt that closed or denied it; questions about it have none.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its number in the record.
    pub seq: u64,
    /// When.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// What kind of receipt, by its name in the record: `call.closed`, `agent.paused`, …
    pub kind: String,
    /// Who, if an agent did it.
    #[ts(type = "string | null")]
    pub agent: Option<AgentName>,
    /// Where, if a server is concerned.
    #[ts(type = "string | null")]
    pub server: Option<ServerName>,
    /// The tool, prompt or resource, if it is about one.
    pub tool: Option<String>,
    /// Its arguments in one short line, secrets struck out.
    pub gist: String,
    /// Whether the human was asked for this one.
    pub asked: bool,
    /// What came of it.
    pub outcome: Outcome,
    /// How long the server took.
    pub took_us: Option<u64>,
}

/// What came of a call, or of anything else that left a receipt.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "result", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// Sent and answered.
    Allowed,
    /// Sent, and the server answered with an error.
    Failed {
        /// The server's words, or what went wrong on the way.
        why: String,
    },
    /// Not sent.
    Refused {
        /// A stable code.
        code: String,
        /// Why, in words for the human.
        why: String,
    },
    /// Sent, and no answer came: it may have gone through.
    Unknown,
    /// Not a call: something was added, signed, paused, logged in.
    Noted,
}

/// A call as a notch of the tally.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Notch {
    /// Whose.
    #[ts(type = "string")]
    pub agent: AgentName,
    /// When.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// Whether the human was asked.
    pub asked: bool,
    /// Whether it was refused.
    pub refused: bool,
}

/// What of the record is wanted. Absent members filter nothing.
#[derive(Clone, Debug, Default, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[ts(optional_fields)]
pub struct Filter {
    /// Words found anywhere in a receipt.
    pub text: Option<String>,
    /// One agent.
    #[ts(as = "Option<String>")]
    pub agent: Option<AgentName>,
    /// One server.
    #[ts(as = "Option<String>")]
    pub server: Option<ServerName>,
    /// One kind of result.
    pub result: Option<ResultKind>,
    /// Not older than this.
    #[ts(as = "Option<String>")]
    pub since: Option<Timestamp>,
    /// Older than this line, to read on.
    pub before: Option<u64>,
    /// How many at most; 200 if absent, never more than 1,000.
    pub limit: Option<u32>,
}

/// A kind of result to filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ResultKind {
    /// Sent and answered.
    Allowed,
    /// The human was asked, whatever the answer was.
    Asked,
    /// Not sent.
    Refused,
    /// Sent, and the server answered with an error.
    Failed,
    /// Sent, and no answer came.
    Unknown,
}

/// Lines of the log, newest first.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// The lines.
    pub entries: Vec<Entry>,
    /// How many receipts there are in all, unfiltered.
    pub total: u64,
    /// Whether older ones match too.
    pub more: bool,
}

/// One receipt in full.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// As in the log.
    pub entry: Entry,
    /// The arguments as kept, secrets struck out.
    pub arguments: Vec<Argument>,
    /// Digest of the arguments as sent.
    pub arguments_digest: Option<String>,
    /// Digest of the tool's definition.
    pub definition: Option<String>,
    /// The agent's program.
    pub program: Option<Program>,
    /// The delegation that allowed it.
    #[ts(type = "string | null")]
    pub delegation: Option<DelegationId>,
    /// When that was signed.
    #[ts(type = "string | null")]
    pub signed: Option<Timestamp>,
    /// Bytes of the server's answer.
    pub bytes: Option<u64>,
    /// Digest of the server's answer.
    pub answer_digest: Option<String>,
    /// What was checked just now.
    pub checks: Vec<Checked>,
    /// The line before, this one, the line after: each exists or not.
    pub previous: Option<Link>,
    /// This one.
    pub this: Link,
    /// The line after.
    pub next: Option<Link>,
    /// The signed line itself, to be copied or verified elsewhere.
    pub line: String,
}

/// A link of the chain.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Its number.
    pub seq: u64,
    /// SHA-256 of its line, hex.
    pub hash: String,
}

/// One check and how it went.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// What was checked.
    pub check: Check,
    /// Whether it holds.
    pub holds: bool,
}

/// What can be checked about a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Check {
    /// The wallet's receipt key signed it, and nothing was altered.
    Signature,
    /// It holds the hash of the line before it.
    Chain,
    /// A delegation that held then allowed it.
    Delegation,
    /// The server was shown a proof of this call, and this line binds it.
    Proof,
}

/// Whether the whole record is whole.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Whether nothing is missing, altered or out of order.
    pub whole: bool,
    /// How many receipts were read.
    pub receipts: u64,
    /// What is wrong, one sentence each; empty when whole.
    pub faults: Vec<String>,
}
