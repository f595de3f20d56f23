//! Tools the app has seen listed, so that a question can say in words what a call may do.

use domain::{Digest, ServerName, Tool};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The last list of each server.
#[derive(Default)]
pub(crate) struct KnownTools(Mutex<HashMap<ServerName, Vec<Tool>>>);

impl KnownTools {
    /// Remembers a list in place of the server's last one.
    pub(crate) fn learn(&self, server: &ServerName, tools: &[Tool]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(server.clone(), tools.to_vec());
    }

    /// The tool with this name, if the server has listed it.
    pub(crate) fn named(&self, server: &ServerName, name: &str) -> Option<Tool> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(server)?.iter().find(|tool| tool.name == name).cloned()
    }

    /// The tool a human granted: this name with this very definition.
    pub(crate) fn pinned(&self, server: &ServerName, name: &str, definition: Digest) -> Option<Tool> {
        self.named(server, name).filter(|tool| tool.definition == definition)
    }

    /// Whether the server is known to list the tool with another definition, or no longer.
    pub(crate) fn changed(&self, server: &ServerName, name: &str, definition: Digest) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(tools) = known.get(server) else { return false };
        !tools.iter().any(|tool| tool.name == name && tool.definition == definition)
    }
}
