//! Steps 4 and 7, and every refusal: what the record says of a call.

use super::{Cleared, Known, Trip, decision};
use crate::end::{End, Stop};
use crate::link::Fault;
use crate::{Event, preview};
use domain::Denial;
use ledger::Entry;
use mcp::Message;
use policy::Permit;
use proof::receipt::{self, Body, Kind, Verdict};
use std::time::Duration;

impl Trip<'_> {
    /// 4. In the record before the effect. If the record can't be written, nothing leaves.
    pub(super) fn open(&self, known: &Known, cleared: Cleared) -> Result<(Entry, Permit), Stop> {
        let preview = preview::shorten(&self.session.inner.vault.redactor(), self.wanted.arguments.clone());
        let entry = self.write(Body {
            peer: Some(self.session.peer.clone()),
            delegation: cleared.permit.delegation().cloned(),
            tool: Some(receipt::Tool { target: self.call.target.clone(), definition: known.definition }),
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

    /// 7. The outcome, receipted and chained; the answer with every known secret struck out.
    pub(super) fn close(&self, opened: &Entry, end: End) -> Result<Message, Stop> {
        let inner = &self.session.inner;
        let end = end.redacted(&inner.vault.redactor());
        let duration = inner.clock.now().since(self.now);
        let body = Body {
            delegation: opened.body.delegation.clone(),
            tool: opened.body.tool.clone(),
            proof: end.shown(),
            outcome: Some(end.outcome(duration)),
            ..self.body(Kind::CallClosed)
        };
        if self.write(body).is_err() {
            // The effect has happened, and is in the record as opened: it reads "outcome unknown".
            tracing::error!("the outcome of a call could not be recorded");
        }
        inner.tell(Event::CallClosed {
            id: self.call.id.clone(),
            agent: self.call.agent.clone(),
            ok: end.is_ok(),
        });
        end.into_answer()
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
        let decision = receipt::Decision {
            reason: Some(denial.code().to_owned()),
            ..decision(Verdict::Denied, "policy", None)
        };
        let arguments = receipt::Arguments { digest: self.call.digest, preview: None };
        let body = Body {
            peer: Some(self.session.peer.clone()),
            arguments: Some(arguments),
            decision: Some(decision),
            ..self.body(Kind::CallDenied)
        };
        self.session.denied(self.call.server.clone(), &self.call.target, &denial, body);
        Stop::Denied(denial)
    }

    /// How a fault on the way to the server ends the call.
    pub(super) fn not_answered(&self, fault: Fault) -> End {
        let server = &self.call.server;
        End::from_fault(self.session.inner.understood(server, fault), server)
    }

    /// The server could not be asked what the tool is: nothing was sent.
    pub(super) fn not_reached(&self, fault: Fault) -> Stop {
        if let Fault::Denied(denial) = fault {
            return self.refuse(denial);
        }
        let end = self.not_answered(fault);
        let body = Body { outcome: Some(end.outcome(Duration::ZERO)), ..self.body(Kind::CallDenied) };
        if let Err(stop) = self.write(body) {
            return stop;
        }
        match end.into_answer() {
            Err(stop) => stop,
            Ok(_) => Stop::Withdrawn,
        }
    }
}
