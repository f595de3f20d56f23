//! What has been used of each delegation: exact, also when calls race and after a restart. The ledger counts the calls that
//! left; a call that is being decided, or waits for the human, holds a place until it leaves or is refused.

use domain::Timestamp;
use ledger::{Ledger, Line};
use policy::Used;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places held, over the ledger's counts.
#[derive(Clone)]
pub(crate) struct Budget {
    ledger: Arc<Ledger>,
    held: Arc<Mutex<HashMap<Line, u32>>>,
}

/// The budget, held still while a call is decided.
pub(crate) struct Open<'a> {
    budget: &'a Budget,
    held: MutexGuard<'a, HashMap<Line, u32>>,
}

/// A place held. Dropping it gives it back; drop it once the call is in the record, or will never be.
#[must_use = "a place that is dropped is given back"]
pub(crate) struct Place {
    budget: Budget,
    line: Line,
}

impl Budget {
    pub(crate) fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger, held: Arc::default() }
    }

    /// Holds the counts still.
    pub(crate) fn open(&self) -> Open<'_> {
        Open { budget: self, held: self.held() }
    }

    /// Calls that left under a delegation, for one target.
    pub(crate) fn calls(&self, line: &Line, now: Timestamp) -> u64 {
        self.ledger.usage(line, now).calls
    }

    /// The same, within the last minute.
    pub(crate) fn last_minute(&self, line: &Line, now: Timestamp) -> u32 {
        self.ledger.usage(line, now).last_minute
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Line, u32>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open<'_> {
    /// What of a line is used at `now`, places held by others included.
    pub(crate) fn used(&self, line: &Line, now: Timestamp) -> Used {
        let left = self.budget.ledger.usage(line, now);
        let held = self.held.get(line).copied().unwrap_or(0);
        Used {
            calls: left.calls.saturating_add(held.into()),
            last_minute: left.last_minute.saturating_add(held),
            oldest_in_minute: left.oldest_in_minute,
        }
    }

    /// Takes a place.
    pub(crate) fn take(&mut self, line: Line) -> Place {
        *self.held.entry(line.clone()).or_default() += 1;
        Place { budget: self.budget.clone(), line }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.budget.held();
        if let Some(count) = held.get_mut(&self.line) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{DelegationId, ServerName, Target};

    fn line() -> Line {
        Line {
            delegation: DelegationId::new("d"),
            server: ServerName::parse("s").unwrap(),
            target: Target::tool("t"),
        }
    }

    fn budget(dir: &std::path::Path) -> Budget {
        Budget::new(Arc::new(Ledger::open(dir, Timestamp::from_seconds(0)).unwrap().0))
    }

    #[test]
    fn a_place_given_back_can_be_taken_again() {
        let dir = tempfile::tempdir().unwrap();
        let (budget, now) = (budget(dir.path()), Timestamp::from_seconds(100));
        let first = budget.open().take(line());
        let second = budget.open().take(line());
        assert_eq!(budget.open().used(&line(), now).calls, 2);
        drop(first);
        assert_eq!(budget.open().used(&line(), now).last_minute, 1);
        drop(second);
        assert_eq!(budget.open().used(&line(), now), Used::default());
    }

    #[test]
    fn fifty_racing_calls_take_no_more_than_there_is() {
        let dir = tempfile::tempdir().unwrap();
        let (budget, now) = (budget(dir.path()), Timestamp::from_seconds(100));
        let race = || {
            let mut open = budget.open();
            (open.used(&line(), now).calls < 20).then(|| open.take(line()))
        };
        let places: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..50).map(|_| scope.spawn(race)).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(places.len(), 20);
    }
}
