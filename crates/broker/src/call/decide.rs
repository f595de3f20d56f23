//! Steps 1 and 2: the facts, and the decision on them.

use super::{Decided, Known, Trip};
use crate::book::Signed;
use crate::budget::{Open, Place};
use crate::end::Stop;
use domain::{Denial, TargetKind};
use ledger::Line;
use policy::{Candidate, Decision, Facts, Permit};
use std::sync::Arc;

impl Trip<'_> {
    /// 1. Who calls, under which delegations, what the tool is now.
    pub(super) async fn facts(&self) -> Result<Known, Stop> {
        let inner = &self.session.inner;
        if inner.clock.is_behind() {
            return Err(self.refuse(Denial::ClockBehind));
        }
        let Some(book) = inner.books.read() else { return Err(Stop::Denied(Denial::Locked)) };
        let Ok(agent) = book.agent(&self.call.agent).cloned() else {
            return Err(self.refuse(Denial::AgentRevoked));
        };
        let named = book.of(&agent.name).any(|signed| {
            signed.delegation.grant(&self.call.server).is_some_and(|grant| grant.names(&self.call.target))
        });
        if !named {
            return Ok(Known { book, agent, link: None, definition: None });
        }
        let link = self.session.link(&self.call.server).await.map_err(|fault| self.not_reached(fault))?;
        let definition = match self.call.target.kind {
            TargetKind::Tool => {
                let tools = self.session.tools(&link).await.map_err(|fault| self.not_reached(fault))?;
                tools.definition(&self.call.target.name)
            }
            TargetKind::Resource | TargetKind::Prompt => None,
        };
        Ok(Known { book, agent, link: Some(link), definition })
    }

    /// 2. Allowed, asked or denied; no rule is a denial. The place in the budget is taken in the same breath.
    pub(super) fn decide(&self, known: &Known) -> Result<Decided, Stop> {
        let budget = &self.session.inner.budget;
        let mut open = budget.open();
        let decision = self.weigh(known, &open);
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
        decided.map_err(|denial| self.refuse(denial))
    }

    pub(super) fn weigh<'b>(&self, known: &'b Known, open: &Open<'_>) -> Decision {
        let candidate = |signed: &'b Arc<Signed>| Candidate {
            delegation: &signed.delegation,
            used: open.used(&self.line(&signed.delegation.id), self.now),
        };
        let candidates: Vec<_> = known.book.of(&known.agent.name).map(candidate).collect();
        let facts = Facts {
            call: &self.call,
            agent: &known.agent,
            peer: &self.session.peer,
            all_paused: known.book.about.paused,
            candidates: &candidates,
            definition: known.definition,
            standing: &known.book.standing,
        };
        policy::decide(&facts, self.now)
    }

    fn line(&self, delegation: &domain::DelegationId) -> Line {
        Line {
            delegation: delegation.clone(),
            server: self.call.server.clone(),
            target: self.call.target.clone(),
        }
    }

    fn take_place(&self, permit: &Permit, open: &mut Open<'_>) -> Option<Place> {
        self.flight.under(permit.delegation());
        let counted = self.call.target.kind == TargetKind::Tool;
        permit.delegation().filter(|_| counted).map(|delegation| open.take(self.line(delegation)))
    }

    /// Decides once more, to tell the agent which of the human's acts stopped the call.
    pub(super) fn why_stopped(&self, known: &Known) -> Denial {
        let Some(book) = self.session.inner.books.read() else { return Denial::Locked };
        let agent = book.agent(&self.call.agent).cloned().unwrap_or_else(|_| known.agent.clone());
        let now = Known { book, agent, link: None, definition: known.definition };
        match self.weigh(&now, &self.session.inner.budget.open()) {
            Decision::Deny(denial) => denial,
            Decision::Allow(_) | Decision::Ask(_) => Denial::HumanDenied,
        }
    }
}
