//! How much there is of everything that comes and goes: what stays when all have left has leaked.

use crate::Broker;
use serde::{Deserialize, Serialize};
use std::fs;

/// Counts, as of now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gauges {
    /// Agents' connections.
    pub sessions: usize,
    /// Ways to servers that are open.
    pub links: usize,
    /// Calls on their way, those that wait for the human among them.
    pub calls: usize,
    /// Agents' requests under way.
    pub requests: usize,
    /// Answers that servers owe.
    pub awaited: usize,
    /// Questions of servers that agents have yet to answer.
    pub asked: usize,
    /// Calls that wait for their agent to come again.
    pub parked: usize,
    /// Questions that wait for the human.
    pub questions: usize,
    /// Tasks of the runtime.
    pub tasks: usize,
    /// Processes that it has started; none where that can't be told.
    pub children: Option<usize>,
    /// Open file descriptors, sockets among them; none where that can't be told.
    pub fds: Option<usize>,
    /// Resident memory in KiB; none where that can't be told.
    pub memory_kib: Option<usize>,
}

impl Broker {
    /// How much there is now of all that comes and goes.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        let mut gauges = Gauges {
            questions: self.0.desk.questions().len(),
            tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
            children: children(),
            fds: fds(),
            memory_kib: memory_kib(),
            ..Gauges::default()
        };
        self.0.sessions.count(&mut gauges);
        gauges
    }
}

fn children() -> Option<usize> {
    let tasks = fs::read_dir("/proc/self/task").ok()?.flatten();
    let lists = tasks.map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.map(|list| Some(list?.split_whitespace().count())).sum()
}

fn fds() -> Option<usize> {
    // The folder itself is open while it is read.
    fs::read_dir("/proc/self/fd").ok()?.count().checked_sub(1)
}

fn memory_kib() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
