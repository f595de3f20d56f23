//! Who is connected and what is on its way: the places where the human's "stop" takes hold.

use crate::held::lock;
use crate::session::{Session, Tasks};
use crate::{Gauges, LiveCall as Shown};
use domain::{AgentName, CallId, DelegationId, Peer, ServerName, SessionId, Target, Timestamp};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};
use tokio_util::task::TaskTracker;

/// All open sessions and all calls on their way.
#[derive(Clone, Default)]
pub(crate) struct Sessions {
    open: Arc<Mutex<HashMap<SessionId, Arc<Session>>>>,
    flights: Arc<Mutex<HashMap<CallId, Flight>>>,
    /// What servers are told when a session leaves them.
    pub(crate) farewells: TaskTracker,
    /// What servers have yet to answer, and to whom.
    pub(crate) tasks: Arc<Tasks>,
    /// Tells that there are fewer sessions or calls.
    less: Arc<Notify>,
}

/// A call on its way.
#[derive(Clone)]
pub(crate) struct Flight {
    pub(crate) agent: AgentName,
    pub(crate) server: ServerName,
    pub(crate) target: Target,
    pub(crate) since: Timestamp,
    /// Known once it is decided.
    pub(crate) delegation: Option<DelegationId>,
    pub(crate) waits: bool,
    halt: Arc<Halt>,
}

/// The end of a call before its time: the agent takes it back, or the human stops it.
struct Halt {
    /// The agent's own way to take it back; the human's stop goes the same way, so that a call waits for one thing.
    halted: CancellationToken,
    /// Whether it was the human.
    stopped: AtomicBool,
}

/// Keeps a call among those on their way; dropping it takes the call off.
pub(crate) struct InFlight {
    id: CallId,
    halt: Arc<Halt>,
    sessions: Sessions,
}

impl Sessions {
    /// A session has begun.
    pub(crate) fn add(&self, session: Arc<Session>) {
        lock(&self.open).insert(session.id.clone(), session);
    }

    /// A session has ended.
    pub(crate) fn remove(&self, id: &SessionId) {
        lock(&self.open).remove(id);
        self.less.notify_waiters();
    }

    /// Waits until no call is on its way.
    pub(crate) async fn calls_gone(&self) {
        self.until(|| lock(&self.flights).is_empty()).await;
    }

    /// Waits until no session is open, no call is on its way and no server is to be told anything.
    pub(crate) async fn all_gone(&self) {
        self.until(|| lock(&self.open).is_empty() && lock(&self.flights).is_empty()).await;
        self.farewells.close();
        self.farewells.wait().await;
    }

    async fn until(&self, holds: impl Fn() -> bool) {
        loop {
            let mut less = std::pin::pin!(self.less.notified());
            less.as_mut().enable();
            if holds() {
                return;
            }
            less.await;
        }
    }

    /// Ends the sessions of one agent.
    pub(crate) fn end_of(&self, agent: &AgentName) {
        self.each(|session| {
            if session.agent == *agent {
                session.end();
            }
        });
    }

    /// Ends all sessions and cancels all calls.
    pub(crate) fn end_all(&self) {
        self.stop_calls(|_| true);
        self.each(Session::end);
    }

    /// The human has changed what an agent may use: it is told, and none of its servers is left out for what was before.
    pub(crate) fn lists_changed(&self, agent: &AgentName) {
        self.each_of(|session| session.agent == *agent);
    }

    /// The human has changed what every agent may use.
    pub(crate) fn all_lists_changed(&self) {
        self.each_of(|_| true);
    }

    /// The human has mended something about a server: those who may use it are told.
    pub(crate) fn server_mended(&self, server: &ServerName) {
        self.each_of(|session| session.may_use(server).is_ok());
    }

    fn each_of(&self, which: impl Fn(&Session) -> bool) {
        self.each(|session| {
            if which(session) {
                session.shown.absences.forgive();
                session.lists_changed();
            }
        });
    }

