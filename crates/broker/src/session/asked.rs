//! What servers have asked the agent and wait for: so that each answer goes back to the one who asked, and to nobody else.

use crate::link::Link;
use mcp::RawId;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};

/// How many questions of one server may wait. Of more, the oldest are forgotten.
const PER_SERVER: usize = 64;

/// The questions that wait, the oldest first.
#[derive(Default)]
pub(super) struct Asked(VecDeque<Question>);

/// One question.
pub(super) struct Question {
    /// The id under which the agent has it; the token of its progress as well.
    pub(super) ours: RawId,
    pub(super) link: Weak<Link>,
    /// The server's own id for it.
    pub(super) theirs: RawId,
    /// The server's own token for its progress, if it wants to hear of that.
    pub(super) token: Option<Value>,
}

impl Asked {
    /// Notes a question. When too many of that server wait, its oldest is given back.
    pub(super) fn add(&mut self, question: Question) -> Option<Question> {
        self.0.retain(|known| known.link.strong_count() > 0);
        let same = |known: &Question| known.link.ptr_eq(&question.link);
        let full = self.0.iter().filter(|known| same(known)).count() >= PER_SERVER;
        let oldest = self.0.iter().position(same).filter(|_| full);
        let forgotten = oldest.and_then(|at| self.0.remove(at));
        self.0.push_back(question);
        forgotten
    }

    /// The question that is answered now: who asked, and under which id.
    pub(super) fn answered(&mut self, ours: &RawId) -> Option<(Arc<Link>, RawId)> {
        let at = self.0.iter().position(|known| known.ours == *ours)?;
        let question = self.0.remove(at)?;
        Some((question.link.upgrade()?, question.theirs))
    }

    /// Who wants to hear of a question's progress, and by which token.
    pub(super) fn progress(&self, ours: &RawId) -> Option<(Arc<Link>, Value)> {
        let question = self.0.iter().find(|known| known.ours == *ours)?;
        Some((question.link.upgrade()?, question.token.clone()?))
    }
}
