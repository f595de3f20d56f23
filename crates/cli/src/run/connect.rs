//! The stdio shim. No runtime, no client, no page: what an agent starts must be small and ready at once.

use crate::Failure;
use crate::args::Connect;
use broker::Home;
use domain::{AgentName, Endpoint};
use mcp::handshake::EnrolmentKey;
use mcp::shim::{self, ShimOptions};
use std::io::{ErrorKind, Read};
use zeroize::Zeroizing;

/// Longer than any enrolment file.
const MAX_KEY: u64 = 4096;

/// `countersign connect …`
pub(super) fn run(home: &Home, Connect { agent, server }: Connect) -> Result<(), Failure> {
    let key = key(home, &agent).inspect_err(|failure| shim::answer_first_request(&failure.to_string()))?;
    let scope = server.map_or(Endpoint::All, Endpoint::One);
    Ok(shim::run(ShimOptions { socket: home.agent_socket(), agent, scope, key })?)
}

/// The agent's secret, as the wallet left it for the shim.
fn key(home: &Home, agent: &AgentName) -> Result<EnrolmentKey, Failure> {
    let path = home.enrolment_path(agent);
    let unreadable = |error: std::io::Error| {
        if error.kind() == ErrorKind::NotFound {
            Failure::Refused(format!(
                "this wallet has no agent {agent}, or it was revoked; run `countersign agent add NAME`, or correct --agent or --home"
            ))
        } else {
            Failure::Failed(format!("can't read {}: {error}; check that it belongs to you", path.display()))
        }
    };
    let mut text = Zeroizing::new(String::with_capacity(128));
    std::fs::File::open(&path)
        .and_then(|file| file.take(MAX_KEY).read_to_string(&mut text))
        .map_err(unreadable)?;
    EnrolmentKey::parse(&text).ok_or_else(|| {
        Failure::Failed(format!(
            "{} is damaged; revoke the agent and add it again under another name",
            path.display()
        ))
    })
}
