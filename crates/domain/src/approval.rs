//! A question for the human, and the answer.

use crate::{
    AgentName, ApprovalId, ApprovalMode, DelegationId, Digest, Endpoint, Peer, Program, ServerName,
    SessionId, Target, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A question that only a human may answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Unique.
    pub id: ApprovalId,
    /// What it is about.
    pub subject: Subject,
    /// When it was asked.
    pub asked: Timestamp,
    /// When it ends without being answered, and nothing is sent.
    pub expires: Timestamp,
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[expect(clippy::large_enum_variant, reason = "few questions exist at once, and most are about calls")]
pub enum Subject {
    /// May this call be sent, exactly as shown?
    Call {
        /// Who asks.
        agent: AgentName,
        /// Over which connection.
        session: SessionId,
        /// Its process.
        peer: Peer,
        /// Where to.
        server: ServerName,
        /// What.
        target: Target,
        /// The tool's definition, as pinned.
        definition: Option<Digest>,
        /// Under which delegation.
        delegation: DelegationId,
        /// What the delegation says about asking: how far a yes may reach depends on it.
        approval: ApprovalMode,
        /// Every argument, as it will be sent.
        arguments: Value,
        /// What the answer is bound to.
        digest: Digest,
    },
    /// Is this program the agent it says it is?
    Connect {
        /// Who it says it is.
        agent: AgentName,
        /// Its process.
        peer: Peer,
        /// Whether the agent is already known with another program.
        changed: bool,
    },
    /// May this program, which listens for the answer, come in over HTTP as this agent?
    Authorize {
        /// The agent it would be.
        agent: AgentName,
        /// What that agent is so far.
        becomes: Becomes,
        /// What the client calls itself: foreign text, and no proof of anything.
        client: String,
        /// The address of the client's own document, if that is how it is known.
        document: Option<String>,
        /// Where the answer goes.
        redirect: String,
        /// Which endpoint it would reach.
        endpoint: Endpoint,
        /// The process that listens where the answer goes.
        pid: u32,
        /// What that process runs.
        program: Program,
    },
    /// May this command, typed somewhere in this account, change what agents may do?
    Confirm {
        /// The change as one sentence.
        sentence: String,
        /// What exactly, line by line.
        details: Vec<String>,
    },
}

/// What an agent is to the wallet, before the human says that a client is it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Becomes {
    /// There is none of that name: it would be made.
    New,
    /// The human has named it, and accepted no program for it yet.
    First,
    /// It is known, with this very program.
    Known,
    /// It is known, and this program would be one more of its own.
    Another,
}

/// The human's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Answer {
    /// Yes, as far as `reach` says.
    Allow {
        /// How far the yes reaches.
        reach: Reach,
    },
    /// No.
    Deny,
}

/// How far a yes reaches. Every reach is bound to agent, server, tool definition and delegation, and every one but
/// [`Reach::Tool`] to the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reach")]
pub enum Reach {
    /// This call.
    Once,
    /// The same call again, over this connection.
    Session,
    /// The tool, with any arguments, over this connection. Only where the delegation asks once a session.
    Tool,
    /// The same call again, until then.
    Until {
        /// Exclusive.
        until: Timestamp,
    },
    /// The same call again, as long as the delegation holds.
    Always,
}

impl Reach {
    /// Whether a yes to a call may reach so far under a delegation that asks so.
    #[must_use]
    pub const fn fits(self, approval: ApprovalMode) -> bool {
        !matches!(self, Self::Tool) || matches!(approval, ApprovalMode::Session)
    }
}

impl Question {
    /// Whether a yes to it may reach so far: the tool as a whole only where the delegation asks once a session.
    #[must_use]
    pub const fn may_reach(&self, reach: Reach) -> bool {
        match &self.subject {
            Subject::Call { approval, .. } => reach.fits(*approval),
            Subject::Connect { .. } | Subject::Authorize { .. } | Subject::Confirm { .. } => {
                !matches!(reach, Reach::Tool)
            }
        }
    }
}

/// A yes that still holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The question it answered.
    pub approval: ApprovalId,
    /// For whom.
    pub agent: AgentName,
    /// Where.
    pub server: ServerName,
    /// What.
    pub target: Target,
    /// With which definition.
    pub definition: Option<Digest>,
    /// With which arguments; `None` is "any", which only [`Reach::Tool`] gives.
    pub digest: Option<Digest>,
    /// Under which delegation.
    pub delegation: DelegationId,
    /// Over which connection, if only over one.
    pub session: Option<SessionId>,
    /// Until when, exclusive.
    pub until: Option<Timestamp>,
}
