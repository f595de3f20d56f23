//! What of each delegation's budget is used up, counted from the receipts themselves.

use crate::entry::Glimpse;
use domain::{DelegationId, ServerName, Target, Timestamp};
use proof::receipt::Kind;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// What of a delegation has been used for one target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls opened since the delegation was signed, whatever came of them.
    pub calls: u64,
    /// Calls opened in the last 60 seconds.
    pub last_minute: u32,
    /// When the oldest of those was opened.
    pub oldest_in_minute: Option<Timestamp>,
}

/// All usages.
#[derive(Default)]
pub(crate) struct Usages(HashMap<(DelegationId, ServerName, Target), Counted>);

#[derive(Default)]
struct Counted {
    calls: u64,
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
        let counted = self.0.entry((delegation.clone(), server.clone(), target.clone())).or_default();
        counted.calls += 1;
        counted.recent.push_back(glimpse.time);
        while counted.recent.front().is_some_and(|time| glimpse.time.since(*time) >= MINUTE) {
            counted.recent.pop_front();
        }
    }

    pub(crate) fn of(
        &self,
        delegation: &DelegationId,
        server: &ServerName,
        target: &Target,
        now: Timestamp,
    ) -> Usage {
        let key = (delegation.clone(), server.clone(), target.clone());
        let Some(counted) = self.0.get(&key) else { return Usage::default() };
        let recent = || counted.recent.iter().copied().filter(|time| now.since(*time) < MINUTE);
        Usage {
            calls: counted.calls,
            last_minute: u32::try_from(recent().count()).unwrap_or(u32::MAX),
            oldest_in_minute: recent().min(),
        }
    }
}
