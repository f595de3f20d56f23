//! Who may connect, and who may talk to a server at all.

use crate::{Permit, Purpose};
use domain::{Agent, AgentState, Delegation, DelegationState, Denial, Digest, Peer, ServerName, Timestamp};

/// What becomes of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// The human has accepted this program for this agent.
    Welcome,
    /// The human has to look: a first connection, or another program than before.
    Ask {
        /// Whether the agent was known with another program.
        changed: bool,
    },
    /// Refused without a question.
    Refuse(Denial),
}

/// What a connection is compared with: the wallet's own user, and its own shim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    /// The user the wallet runs as.
    pub uid: u32,
    /// What is in the `countersign` of this installation; none where it is not found, and then nobody is let in.
    pub shim: Option<Digest>,
}

/// Decides whether a process that proved it holds an agent's secret may speak for that agent. It must be this wallet's own
/// shim, whatever its place: no other program speaks for the one that started it.
#[must_use]
pub fn connect(agent: &Agent, peer: &Peer, own: Own) -> Connection {
    let is_ours = peer.shim.as_ref().is_none_or(|shim| Some(shim.sha256) == own.shim);
    if peer.uid != own.uid || !is_ours {
        return Connection::Refuse(Denial::AgentUnknown);
    }
    match agent.state {
        AgentState::Revoked => Connection::Refuse(Denial::AgentRevoked),
        AgentState::Pending => Connection::Ask { changed: false },
        // A paused agent may stay connected: its calls are refused one by one, and work again on resume.
        AgentState::Enrolled | AgentState::Paused if agent.knows(&peer.program) => Connection::Welcome,
        AgentState::Paused => Connection::Refuse(Denial::AgentPaused),
        AgentState::Enrolled => Connection::Ask { changed: true },
    }
}

/// Leave for protocol housekeeping with one server: handshake, lists, cancellation. Needs a delegation in force that grants
/// something there.
///
/// # Errors
/// The [`Denial`] that says why not.
pub fn admit(
    agent: &Agent,
    all_paused: bool,
    delegations: &[Delegation],
    server: &ServerName,
    now: Timestamp,
) -> Result<Permit, Denial> {
    match agent.state {
        AgentState::Enrolled if all_paused => return Err(Denial::AllPaused),
        AgentState::Enrolled => {}
        AgentState::Paused => return Err(Denial::AgentPaused),
        AgentState::Revoked => return Err(Denial::AgentRevoked),
        AgentState::Pending => return Err(Denial::AgentUnknown),
    }
    let in_force = |delegation: &&Delegation| {
        delegation.agent == agent.name
            && delegation.state(now) == DelegationState::Active
            && delegation.grant(server).is_some()
    };
    let Some(delegation) = delegations.iter().find(in_force) else {
        return Err(Denial::NotGranted);
    };
    Ok(Permit {
        purpose: Purpose::Session,
        agent: Some(agent.name.clone()),
        server: server.clone(),
        delegation: Some(delegation.id.clone()),
        definition: None,
        digest: None,
        approval: None,
        expires: now.plus(Permit::LIFE).min(delegation.expires),
    })
}

/// Leave for what is the human's own: a look at which tools a server has, whether the login works, and leave taken of a server
/// when an agent's session ends. No call of an agent's is made with it.
pub fn for_owner(server: &ServerName, now: Timestamp) -> Permit {
    Permit {
        purpose: Purpose::Owner,
        agent: None,
        server: server.clone(),
        delegation: None,
        definition: None,
        digest: None,
        approval: None,
        expires: now.plus(Permit::LIFE),
    }
}