    /// Ends every way to a server, and what is on it.
    pub(crate) fn leave(&self, server: &ServerName) {
        self.cancel_calls(|call| call.server == *server);
        self.each(|session| session.leave(server));
    }

    /// Cancels the calls `which` says, and ends the ways to servers that their agents may not use any more. Call it inside the
    /// runtime.
    pub(crate) fn cancel_calls(&self, which: impl Fn(&Flight) -> bool) {
        self.stop_calls(which);
        self.each(Session::leave_ungranted);
    }

    fn stop_calls(&self, which: impl Fn(&Flight) -> bool) {
        lock(&self.flights).values().filter(|flight| which(flight)).for_each(|flight| flight.halt.stop());
    }

    /// Who is connected, from which process.
    pub(crate) fn connected(&self) -> Vec<(AgentName, Peer)> {
        let open = lock(&self.open);
        open.values().map(|session| (session.agent.clone(), session.peer.clone())).collect()
    }

    /// Adds what sessions hold.
    pub(crate) fn count(&self, gauges: &mut Gauges) {
        gauges.calls += lock(&self.flights).len();
        let open: Vec<_> = lock(&self.open).values().cloned().collect();
        open.iter().for_each(|session| session.count(gauges));
    }

    /// What is on its way, the oldest first.
    pub(crate) fn live(&self) -> Vec<Shown> {
        let flights = lock(&self.flights);
        let mut live: Vec<_> = flights.iter().map(|(id, flight)| flight.show(id)).collect();
        live.sort_by_key(|call| call.since);
        live
    }

    /// Takes a call up, before it is decided: from here on a stop reaches it. The agent takes it back by `withdrawn`.
    pub(crate) fn take_off(
        &self,
        id: &CallId,
        agent: &AgentName,
        server: &ServerName,
        target: &Target,
        since: Timestamp,
        withdrawn: &CancellationToken,
    ) -> InFlight {
        let halt = Arc::new(Halt { halted: withdrawn.clone(), stopped: AtomicBool::new(false) });
        let flight = Flight {
            agent: agent.clone(),
            server: server.clone(),
            target: target.clone(),
            since,
            delegation: None,
            waits: false,
            halt: halt.clone(),
        };
        lock(&self.flights).insert(id.clone(), flight);
        InFlight { id: id.clone(), halt, sessions: self.clone() }
    }

    fn each(&self, act: impl Fn(&Session)) {
        let open: Vec<_> = lock(&self.open).values().cloned().collect();
        open.iter().for_each(|session| act(session));
    }
}

impl Halt {
    fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.halted.cancel();
    }
}

impl Flight {
    fn show(&self, id: &CallId) -> Shown {
        Shown {
            id: id.clone(),
            agent: self.agent.clone(),
            server: self.server.clone(),
            target: self.target.clone(),
            since: self.since,
            waits: self.waits,
        }
    }
}

impl InFlight {
    /// Under which delegation it goes.
    pub(crate) fn under(&self, delegation: Option<&DelegationId>) {
        self.change(|flight| flight.delegation = delegation.cloned());
    }

    /// Whether it waits for the human.
    pub(crate) fn waits(&self, waits: bool) {
        self.change(|flight| flight.waits = waits);
    }

    /// Ends when the human stops the call or the agent takes it back.
    pub(crate) fn halted(&self) -> WaitForCancellationFuture<'_> {
        self.halt.halted.cancelled()
    }

    /// Whether either has happened.
    pub(crate) fn is_halted(&self) -> bool {
        self.halt.halted.is_cancelled()
    }

    /// Whether it was the human.
    pub(crate) fn is_stopped(&self) -> bool {
        self.halt.stopped.load(Ordering::Acquire)
    }

    fn change(&self, act: impl FnOnce(&mut Flight)) {
        if let Some(flight) = lock(&self.sessions.flights).get_mut(&self.id) {
            act(flight);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        lock(&self.sessions.flights).remove(&self.id);
        self.sessions.less.notify_waiters();
    }
}
