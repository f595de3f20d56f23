//! Servers that lists do without, because they were late or dead: remembered, so that no list waits for them again before they
//! are back.

use crate::held::lock;
use domain::ServerName;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a server that came back in none of the tries is left out before a list tries itself.
const GIVEN_UP: Duration = Duration::from_secs(900);
/// The wait before the first try, doubled for each that follows.
const FIRST: Duration = Duration::from_secs(2);
/// The longest wait between two tries.
const LONGEST: Duration = Duration::from_secs(300);
/// How often a server is tried that nobody asks for by name.
const TRIES: u32 = 8;

/// The servers that one session's lists do without.
#[derive(Clone, Default)]
pub(crate) struct Absences(Arc<Mutex<HashMap<ServerName, Absence>>>);

struct Absence {
    /// Whose watch it is.
    watch: Arc<()>,
    /// When it ends by itself; none while somebody watches.
    until: Option<Instant>,
}

/// Held by whoever waits for a server to come back; dropping it gives the server up for a while.
pub(crate) struct Watch {
    server: ServerName,
    mine: Arc<()>,
    tries: u32,
    all: Absences,
}

impl Absences {
    /// Whether lists do without this server.
    pub(crate) fn has(&self, server: &ServerName) -> bool {
        let mut all = lock(&self.0);
        let over =
            all.get(server).is_some_and(|absence| absence.until.is_some_and(|until| until <= Instant::now()));
        if over {
            all.remove(server);
        }
        all.contains_key(server)
    }

    /// Leaves a server out from now on. None when somebody watches for it already.
    pub(crate) fn watch(&self, server: &ServerName) -> Option<Watch> {
        let mut all = lock(&self.0);
        if all.get(server).is_some_and(|absence| absence.until.is_none()) {
            return None;
        }
        let mine = Arc::new(());
        all.insert(server.clone(), Absence { watch: mine.clone(), until: None });
        Some(Watch { server: server.clone(), mine, tries: 0, all: self.clone() })
    }

    /// The human has changed something: every server gets another chance.
    pub(crate) fn forgive(&self) {
        lock(&self.0).clear();
    }
}

impl Watch {
    /// How long to wait before the next try; none when there is none.
    pub(crate) fn next(&mut self) -> Option<Duration> {
        if !self.holds() || self.tries == TRIES {
            return None;
        }
        self.tries += 1;
        Some(FIRST.saturating_mul(1 << (self.tries - 1)).min(LONGEST))
    }

    /// Whether nobody has forgiven the server meanwhile.
    pub(crate) fn holds(&self) -> bool {
        lock(&self.all.0).get(&self.server).is_some_and(|absence| Arc::ptr_eq(&absence.watch, &self.mine))
    }

    /// It is back.
    pub(crate) fn back(self) {
        if self.holds() {
            lock(&self.all.0).remove(&self.server);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(absence) = lock(&self.all.0).get_mut(&self.server)
            && Arc::ptr_eq(&absence.watch, &self.mine)
        {
            absence.until = Some(Instant::now() + GIVEN_UP);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::server;

    #[test]
    fn a_server_is_tried_less_and_less_often_and_then_given_up() {
        let (absences, name) = (Absences::default(), server("slow"));
        let mut watch = absences.watch(&name).unwrap();
        assert!(absences.watch(&name).is_none(), "one watches");
        let waits: Vec<_> = std::iter::from_fn(|| watch.next()).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256]);
        drop(watch);
        assert!(absences.has(&name), "no list waits for it yet");
    }

    #[test]
    fn one_that_is_back_or_forgiven_is_asked_again() {
        let (absences, name) = (Absences::default(), server("slow"));
        absences.watch(&name).unwrap().back();
        assert!(!absences.has(&name));
        let mut forgiven = absences.watch(&name).unwrap();
        absences.forgive();
        assert!(!absences.has(&name));
        let again = absences.watch(&name).unwrap();
        assert_eq!(forgiven.next(), None, "who watched before leaves it to who watches now");
        forgiven.back();
        assert!(absences.has(&name));
        again.back();
        assert!(!absences.has(&name));
    }
}
