//! Looking at processes from outside, and waiting for what has no event.

use crate::wallet::PATIENCE;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// Waits until `done`.
pub async fn until(done: impl Fn() -> bool) {
    until_async(async || done()).await;
}

/// Waits until `done`.
pub async fn until_async(done: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done().await {
        assert!(Instant::now() < deadline, "what was waited for did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The processes that `pid` has started, and those that they have started.
#[must_use]
pub fn children(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let own: Vec<u32> = lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect();
    own.iter().flat_map(|child| std::iter::once(*child).chain(children(*child))).collect()
}

/// The TCP addresses on which process `pid` listens.
#[must_use]
pub fn listening(pid: u32) -> Vec<String> {
    let fds = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let links = fds.filter_map(|fd| std::fs::read_link(fd.path()).ok());
    let sockets: HashSet<String> = links
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let tables = ["tcp", "tcp6"]
        .map(|table| std::fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default());
    let rows = tables
        .iter()
        .flat_map(|table| table.lines().skip(1))
        .map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row[3] == "0A" && sockets.contains(row[9])).map(|row| address(row[1])).collect()
}

/// `0100007F:1F90` is `127.0.0.1:8080`; anything longer is an IPv6 address and stays as it is.
fn address(hex: &str) -> String {
    let (host, port) = hex.split_once(':').unwrap();
    let port = u16::from_str_radix(port, 16).unwrap();
    match u32::from_str_radix(host, 16) {
        Ok(host) => format!("{}:{port}", std::net::Ipv4Addr::from(host.swap_bytes())),
        Err(_) => hex.to_owned(),
    }
}
