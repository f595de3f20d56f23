//! The one place that reads the clock, and never goes backwards.

use domain::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// How far the machine's clock may stand behind the newest receipt before calls are refused: time servers nudge it by less.
const TOLERANCE: Duration = Duration::from_secs(120);

/// The machine's clock, held to what has been seen already: setting it back revives nothing.
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    /// Time has been seen to be at least this late.
    pub(crate) fn seen(&self, time: Timestamp) {
        self.0.fetch_max(time.micros(), Ordering::Relaxed);
    }

    /// The time, read at an edge; everything inside takes it as `now`.
    pub(crate) fn now(&self) -> Timestamp {
        let machine = machine().micros();
        Timestamp::from_micros(self.0.fetch_max(machine, Ordering::Relaxed).max(machine))
    }

    /// Whether the machine's clock was set back further than happens by itself.
    pub(crate) fn is_behind(&self) -> bool {
        machine().plus(TOLERANCE) < Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the edge where time comes in")]
fn machine() -> Timestamp {
    std::time::SystemTime::now().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_set_back_is_noticed_and_time_stands_still() {
        let clock = Clock::default();
        assert!(!clock.is_behind());
        let future = clock.now().plus(Duration::from_hours(2));
        clock.seen(future);
        assert!(clock.is_behind());
        assert_eq!(clock.now(), future);
    }

    #[test]
    fn a_nudge_is_no_cause_for_alarm() {
        let clock = Clock::default();
        clock.seen(clock.now().plus(Duration::from_secs(5)));
        assert!(!clock.is_behind());
    }
}
