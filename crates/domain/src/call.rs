//! One thing an agent wants from a server.

use crate::{AgentName, CallId, Digest, ServerName, SessionId};
use serde::{Deserialize, Serialize};

/// A call as it is decided: who, where, what, with which arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Unique.
    pub id: CallId,
    /// Who asks.
    pub agent: AgentName,
    /// Over which connection.
    pub session: SessionId,
    /// Which server.
    pub server: ServerName,
    /// What on it.
    pub target: Target,
    /// SHA-256 over JCS of `{name, arguments}` (formats, §3): what an approval is bound to.
    pub digest: Digest,
}

/// What on a server is wanted, by the server's own name for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// Tool, resource or prompt.
    pub kind: TargetKind,
    /// Tool or prompt name, or resource URI.
    pub name: String,
}

/// The three kinds of things a server offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// `tools/call`.
    Tool,
    /// `resources/read` and `resources/subscribe`.
    Resource,
    /// `prompts/get`.
    Prompt,
}

impl Target {
    /// A tool by name.
    pub fn tool(name: impl Into<String>) -> Self {
        Self { kind: TargetKind::Tool, name: name.into() }
    }

    /// A resource by URI.
    pub fn resource(uri: impl Into<String>) -> Self {
        Self { kind: TargetKind::Resource, name: uri.into() }
    }

    /// A prompt by name.
    pub fn prompt(name: impl Into<String>) -> Self {
        Self { kind: TargetKind::Prompt, name: name.into() }
    }
}
