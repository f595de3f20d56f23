//! Who is really at the other end of the local socket, as the operating system tells it.

use crate::Digest;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// An executable file and what was in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Program {
    /// Absolute path, links resolved.
    pub path: PathBuf,
    /// SHA-256 of the file's bytes.
    pub sha256: Digest,
}

/// Evidence about the process that connected: the shim, and the agent that started it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Process id of the agent (the shim's parent), for the human to recognise.
    pub pid: u32,
    /// User id of the connecting process.
    pub uid: u32,
    /// The agent's executable: what the human accepted once, and is asked about again when it differs.
    pub program: Program,
    /// The connecting executable itself, normally the `countersign` shim; none over HTTP, where the agent connects by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shim: Option<Program>,
}
