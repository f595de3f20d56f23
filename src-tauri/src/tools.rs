//! What the app has heard from servers it asked: their tools, so that a question can say in words what a call may do, and
//! whether they answered.

use crate::view::{Failure, Status};
use domain::{Digest, ServerName, Tool};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The last answer of each server.
#[derive(Default)]
pub(crate) struct KnownTools(Mutex<HashMap<ServerName, Known>>);

#[derive(Default)]
struct Known {
    /// As listed last; none if it was never listed.
    tools: Option<Vec<Tool>>,
    /// Why it gave no answer the last time.
    failure: Option<Failure>,
}

impl KnownTools {
    /// Remembers an answer in place of the server's last one. Where there was none, the tools listed before stay known.
    pub(crate) fn learn(&self, server: &ServerName, answer: Result<&[Tool], Failure>) {
        let mut known = self.lock();
        let known = known.entry(server.clone()).or_default();
        match answer {
            Ok(tools) => *known = Known { tools: Some(tools.to_vec()), failure: None },
            Err(failure) => known.failure = Some(failure),
        }
    }

    /// Forgets a server.
    pub(crate) fn forget(&self, server: &ServerName) {
        self.lock().remove(server);
    }

    /// How the server did when it was last asked.
    pub(crate) fn status(&self, server: &ServerName) -> Status {
        match self.lock().get(server) {
            None => Status::Unknown,
            Some(Known { failure: Some(why), .. }) => Status::Fails { why: why.clone() },
            Some(_) => Status::Answers,
        }
    }

    /// The tool with this name, if the server has listed it.
    pub(crate) fn named(&self, server: &ServerName, name: &str) -> Option<Tool> {
        let known = self.lock();
        known.get(server)?.tools.as_ref()?.iter().find(|tool| tool.name == name).cloned()
    }

    /// The tool a human granted: this name with this very definition.
    pub(crate) fn pinned(&self, server: &ServerName, name: &str, definition: Digest) -> Option<Tool> {
        self.named(server, name).filter(|tool| tool.definition == definition)
    }

    /// Whether the server is known to list the tool with another definition, or no longer.
    pub(crate) fn changed(&self, server: &ServerName, name: &str, definition: Digest) -> bool {
        let known = self.lock();
        let Some(tools) = known.get(server).and_then(|known| known.tools.as_ref()) else { return false };
        !tools.iter().any(|tool| tool.name == name && tool.definition == definition)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ServerName, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
