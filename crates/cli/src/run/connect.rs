//! The stdio shim. No runtime, no client, no page: what an agent starts must be small and ready at once.

use crate::Failure;
use crate::args::Connect;
use broker::Home;
use mcp::handshake::EnrolmentKey;
use mcp::shim::{self, ShimOptions};
use std::io::{ErrorKind, Read};
use zeroize::Zeroizing;

/// Longer than any enrolment file.
const MAX_KEY: u64 = 4096;

/// `countersign connect …`
pub(super) fn run(home: &Home, Connect { agent }: Connect) -> Result<(), Failure> {
    let path = home.enrolment_path(&agent);
    let unreadable = |error: std::io::Error| {
        if error.kind() == ErrorKind::NotFound {
            Failure::Refused(format!(
                "no agent {agent} was added to this wallet; run `countersign agent add {agent}`, or correct --agent or --home"
            ))
        } else {
            Failure::Failed(format!("can't read {}: {error}; check that it belongs to you", path.display()))
        }
    };
    let mut text = Zeroizing::new(String::with_capacity(128));
    std::fs::File::open(&path)
        .and_then(|file| file.take(MAX_KEY).read_to_string(&mut text))
        .map_err(unreadable)?;
    let key = EnrolmentKey::parse(&text).ok_or_else(|| {
        Failure::Failed(format!(
            "{} is damaged; revoke the agent and add it again under another name",
            path.display()
        ))
    })?;
    Ok(shim::run(ShimOptions { socket: home.agent_socket(), agent, key })?)
}
