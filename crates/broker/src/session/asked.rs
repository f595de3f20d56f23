//! What servers have asked the agent and wait for: so that each answer goes back to the one who asked, and to nobody else.

use crate::link::Link;
use mcp::{Message, RawId};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use tokio::sync::oneshot;

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
    pub(super) asker: Asker,
    /// The server's own token for its progress, if it wants to hear of that.
    pub(super) token: Option<Value>,
}

/// Who waits for the answer.
pub(super) enum Asker {
    /// The server, by its own id for the question.
    Server(RawId),
    /// A call that its server will have again, with the answer.
    Call(oneshot::Sender<Message>),
}

impl Asked {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

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

    /// The question that is answered now.
    pub(super) fn answered(&mut self, ours: &RawId) -> Option<Question> {
        let at = self.0.iter().position(|known| known.ours == *ours)?;
        self.0.remove(at)
    }

    /// The question that a server takes back, by its own id for it.
    pub(super) fn taken_back(&mut self, link: &Arc<Link>, theirs: &RawId) -> Option<Question> {
        let of = |known: &Question| matches!(&known.asker, Asker::Server(id) if id == theirs);
        let here = |known: &Question| std::ptr::eq(known.link.as_ptr(), Arc::as_ptr(link));
        let at = self.0.iter().position(|known| of(known) && here(known))?;
        self.0.remove(at)
    }

    /// Who wants to hear of a question's progress, and by which token.
    pub(super) fn progress(&self, ours: &RawId) -> Option<(Arc<Link>, Value)> {
        let question = self.0.iter().find(|known| known.ours == *ours)?;
        Some((question.link.upgrade()?, question.token.clone()?))
    }
}
