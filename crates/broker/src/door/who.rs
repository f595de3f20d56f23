//! The program at the other end: looked at once for each connection, and believed only where it is one program alone.

use crate::held::lock;
use crate::inner::Inner;
use domain::{Peer, Program};
use mcp::agents::Visitor;
use mcp::local::{EvidenceError, Holder};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// So many connections are remembered; one that was forgotten is looked at again.
const REMEMBERED: usize = 512;

/// A process of this user's, and the program it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) pid: u32,
    pub(crate) uid: u32,
    pub(crate) program: Program,
}

/// Who was found at the other end of which connection, and which of them were refused.
#[derive(Default)]
pub(crate) struct Seen {
    who: Mutex<BTreeMap<u64, Arc<Who>>>,
    refused: Mutex<BTreeSet<u64>>,
}

impl Seen {
    /// Whether it is the first time that a connection is refused.
    pub(super) fn refuse(&self, connection: u64) -> bool {
        let mut refused = lock(&self.refused);
        if refused.len() >= REMEMBERED {
            refused.pop_first();
        }
        refused.insert(connection)
    }
}

impl Who {
    /// For the record, and for the session.
    pub(crate) fn peer(&self) -> Peer {
        Peer { pid: self.pid, uid: self.uid, program: self.program.clone(), shim: None }
    }

    /// A connection that several processes hold is one program's only when they all run it; any of them could speak.
    fn of(holders: Vec<Holder>) -> Option<Self> {
        let own = rustix::process::getuid().as_raw();
        let Holder { pid, uid, program } = holders.first()?.clone();
        let same = holders.iter().all(|holder| holder.program == program && holder.uid == own);
        same.then_some(Self { pid, uid, program })
    }
}

impl Inner {
    /// Who is at the other end of a connection, if that can be told.
    pub(super) async fn across(self: &Arc<Self>, visitor: &Visitor) -> Option<Arc<Who>> {
        let known = lock(&self.door.seen.who).get(&visitor.connection).cloned();
        if known.is_some() {
            return known;
        }
        let Visitor { connection, local, remote, .. } = *visitor;
        let inner = self.clone();
        let who = look(move || inner.gate.evidence.across(local, remote)).await?;
        let mut seen = lock(&self.door.seen.who);
        if seen.len() >= REMEMBERED {
            seen.pop_first();
        }
        seen.insert(connection, who.clone());
        Some(who)
    }

    /// Who listens on a port of this machine, if that can be told.
    pub(super) async fn listening(self: &Arc<Self>, port: u16) -> Option<Arc<Who>> {
        let inner = self.clone();
        look(move || inner.gate.evidence.listening(port)).await
    }
}

/// Reads through what the system knows, off the threads that serve.
async fn look(
    look: impl FnOnce() -> Result<Vec<Holder>, EvidenceError> + Send + 'static,
) -> Option<Arc<Who>> {
    match tokio::task::spawn_blocking(look).await.ok()? {
        Ok(holders) => Who::of(holders).map(Arc::new),
        Err(error) => {
            tracing::warn!(%error, "who is at the other end can't be told");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Digest;

    fn holder(pid: u32, content: u8) -> Holder {
        let uid = rustix::process::getuid().as_raw();
        Holder {
            pid,
            uid,
            program: Program { path: "/usr/bin/agent".into(), sha256: Digest::new([content; 32]) },
        }
    }

    #[test]
    fn threat_04_a_connection_that_two_programs_or_another_user_hold_is_nobody_s() {
        assert_eq!(Who::of(vec![holder(1, 1), holder(2, 1)]).unwrap().pid, 1);
        assert_eq!(Who::of(vec![holder(1, 1), holder(2, 2)]), None);
        let stranger = Holder { uid: holder(1, 1).uid + 1, ..holder(1, 1) };
        assert_eq!(Who::of(vec![stranger]), None);
        assert_eq!(Who::of(vec![]), None);
    }
}
