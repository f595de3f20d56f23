//! One call's journey, from an agent's request to the agent's answer. Nothing else in the project does any of this.

mod decide;
mod pour;
mod receipts;
mod rounds;
mod send;
mod settle;
#[cfg(test)]
mod tests;

use crate::book::Book;
use crate::budget::Place;
use crate::clean::Clean;
use crate::end::{Cut, Stop};
use crate::link::Link;
use crate::random;
use crate::session::Session;
use crate::sessions::InFlight;
use crate::wanted::Wanted;
use domain::{ApprovalId, Call, CallId, Digest, Timestamp};
use mcp::Message;
use policy::{Asking, Permit};
use proof::receipt::{self, Shown, Verdict};
use proof::sd_jwt::Presentation;
use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;
use vault::Attachment;

/// Takes one call from the agent's request to its answer.
pub(crate) async fn journey(
    session: &Session,
    wanted: Wanted,
    withdrawn: &CancellationToken,
) -> Result<Clean, Stop> {
    let trip = Trip::begin(session, wanted, withdrawn)?;
    let facts = trip.facts().await?;
    let (mut known, decided) = trip.decide(facts)?;
    let cleared = trip.settle(&mut known, decided).await?;
    let (opened, permit) = trip.open(&known, cleared)?;
    let end = match trip.attach(&known, permit).await {
        Ok(sealed) => trip.send(&known, sealed, &opened).await,
        Err(cut) => Err(cut),
    };
    trip.close(&opened, end)
}

/// A call under way.
struct Trip<'a> {
    session: &'a Session,
    call: Call,
    wanted: Wanted,
    flight: InFlight,
    now: Timestamp,
    /// When it first left for the server.
    sent: OnceLock<Timestamp>,
}

/// What there is at the other end.
struct Facts {
    /// The way to the server; none when no delegation names the target, for then nothing is started.
    link: Option<Arc<Link>>,
    definition: Option<Digest>,
}

/// What the decision was made on.
struct Known {
    book: Arc<Book>,
    facts: Facts,
}

/// What was decided, with the place it takes in the budget.
enum Decided {
    Allowed(Permit, Option<Place>),
    Asking(Asking, Option<Place>),
}

/// A call that may go.
struct Cleared {
    permit: Permit,
    place: Option<Place>,
    decision: receipt::Decision,
}

/// A call that is ready to be sent.
struct Sealed {
    message: Message,
    /// The credential; none once the vault gives none any more.
    attachment: Option<Attachment>,
    /// The delegation as this server sees it, for the proof of each time it is sent.
    presentation: Arc<Presentation>,
    /// The proof's header, if it is short enough for one.
    header: Option<http::HeaderValue>,
    /// What the server wants to see in headers too (`Mcp-Param-*`).
    params: http::HeaderMap,
    /// What the server was shown.
    shown: Vec<Shown>,
}

impl<'a> Trip<'a> {
    fn begin(session: &'a Session, wanted: Wanted, withdrawn: &CancellationToken) -> Result<Self, Stop> {
        let now = session.inner.clock.now();
        let server = match &wanted.server {
            Some(server) => server.clone(),
            None => session.server_of(&wanted.target)?,
        };
        let call = Call {
            id: CallId::new(random::make_id()),
            agent: session.agent.clone(),
            session: session.id.clone(),
            server,
            target: wanted.target.clone(),
            digest: proof::call_digest(&wanted.target.name, &wanted.arguments),
        };
        let flight = session.inner.sessions.take_off(
            &call.id,
            &call.agent,
            &call.server,
            &call.target,
            now,
            withdrawn,
        );
        Ok(Self { session, call, wanted, flight, now, sent: OnceLock::new() })
    }

    /// Waits for `work`, unless the human stops the call or the agent takes it back: that is looked at first, each time.
    async fn unless_halted<T>(&self, work: impl Future<Output = T>) -> Result<T, Cut> {
        tokio::select! {
            biased;
            () = self.flight.halted() => Err(self.halted()),
            done = work => Ok(done),
        }
    }

    /// Who halted it, and why.
    fn halted(&self) -> Cut {
        if self.flight.is_stopped() { Cut::Stopped(self.why_stopped()) } else { Cut::Withdrawn }
    }
}

fn decision(outcome: Verdict, rule: &str, approval: Option<ApprovalId>) -> receipt::Decision {
    receipt::Decision { outcome, reason: None, rule: Some(rule.to_owned()), approval }
}
