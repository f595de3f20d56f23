//! The requests under way, so that each can be given up from elsewhere.

use crate::message::RawId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Requests under way by id.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<RawId, oneshot::Sender<()>>>);

/// One request under way; over when dropped.
#[derive(Debug)]
pub(super) struct Flight<'a> {
    flights: &'a Flights,
    id: RawId,
    given_up: oneshot::Receiver<()>,
}

impl Flights {
    pub(super) fn begin(&self, id: &RawId) -> Flight<'_> {
        let (give_up, given_up) = oneshot::channel();
        self.lock().insert(id.clone(), give_up);
        Flight { flights: self, id: id.clone(), given_up }
    }

    /// Gives a request up, if it is under way.
    pub(super) fn cancel(&self, id: &RawId) {
        self.lock().remove(id);
    }

    pub(super) fn cancel_all(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RawId, oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight<'_> {
    /// Resolves when the request is given up.
    pub(super) async fn cancelled(&mut self) {
        // Nothing is ever sent: giving up drops the sender.
        let _ = (&mut self.given_up).await;
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.id);
    }
}
