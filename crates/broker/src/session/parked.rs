//! Calls of modern agents at legacy servers. Such a server asks while it works, and such an agent can be asked only when its call
//! is answered: so its exchange ends with the questions, the call waits here, and goes on when the agent comes again with the
//! answers. It is one call, decided, counted and recorded once.

use super::under_way::Held;
use super::{Session, lock};
use crate::call::journey;
use crate::clean::Clean;
use crate::end::Stop;
use crate::link::Link;
use crate::random;
use crate::wanted::Wanted;
use domain::{Digest, ServerName, Target};
use mcp::translate::input::{self, QUESTIONS, Question, Retry};
use mcp::{Message, RawId};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, Weak};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How many calls of one session may wait for their agent.
const MOST: usize = 32;
/// How long one waits for its agent to come again.
const PATIENCE: Duration = Duration::from_secs(600);

/// By this a state of ours is known from a server's own.
static OURS: LazyLock<String> = LazyLock::new(|| format!("countersign:{}:", random::make_id()));

/// The calls that wait, by the state their agent was given.
#[derive(Default)]
pub(super) struct Parked(Mutex<HashMap<String, Call>>);

/// A legacy server's question.
pub(crate) struct Pending {
    pub(crate) question: Question,
    /// The server's own id for it.
    pub(crate) theirs: RawId,
    pub(crate) link: Weak<Link>,
}

/// A call that its agent may have to come again for.
struct Call {
    what: What,
    running: JoinHandle<Result<Clean, Stop>>,
    asks: mpsc::Receiver<Pending>,
    /// What the agent has yet to answer.
    pending: Vec<Pending>,
    withdrawn: CancellationToken,
    /// Its place among the requests under way, which it keeps while nobody listens.
    held: Held,
    since: Instant,
    /// Ends the wait when it is dropped.
    late: Option<DropGuard>,
}

/// What makes two requests the same call.
#[derive(PartialEq, Eq)]
struct What {
    method: Box<str>,
    server: Option<ServerName>,
    target: Target,
    arguments: Digest,
}

impl What {
    fn of(wanted: &Wanted) -> Self {
        Self {
            method: wanted.method.clone(),
            server: wanted.server.clone(),
            target: wanted.target.clone(),
            arguments: proof::call_digest(&wanted.target.name, &wanted.arguments),
        }
    }
}

impl Session {
    /// Takes a call to its answer, or to the questions that come first; and goes on with one that its agent has answered.
    pub(super) async fn carry(
        &self,
        request: &Message,
        wanted: Wanted,
        withdrawn: &CancellationToken,
    ) -> Result<Clean, Stop> {
        if !self.is_modern() {
            // Boxed: a task as large as the whole journey would be copied from place to place.
            return Box::pin(journey(self, wanted, withdrawn)).await;
        }
        let id = request.id().ok_or(Stop::Withdrawn)?;
        let call = match input::retried(request).filter(|retry| retry.state.starts_with(OURS.as_str())) {
            Some(retry) => self.take_up(id, &What::of(&wanted), retry)?,
            None => self.set_out(id, wanted, withdrawn)?,
        };
        self.wait_for(id, call, withdrawn).await
    }

    fn set_out(&self, id: &RawId, wanted: Wanted, withdrawn: &CancellationToken) -> Result<Call, Stop> {
        let session = self.me.upgrade().ok_or(Stop::Withdrawn)?;
        let (tell, asks) = mpsc::channel(QUESTIONS);
        let held = session.hold(id, tell);
        let (what, withdrawn) = (What::of(&wanted), withdrawn.clone());
        let taken_back = withdrawn.clone();
        let running = tokio::spawn(Box::pin(async move { journey(&session, wanted, &taken_back).await }));
        Ok(Call { what, running, asks, pending: vec![], withdrawn, held, since: Instant::now(), late: None })
    }

    /// The call that waits under this state. Its server gets the answers.
    fn take_up(&self, id: &RawId, what: &What, mut retry: Retry<'_>) -> Result<Call, Stop> {
        let mut call = {
            let mut parked = lock(&self.parked.0);
            match parked.get(retry.state.as_ref()) {
                None => return Err(Stop::invalid("this call waits no longer; call again without its state")),
                Some(call) if call.what != *what => {
                    return Err(Stop::invalid("this state belongs to another call"));
                }
                Some(_) => parked.remove(retry.state.as_ref()).ok_or(Stop::Withdrawn)?,
            }
        };
        call.late = None;
        call.held.goes_on_as(id);
        call.pending.retain(|pending| {
            let response = retry.responses.remove(&pending.question.key);
            let (Some(response), Some(link)) = (&response, pending.link.upgrade()) else { return true };
            link.leave_errand(Message::response(&pending.theirs, response));
            false
        });
        Ok(call)
    }

    async fn wait_for(
        &self,
        id: &RawId,
        mut call: Call,
        withdrawn: &CancellationToken,
    ) -> Result<Clean, Stop> {
        while call.pending.is_empty() {
            tokio::select! {
                biased;
                ended = &mut call.running => return ended.unwrap_or(Err(Stop::Withdrawn)),
                () = withdrawn.cancelled(), if !call.withdrawn.is_cancelled() => call.withdrawn.cancel(),
                Some(pending) = call.asks.recv() => call.pending.push(pending),
            }
        }
        while call.pending.len() < QUESTIONS
            && let Ok(more) = call.asks.try_recv()
        {
            call.pending.push(more);
        }
        Ok(self.park(id, call))
    }

    /// Has a call wait for its agent, which gets the questions.
    fn park(&self, id: &RawId, mut call: Call) -> Clean {
        let state = format!("{}{}", *OURS, random::make_id());
        let answer = input::required(id, call.pending.iter().map(|pending| &pending.question), &state);
        call.held.waits();
        call.since = Instant::now();
        let taken_up = CancellationToken::new();
        call.late = Some(taken_up.clone().drop_guard());
        let forgotten = self.parked.add(state.clone(), call);
        forgotten.inspect(Call::withdraw);
        let (session, ended) = (self.me.clone(), self.ended.clone());
        tokio::spawn(taken_up.run_until_cancelled_owned(async move {
            let _ = tokio::time::timeout(PATIENCE, ended.cancelled()).await;
            let late = session.upgrade().and_then(|session| lock(&session.parked.0).remove(&state));
            late.inspect(Call::withdraw);
        }));
        self.clean(answer)
    }
}

impl Parked {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        lock(&self.0).len()
    }

    /// Adds a call. When too many wait, the oldest is given back.
    fn add(&self, state: String, call: Call) -> Option<Call> {
        let mut parked = lock(&self.0);
        let oldest = parked.iter().min_by_key(|(_, call)| call.since).map(|(state, _)| state.clone());
        let forgotten = oldest.filter(|_| parked.len() >= MOST).and_then(|oldest| parked.remove(&oldest));
        parked.insert(state, call);
        forgotten
    }

    /// The session has ended: no agent comes again.
    pub(super) fn withdraw_all(&self) {
        lock(&self.0).drain().for_each(|(_, call)| call.withdraw());
    }
}

impl Call {
    /// The agent never came again. The call ends as one it took back: its server is told.
    fn withdraw(&self) {
        self.withdrawn.cancel();
    }
}
