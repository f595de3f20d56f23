//! The approval window: one question, and the answers it may be given.

use super::{Approval, Program, Risk};
use domain::{AgentName, ApprovalId, Digest, ServerName, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A question for the human.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// Unique.
    #[ts(type = "string")]
    pub id: ApprovalId,
    /// What it is about.
    pub subject: Subject,
    /// When it was asked.
    #[ts(type = "string")]
    pub asked: Timestamp,
    /// When it ends, and nothing is sent.
    #[ts(type = "string")]
    pub expires: Timestamp,
}

/// What a question is about.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Subject {
    /// May this call be sent, exactly as shown?
    Call {
        /// Who asks.
        #[ts(type = "string")]
        agent: AgentName,
        /// Its process.
        program: Program,
        /// Whether it is the one the human accepted.
        standpoint: Standpoint,
        /// Where to.
        #[ts(type = "string")]
        server: ServerName,
        /// The server's name for the tool, prompt or resource.
        tool: String,
        /// A title for people, as the server gave it, or the name.
        title: String,
        /// What calling it may do.
        risk: Risk,
        /// What the delegation says about asking.
        approval: Approval,
        /// Every argument, in the order it will be sent.
        arguments: Vec<Argument>,
        /// How many bytes they are.
        bytes: u32,
        /// When a call of this tool was last approved by itself, if ever; `was` in the arguments compares with it.
        #[ts(type = "string | null")]
        approved_before: Option<Timestamp>,
        /// Until when the delegation holds: as long as "always" reaches.
        #[ts(type = "string")]
        until: Timestamp,
        /// What the answer is bound to.
        #[ts(type = "string")]
        digest: Digest,
    },
    /// Is this program the agent it says it is?
    Connect {
        /// Who it says it is.
        #[ts(type = "string")]
        agent: AgentName,
        /// Its process.
        program: Program,
        /// What the human accepted for this agent before; empty the first time.
        known: Vec<Program>,
    },
    /// May this program, which waits for the answer, come in over HTTP as this agent?
    Authorize {
        /// The agent it would be.
        #[ts(type = "string")]
        agent: AgentName,
        /// What that agent is so far.
        becomes: Becomes,
        /// What the client calls itself: foreign text, and no proof of anything.
        client: String,
        /// The address of the client's own document, if that is how it is known.
        document: Option<String>,
        /// Where the answer goes.
        redirect: String,
        /// The path of the endpoint it would reach.
        endpoint: String,
        /// The process that listens where the answer goes.
        program: Program,
        /// What the human accepted for this agent before.
        known: Vec<Program>,
    },
    /// May this command, typed somewhere in this account, change what agents may do?
    Confirm {
        /// The change as one sentence.
        sentence: String,
        /// What exactly, line by line.
        details: Vec<String>,
    },
}

/// What an agent is, before the human says that a client is it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
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

/// How the program that asks stands to the ones accepted for its agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Standpoint {
    /// The same path and the same bytes.
    Same,
    /// Another one, or other bytes.
    Changed,
}

/// One argument.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its value: a string as it is, anything else as JSON.
    pub value: String,
    /// What it was, as kept, in the last call of this tool that was approved by itself, if it differs.
    pub was: Option<String>,
}

/// The human's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "answer", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Answer {
    /// Yes; for a connection or a confirmation always [`Reach::Once`].
    Allow {
        /// How far.
        reach: Reach,
    },
    /// No.
    Deny {
        /// Whether the agent is paused as well.
        pause: bool,
    },
}

/// How far a yes reaches, always bound to agent, server and tool definition, and but for [`Reach::Tool`] to the exact
/// arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Reach {
    /// This call.
    Once,
    /// The same call again, over this connection.
    Session,
    /// The tool with any arguments, over this connection; only where the delegation asks once a session.
    Tool,
    /// The same call again, for an hour from the answer.
    Hour,
    /// The same call again, as long as the delegation holds.
    Always,
}
