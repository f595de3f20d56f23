//! A child and everything it started, so that nothing outlives its session: not by closing, dropping, or a killed wallet.

use crate::process::Process;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How long [`reap_leftovers`] lets them end in good order.
const GRACE: Duration = Duration::from_secs(1);

/// The process group of a child, with whatever left the group but still descends from it.
#[derive(Debug)]
pub(super) struct Family {
    leader: u32,
    started: u64,
    record: PathBuf,
}

impl Family {
    /// The family of the child `pid`, which leads a group of its own. Its record in `run_dir` is what
    /// [`reap_leftovers`] finds if this process is killed.
    pub(super) fn record(pid: u32, run_dir: PathBuf) -> Self {
        let started = Process::read(pid).map(|leader| leader.started).unwrap_or_default();
        let family = Self { leader: pid, started, record: run_dir.join(format!("{pid}.child")) };
        let line = format!("{started} {}", boot_id());
        if let Err(error) = fs::create_dir_all(&run_dir).and_then(|()| fs::write(&family.record, line)) {
            tracing::warn!(%error, "a server's process can't be recorded; it may outlive a wallet that is killed");
        }
        family
    }

    /// Asks every member to end.
    pub(super) fn ask(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills every member, until none is left, and forgets the family.
    pub(super) fn kill(&self) {
        // One that starts another while it is killed is found in the next round.
        for _ in 0..8 {
            if self.signal(Signal::KILL) == 0 {
                break;
            }
        }
        let _ = fs::remove_file(&self.record);
    }

    fn signal(&self, signal: Signal) -> usize {
        let members = self.members();
        for member in &members {
            if let Some(pid) = i32::try_from(member.pid).ok().and_then(Pid::from_raw) {
                // It may have ended meanwhile.
                let _ = kill_process(pid, signal);
            }
        }
        members.len()
    }

    /// Every running member: of the group, or descending from one of it.
    fn members(&self) -> Vec<Process> {
        let all = Process::all();
        let is_ours = |p: &Process| p.group == self.leader && p.started >= self.started;
        if all.iter().any(|p| p.pid == self.leader && p.started != self.started) {
            return Vec::new();
        }
        let mut ours: HashSet<u32> = all.iter().filter(|p| is_ours(p)).map(|p| p.pid).collect();
        loop {
            let known = ours.len();
            ours.extend(all.iter().filter(|p| ours.contains(&p.parent)).map(|p| p.pid).collect::<Vec<_>>());
            if ours.len() == known {
                break;
            }
        }
        all.into_iter().filter(|p| ours.contains(&p.pid) && !p.ended).collect()
    }

    /// The family a record tells of, unless the machine was started anew since.
    fn from_record(record: PathBuf) -> Option<Self> {
        let leader = record.file_name()?.to_str()?.strip_suffix(".child")?.parse().ok()?;
        let text = fs::read_to_string(&record).ok()?;
        let (started, boot) = text.split_once(' ')?;
        (boot == boot_id()).then_some(())?;
        Some(Self { leader, started: started.parse().ok()?, record })
    }
}

/// Ends the children of a wallet that was killed, by the records in `run_dir`. Says how many families there were. Call at
/// start, before any child of one's own, with the wallet's lock held. Blocking.
///
/// # Errors
/// When `run_dir` can't be read. A missing one is empty.
pub fn reap_leftovers(run_dir: &Path) -> io::Result<usize> {
    let entries = match fs::read_dir(run_dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let records: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let records = records.into_iter().filter(|path| path.extension().is_some_and(|e| e == "child"));
    let mut reaped = 0;
    for record in records {
        match Family::from_record(record.clone()) {
            Some(family) => reaped += usize::from(reap(&family)),
            None => fs::remove_file(record)?,
        }
    }
    Ok(reaped)
}

/// Ends a family in good order if it can be, and says whether there was one.
fn reap(family: &Family) -> bool {
    let found = family.signal(Signal::TERM) > 0;
    let deadline = Instant::now() + GRACE;
    while !family.members().is_empty() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(20));
    }
    family.kill();
    found
}

/// Tells one start of the machine from another: process ids and start times begin anew with each.
fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}
