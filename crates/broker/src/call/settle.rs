//! Step 3: a question becomes a permit only by a human's answer to exactly this call.

use super::{Cleared, Decided, Facts, Known, Trip, decision};
use crate::approval::Given;
use crate::end::{Cut, Stop};
use crate::random;
use domain::{ApprovalId, Denial, Digest, Subject};
use policy::Asking;
use proof::receipt::{Body, Kind, Verdict};
use std::time::Duration;

/// How long a question waits for the human.
const QUESTION: Duration = Duration::from_secs(600);

impl Trip<'_> {
    /// 3. A question becomes a permit only by a human's answer to exactly this call.
    pub(super) async fn settle(&self, known: &mut Known, decided: Decided) -> Result<Cleared, Stop> {
        let (asking, place) = match decided {
            Decided::Allowed(permit, place) => {
                let rule = if permit.approval().is_some() { "standing" } else { "delegation" };
                let decision = decision(Verdict::Allowed, rule, permit.approval().cloned());
                return Ok(Cleared { permit, place, decision });
            }
            Decided::Asking(asking, place) => (asking, place),
        };
        let id = ApprovalId::new(random::make_id());
        let given = self.ask(&id, &asking).await?;
        let now = self.session.inner.clock.now();
        let settled = policy::settle(asking, id.clone(), given.answer, now);
        self.record_answer(&id, settled.is_ok(), given.note())?;
        let settled = settled.map_err(|denial| self.refuse(denial))?;
        known.facts = self.same_facts(known.facts.definition).await?;
        if let Some(yes) = settled.standing {
            let remembered = self.session.inner.books.change(|book, shelf| book.remember(shelf, yes));
            if let Err(error) = remembered {
                tracing::warn!(%error, "the answer holds for this call only");
            }
        }
        Ok(Cleared {
            permit: settled.permit,
            place,
            decision: decision(Verdict::Asked, "approval", Some(id)),
        })
    }

    /// What there is at the other end after the human has thought: the tool must still be the one that was asked about.
    async fn same_facts(&self, definition: Option<Digest>) -> Result<Facts, Stop> {
        let facts = self.facts().await?;
        match facts.definition {
            now if now == definition => Ok(facts),
            Some(_) => Err(self.refuse(Denial::ToolChanged)),
            None => Err(self.refuse(Denial::ToolGone)),
        }
    }

    async fn ask(&self, id: &ApprovalId, asking: &Asking) -> Result<Given, Stop> {
        let inner = &self.session.inner;
        let Some(delegation) = asking.permit().delegation().cloned() else {
            return Err(self.refuse(Denial::NotGranted));
        };
        let subject = Subject::Call {
            agent: self.call.agent.clone(),
            session: self.call.session.clone(),
            peer: self.session.peer.clone(),
            server: self.call.server.clone(),
            target: self.call.target.clone(),
            definition: asking.permit().definition(),
            delegation,
            approval: asking.mode(),
            arguments: self.wanted.arguments.clone(),
            digest: self.call.digest,
        };
        let ticket = inner.desk.ask(id.clone(), subject, self.now, QUESTION);
        let ticket = ticket.map_err(|_| self.refuse(Denial::TooManyQuestions))?;
        self.write(Body {
            decision: Some(decision(Verdict::Asked, "delegation", Some(id.clone()))),
            ..self.body(Kind::ApprovalAsked)
        })?;
        self.flight.waits(true);
        let answer = tokio::select! {
            biased;
            () = self.flight.halted() => Err(self.halted()),
            answer = ticket.answered() => answer.ok_or(Cut::Stopped(Denial::Unanswered)),
            () = self.session.keep_waiting(&self.wanted.request) => Err(Cut::Stopped(Denial::Unanswered)),
        };
        self.flight.waits(false);
        if answer.is_err() {
            self.write(self.body(Kind::ApprovalExpired))?;
        }
        answer.map_err(|cut| self.not_begun(cut))
    }

    fn record_answer(&self, id: &ApprovalId, granted: bool, note: Option<String>) -> Result<(), Stop> {
        let kind = if granted { Kind::ApprovalGranted } else { Kind::ApprovalRefused };
        let verdict = if granted { Verdict::Allowed } else { Verdict::Denied };
        let decision = Some(decision(verdict, "human", Some(id.clone())));
        self.write(Body { decision, note, ..self.body(kind) }).map(drop)
    }
}
