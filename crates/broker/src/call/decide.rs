//! Steps 1 and 2: the facts, and the decision on them.

use super::{Decided, Facts, Known, Trip};
use crate::book::{Book, Signed};
use crate::budget::{Open, Place};
use crate::end::{Cut, Stop};
use crate::link::Fault;
use domain::{DelegationId, Denial, Digest, TargetKind};
use ledger::Line;
use mcp::lists::List;
use mcp::upstream::Arrival;
use policy::{Candidate, Decision, Permit};
use std::sync::Arc;
use std::time::Duration;

/// How long a server may take to be opened and to say what its tools are.
const PATIENCE: Duration = Duration::from_secs(60);

impl Trip<'_> {
    /// 1. What the tool is now, asked of its server. Whoever may not call it is found out before that, and again afterwards.
    pub(super) async fn facts(&self) -> Result<Facts, Stop> {
        let facts = self.unless_halted(self.look()).await.flatten();
        facts.map_err(|cut| self.not_begun(cut))
    }

    pub(super) async fn look(&self) -> Result<Facts, Cut> {
        let inner = &self.session.inner;
        if inner.clock.is_behind() {
            return Err(Cut::Stopped(Denial::ClockBehind));
        }
        let book = inner.books.read().ok_or(Cut::Stopped(Denial::Locked))?;
        let agent = book.agent(&self.call.agent).map_err(|_| Cut::Stopped(Denial::AgentRevoked))?;
        let named = book.of(&agent.name).any(|signed| {
            signed.delegation.grant(&self.call.server).is_some_and(|grant| grant.names(&self.call.target))
        });
        if !named {
            return Ok(Facts { link: None, definition: None });
        }
        let asked = tokio::time::timeout(PATIENCE, self.ask_server()).await;
        asked.unwrap_or_else(|_| {
            Err(Cut::unreachable(&self.call.server, &"it took too long to say what its tools are"))
        })
    }

    async fn ask_server(&self) -> Result<Facts, Cut> {
        let (session, server) = (self.session, &self.call.server);
        match self.call.target.kind {
            TargetKind::Tool => {
                let (link, tools) = session
                    .at(server, |link| session.listed_at(link, List::Tools))
                    .await
                    .map_err(|fault| self.unreached(fault))?;
                Ok(Facts { link: Some(link), definition: tools.definition(&self.call.target.name) })
            }
            TargetKind::Resource | TargetKind::Prompt => {
                let link = session.link(server).await.map_err(|fault| self.unreached(fault))?;
                Ok(Facts { link: Some(link), definition: None })
            }
        }
    }

    /// A fault before the call: nothing was sent, whatever became of the question. The human may have ended the way on purpose.
    fn unreached(&self, fault: Fault) -> Cut {
        let server = &self.call.server;
        if self.session.may_use(server).is_err() {
            return Cut::Stopped(self.why_stopped());
        }
        if let Fault::Upstream(error) = &fault
            && error.arrival() == Arrival::Maybe
        {
            return Cut::unreachable(server, error);
        }
        self.cut(fault)
    }

    /// 2. Allowed, asked or denied by the book as it is now; no rule is a denial. The place in the budget is taken in the same
    ///    breath. A revocation that comes meanwhile is in the book when that is read once more, or else finds the call under
    ///    its delegation and stops it.
    pub(super) fn decide(&self, facts: Facts) -> Result<(Known, Decided), Stop> {
        let books = &self.session.inner.books;
        let mut open = self.session.inner.budget.open();
        let (book, decision) = loop {
            let Some(book) = books.read() else { return Err(Stop::Denied(Denial::Locked)) };
            let decision = self.weigh(&book, facts.definition, &open);
            self.flight.under(delegation(&decision));
            if books.read().is_some_and(|now| Arc::ptr_eq(&now, &book)) {
                break (book, decision);
            }
        };
        let decided = match decision {
            Decision::Allow(permit) => {
                let place = self.take_place(&permit, &mut open);
                Ok(Decided::Allowed(permit, place))
            }
            Decision::Ask(asking) => {
                let place = self.take_place(asking.permit(), &mut open);
                Ok(Decided::Asking(asking, place))
            }
            Decision::Deny(denial) => Err(denial),
        };
        drop(open);
        let decided = decided.map_err(|denial| self.refuse(denial))?;
        Ok((Known { book, facts }, decided))
    }

    fn weigh<'b>(&self, book: &'b Book, definition: Option<Digest>, open: &Open<'_>) -> Decision {
        let Ok(agent) = book.agent(&self.call.agent) else { return Decision::Deny(Denial::AgentRevoked) };
        let candidate = |signed: &'b Arc<Signed>| Candidate {
            delegation: &signed.delegation,
            used: open.used(&self.line(&signed.delegation.id), self.now),
        };
        let candidates: Vec<_> = book.of(&agent.name).map(candidate).collect();
        let facts = policy::Facts {
            call: &self.call,
            agent,
            peer: &self.session.peer,
            all_paused: book.about.paused,
            candidates: &candidates,
            definition,
            standing: &book.standing,
        };
        policy::decide(&facts, self.now)
    }

    fn line(&self, delegation: &DelegationId) -> Line {
        Line {
            delegation: delegation.clone(),
            server: self.call.server.clone(),
            target: self.call.target.clone(),
        }
    }

    fn take_place(&self, permit: &Permit, open: &mut Open<'_>) -> Option<Place> {
        let counted = self.call.target.kind == TargetKind::Tool;
        permit.delegation().filter(|_| counted).map(|delegation| open.take(self.line(delegation)))
    }

    /// Decides once more, to tell the agent which of the human's acts stopped the call. What the tool is has no part in that.
    pub(super) fn why_stopped(&self) -> Denial {
        let Some(book) = self.session.inner.books.read() else { return Denial::Locked };
        match self.weigh(&book, None, &self.session.inner.budget.open()) {
            Decision::Deny(Denial::ToolGone) | Decision::Allow(_) | Decision::Ask(_) => Denial::HumanDenied,
            Decision::Deny(denial) => denial,
        }
    }
}

fn delegation(decision: &Decision) -> Option<&DelegationId> {
    match decision {
        Decision::Allow(permit) => permit.delegation(),
        Decision::Ask(asking) => asking.permit().delegation(),
        Decision::Deny(_) => None,
    }
}
