//! Steps 4 and 7, and every refusal: what the record says of a call.

use super::{Cleared, Known, Trip, decision};
use crate::clean::Clean;
use crate::end::{Answered, Cut, Said, Stop};
use crate::link::Fault;
use crate::{Event, preview};
use domain::Denial;
use ledger::Entry;
use policy::Permit;
use proof::receipt::{self, Body, Kind, Outcome, Status, Verdict};

impl Trip<'_> {
    /// 4. In the record before the effect. If the record can't be written, nothing leaves.
    pub(super) fn open(&self, known: &Known, cleared: Cleared) -> Result<(Entry, Permit), Stop> {
        if self.flight.is_halted() {
            return Err(self.not_begun(self.halted()));
        }
        let preview = preview::shorten(&self.session.inner.vault.redactor(), self.wanted.arguments.clone());
        let entry = self.write(Body {
            peer: Some(self.session.peer.clone()),
            delegation: cleared.permit.delegation().cloned(),
            tool: Some(receipt::Tool {
                target: self.call.target.clone(),
                definition: known.facts.definition,
            }),
            arguments: Some(receipt::Arguments { digest: self.call.digest, preview: Some(preview) }),
            decision: Some(cleared.decision),
            ..self.body(Kind::CallOpened)
        })?;
        drop(cleared.place);
        self.session.inner.tell(Event::CallOpened {
            id: self.call.id.clone(),
            agent: self.call.agent.clone(),
            server: self.call.server.clone(),
            target: self.call.target.clone(),
            time: self.now,
        });
        Ok((entry, cleared.permit))
    }

    /// 7. The outcome, receipted and chained.
    pub(super) fn close(&self, opened: &Entry, end: Result<Answered, Cut>) -> Result<Clean, Stop> {
        let inner = &self.session.inner;
        let outcome =
            Outcome { duration_us: self.took(), ..end.as_ref().map_or_else(Cut::outcome, Answered::outcome) };
        let ok = outcome.status == Status::Ok;
        let body = Body {
            delegation: opened.body.delegation.clone(),
            tool: opened.body.tool.clone(),
            proof: end.iter().flat_map(|answered| answered.proofs.clone()).collect(),
            outcome: Some(outcome),
            ..self.body(Kind::CallClosed)
        };
        if self.write(body).is_err() {
            // The effect has happened, and is in the record as opened: it reads "outcome unknown".
            tracing::error!("the outcome of a call could not be recorded");
        }
        inner.tell(Event::CallClosed { id: self.call.id.clone(), agent: self.call.agent.clone(), ok });
        match end.map_err(Cut::into_stop)?.answer {
            Said::Whole(answer) => Ok(answer),
            Said::Poured { .. } => Err(Stop::Told),
        }
    }

    /// From sending to the end, in microseconds; nothing for what was never sent.
    fn took(&self) -> Option<u64> {
        let took = self.session.inner.clock.now().since(*self.sent.get()?);
        u64::try_from(took.as_micros()).ok()
    }

    pub(super) fn body(&self, kind: Kind) -> Body {
        Body {
            agent: Some(self.call.agent.clone()),
            session: Some(self.call.session.clone()),
            server: Some(self.call.server.clone()),
            call: Some(self.call.id.clone()),
            tool: Some(receipt::Tool { target: self.call.target.clone(), definition: None }),
            ..self.session.inner.body(kind)
        }
    }

    pub(super) fn write(&self, body: Body) -> Result<Entry, Stop> {
        self.session.inner.write(body).map_err(Stop::Denied)
    }

    /// Refuses, and says so in the record.
    pub(super) fn refuse(&self, denial: Denial) -> Stop {
        let body = self.denied("policy", Some(denial.code()));
        self.session.denied(self.call.server.clone(), &self.call.target, &denial, body);
        Stop::Denied(denial)
    }

    /// How a fault on the way to the server ends the call.
    pub(super) fn cut(&self, fault: Fault) -> Cut {
        let server = &self.call.server;
        Cut::from_fault(self.session.inner.understood(server, fault), server)
    }

    /// It ends before it was cleared: nothing was sent. What the agent took back itself needs no word.
    pub(super) fn not_begun(&self, cut: Cut) -> Stop {
        match cut {
            Cut::Withdrawn => Stop::Withdrawn,
            Cut::Stopped(denial) => self.refuse(denial),
            Cut::NotSent { .. } | Cut::Unknown { .. } => self.fail(cut),
        }
    }

    fn fail(&self, cut: Cut) -> Stop {
        let outcome = cut.outcome();
        let denied = self.denied("server", outcome.error.as_deref());
        let body = Body { outcome: Some(outcome), ..denied };
        self.write(body).map_or_else(|stop| stop, |_| cut.into_stop())
    }

    fn denied(&self, rule: &str, reason: Option<&str>) -> Body {
        let decision = receipt::Decision {
            reason: reason.map(ToOwned::to_owned),
            ..decision(Verdict::Denied, rule, None)
        };
        Body {
            peer: Some(self.session.peer.clone()),
            arguments: Some(receipt::Arguments { digest: self.call.digest, preview: None }),
            decision: Some(decision),
            ..self.body(Kind::CallDenied)
        }
    }
}
