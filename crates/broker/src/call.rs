//! One call's journey, from an agent's request to the agent's answer. Nothing else in the project does any of this.

mod decide;
mod receipts;
mod send;
mod settle;

use crate::book::Book;
use crate::budget::Place;
use crate::end::Stop;
use crate::link::Link;
use crate::random;
use crate::session::Session;
use crate::sessions::InFlight;
use crate::wanted::Wanted;
use domain::{Agent, ApprovalId, Call, CallId, Digest, Timestamp};
use mcp::Message;
use policy::{Asking, Permit};
use proof::receipt::{self, Shown, Verdict};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use vault::Attachment;

/// Takes one call from the agent's request to its answer.
pub(crate) async fn journey(
    session: &Session,
    wanted: Wanted,
    withdrawn: &CancellationToken,
) -> Result<Message, Stop> {
    let trip = Trip::begin(session, wanted)?;
    let known = trip.facts().await?;
    let decided = trip.decide(&known)?;
    let cleared = trip.settle(&known, decided, withdrawn).await?;
    let (opened, permit) = trip.open(&known, cleared)?;
    let end = match trip.attach(&known, permit).await {
        Ok(sealed) => trip.send(&known, sealed, &opened, withdrawn).await,
        Err(end) => end,
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
}

/// What the decision is made on.
struct Known {
    book: Arc<Book>,
    agent: Agent,
    /// The way to the server; none when no delegation names the target, for then nothing is started.
    link: Option<Arc<Link>>,
    definition: Option<Digest>,
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
    attachment: Attachment,
    shown: Option<(Shown, http::HeaderValue)>,
}

impl<'a> Trip<'a> {
    fn begin(session: &'a Session, wanted: Wanted) -> Result<Self, Stop> {
        let now = session.inner.clock.now();
        let Some(server) = wanted.server.clone().or_else(|| session.server_of(&wanted.target)) else {
            return Err(session.refuse_unplaced(&wanted.target));
        };
        let call = Call {
            id: CallId::new(random::make_id()),
            agent: session.agent.clone(),
            session: session.id.clone(),
            server,
            target: wanted.target.clone(),
            digest: proof::call_digest(&wanted.target.name, &wanted.arguments),
        };
        let flight = session.inner.sessions.take_off(&call.id, &call.agent, &call.server, &call.target, now);
        Ok(Self { session, call, wanted, flight, now })
    }
}

fn decision(outcome: Verdict, rule: &str, approval: Option<ApprovalId>) -> receipt::Decision {
    receipt::Decision { outcome, reason: None, rule: Some(rule.to_owned()), approval }
}
