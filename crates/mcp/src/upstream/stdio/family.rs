//! A child and everything it started, so that nothing outlives its session: not by closing, dropping, or a killed wallet.

use crate::process::Process;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How long [`reap_leftovers`] lets them end in good order.
const GRACE: Duration = Duration::from_secs(1);
/// How often, and with which pause, a family is killed before it is given up.
const ROUNDS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(2);

/// What everything a child starts inherits, also when it leaves the group and its parents have ended: one variable in its
/// environment. No secret.
#[derive(Debug)]
pub(super) struct Mark(String);

impl Mark {
    pub(super) const VARIABLE: &'static str = "COUNTERSIGN_SERVER";

    pub(super) fn make() -> io::Result<Self> {
        let mut bytes = [0; 12];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn is_on(&self, process: &Process) -> bool {
        let Ok(environment) = fs::read(format!("/proc/{}/environ", process.pid)) else { return false };
        let mark = format!("{}={}", Self::VARIABLE, self.0);
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    }
}

/// A child, its process group, and what has left the group: all that carry its mark or descend from one that does.
#[derive(Debug)]
pub(super) struct Family {
    leader: u32,
    started: u64,
    mark: Mark,
    record: PathBuf,
}

impl Family {
    /// The family of the child `pid`, which leads a group of its own. Its record in `run_dir` is what
    /// [`reap_leftovers`] finds if this process is killed.
    pub(super) fn record(pid: u32, mark: Mark, run_dir: PathBuf) -> Self {
        let started = Process::read(pid).map(|leader| leader.started).unwrap_or_default();
        let line = format!("{started} {} {}", mark.as_str(), boot_id());
        let family = Self { leader: pid, started, mark, record: run_dir.join(format!("{pid}.child")) };
        if let Err(error) = write_private(&run_dir, &family.record, &line) {
            tracing::warn!(%error, "a server's process can't be recorded; it may outlive a wallet that is killed");
        }
        family
    }

    /// Asks every member to end.
    pub(super) fn ask(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills every member, until none is left, and forgets the family. Blocking, normally a few milliseconds.
    pub(super) fn kill(&self) {
        // One that starts another while it is killed is found in the next round.
        for _ in 0..ROUNDS {
            if self.signal(Signal::KILL) == 0 {
                // A record that can't be removed is found to be of nobody at the next start.
                let _ = fs::remove_file(&self.record);
                return;
            }
            thread::sleep(PAUSE);
        }
        tracing::warn!(leader = self.leader, "a server's processes can't be killed");
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

    /// Every running member.
    fn members(&self) -> Vec<Process> {
        let all = Process::all();
        let mut ours: HashSet<u32> = all.iter().filter(|p| self.is_kin(p)).map(|p| p.pid).collect();
        loop {
            let known = ours.len();
            let children = all.iter().filter(|p| ours.contains(&p.parent)).map(|p| p.pid);
            ours.extend(children.collect::<Vec<_>>());
            if ours.len() == known {
                break;
            }
        }
        all.into_iter().filter(|p| ours.contains(&p.pid) && !p.ended).collect()
    }

    /// Whether it belongs to the family by itself: it was not there before, and is the child, or carries the mark.
    fn is_kin(&self, process: &Process) -> bool {
        let is_leader = process.pid == self.leader && process.started == self.started;
        process.started >= self.started && (is_leader || self.mark.is_on(process))
    }

    /// The family a record tells of, unless the machine was started anew since.
    fn from_record(record: PathBuf) -> Option<Self> {
        let leader = record.file_name()?.to_str()?.strip_suffix(".child")?.parse().ok()?;
        let text = fs::read_to_string(&record).ok()?;
        let (started, rest) = text.split_once(' ')?;
        let (mark, boot) = rest.split_once(' ')?;
        (boot == boot_id()).then_some(())?;
        Some(Self { leader, started: started.parse().ok()?, mark: Mark(mark.to_owned()), record })
    }
}

fn write_private(dir: &Path, path: &Path, line: &str) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(line.as_bytes())
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
