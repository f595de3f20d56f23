//! What of each delegation's budget is used up, counted from the receipts themselves.

use crate::entry::Glimpse;
use domain::{DelegationId, ServerName, Target, Timestamp};
use proof::receipt::Kind;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// What of a line has been used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls opened since the delegation was signed, whatever came of them.
    pub calls: u64,
    /// Calls opened in the last 60 seconds.
    pub last_minute: u32,
    /// When the oldest of those was opened.
    pub oldest_in_minute: Option<Timestamp>,
}

/// What a budget is counted for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    /// Under which delegation.
    pub delegation: DelegationId,
    /// Where.
    pub server: ServerName,
    /// What.
    pub target: Target,
}

/// All usages.
#[derive(Default)]
pub(crate) struct Usages(HashMap<Line, Counted>);

#[derive(Default)]
struct Counted {
    calls: u64,
    /// When the calls of the last minute were opened, in order.
    recent: VecDeque<Timestamp>,
}

impl Usages {
    /// Counts a receipt, if it opens a call.
    pub(crate) fn add(&mut self, glimpse: &Glimpse) {
        let Glimpse { delegation: Some(delegation), server: Some(server), target: Some(target), .. } =
            glimpse
        else {
            return;
        };
        if glimpse.kind != Kind::CallOpened {
            return;
        }
        let line = Line { delegation: delegation.clone(), server: server.clone(), target: target.clone() };
        let counted = self.0.entry(line).or_default();
        counted.calls += 1;
        // A clock that was set back counts no call as older than the one before it.
        let time = counted.recent.back().map_or(glimpse.time, |last| glimpse.time.max(*last));
        counted.recent.push_back(time);
        counted.recent.drain(..counted.older_than_a_minute(time));
    }

    pub(crate) fn of(&self, line: &Line, now: Timestamp) -> Usage {
        let Some(counted) = self.0.get(line) else { return Usage::default() };
        let older = counted.older_than_a_minute(now);
        Usage {
            calls: counted.calls,
            last_minute: u32::try_from(counted.recent.len() - older).unwrap_or(u32::MAX),
            oldest_in_minute: counted.recent.get(older).copied(),
        }
    }
}

impl Counted {
    fn older_than_a_minute(&self, now: Timestamp) -> usize {
        self.recent.partition_point(|time| now.since(*time) >= MINUTE)
    }
}
