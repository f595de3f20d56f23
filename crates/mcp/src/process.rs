//! Processes as `/proc` shows them (proc(5)).

use std::fs;
use std::io;

/// One process at one moment. Its start time tells it from a later one with the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    /// Clock ticks from boot.
    pub(crate) started: u64,
    /// It has ended, and only its exit status is still there.
    pub(crate) ended: bool,
}

impl Process {
    /// The process with this id.
    pub(crate) fn read(pid: u32) -> io::Result<Self> {
        // A command's name need not be UTF-8.
        let stat = fs::read(format!("/proc/{pid}/stat"))?;
        Self::parse(pid, &String::from_utf8_lossy(&stat))
            .ok_or_else(|| io::Error::other("/proc gives a line that can't be read"))
    }

    /// Every process there is.
    pub(crate) fn all() -> Vec<Self> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter_map(|pid| Self::read(pid).ok()).collect()
    }

    /// Whether it is still the same process, and running.
    pub(crate) fn lives(&self) -> bool {
        Self::read(self.pid).is_ok_and(|now| now.started == self.started && !now.ended)
    }

    /// A command's name may hold spaces and parentheses: fields count from the last one. The first after it is field 3.
    fn parse(pid: u32, stat: &str) -> Option<Self> {
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        Some(Self {
            pid,
            ended: matches!(*fields.first()?, "Z" | "X"),
            parent: fields.get(1)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_named_to_look_like_other_fields_changes_nothing() {
        let stat = "7 (x) R 1 1 (y) S 42 43 44 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 987 0";
        let process = Process::parse(7, stat).unwrap();
        assert_eq!((process.parent, process.started), (42, 987));
    }

    #[test]
    fn our_own_process_lives_and_one_with_another_start_does_not() {
        let us = Process::read(std::process::id()).unwrap();
        assert!(us.lives());
        assert!(!Process { started: us.started + 1, ..us }.lives());
    }
}
