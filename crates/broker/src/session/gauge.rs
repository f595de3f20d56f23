//! How much a session holds.

use super::{Session, lock};
use crate::Gauges;

impl Session {
    /// Adds what this session holds.
    pub(crate) fn count(&self, gauges: &mut Gauges) {
        let links: Vec<_> = lock(&self.links).values().filter_map(|slot| slot.link()).collect();
        gauges.sessions += 1;
        gauges.links += links.len();
        gauges.awaited += links.iter().map(|link| link.awaited()).sum::<usize>();
        gauges.requests += self.under_way.len();
        gauges.asked += lock(&self.asked).len();
        gauges.parked += self.parked.len();
    }
}
