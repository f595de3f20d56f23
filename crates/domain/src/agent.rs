//! An agent: a program the human lets work, with a key the wallet keeps for it.
//!
//! ```text
//! Pending ──enrol──► Enrolled ◄──resume── Paused
//!    │                  │ └────pause──────►  │
//!    └───────revoke─────┴──────revoke────────┴──► Revoked
//! ```
//! Pending: named, but no human has accepted a program for it yet.

use crate::{AgentName, Program, PublicKey, Timestamp};
use serde::{Deserialize, Serialize};

/// An agent as the wallet knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Unique name.
    pub name: AgentName,
    /// `did:key` of its holder key.
    pub did: String,
    /// The holder key; its secret half stays in the vault.
    pub key: PublicKey,
    /// Where it stands.
    pub state: AgentState,
    /// Programs the human accepted for it. Empty while pending.
    pub programs: Vec<Program>,
    /// When it was added.
    pub added: Timestamp,
    /// Whether it finds its tools by searching for them.
    #[serde(default)]
    pub search: ToolSearch,
}

/// Whether an agent is shown all its tools, or two of the wallet's own by which it finds and calls them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolSearch {
    /// It is shown all of them.
    #[default]
    Off,
    /// It searches.
    On,
    /// It searches once there are more than so many.
    Above(u32),
}

impl ToolSearch {
    /// Whether an agent searches that could be shown so many tools.
    #[must_use]
    pub const fn holds(self, tools: usize) -> bool {
        match self {
            Self::Off => false,
            Self::On => true,
            Self::Above(few) => tools > few as usize,
        }
    }
}

/// Where an agent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Waiting for its first accepted connection.
    Pending,
    /// May act within its delegations.
    Enrolled,
    /// Refused for now.
    Paused,
    /// Refused for good.
    Revoked,
}

/// A step the chart above does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an agent that is {from:?} can't become {to:?}")]
pub struct Illegal {
    /// Where it stands.
    pub from: AgentState,
    /// Where it was to go.
    pub to: AgentState,
}

impl Agent {
    /// The human accepted `program`: a pending agent becomes enrolled, an enrolled one knows one program more.
    ///
    /// # Errors
    /// [`Illegal`] when paused or revoked.
    pub fn enrol(&mut self, program: Program) -> Result<(), Illegal> {
        match self.state {
            AgentState::Pending | AgentState::Enrolled => {
                self.state = AgentState::Enrolled;
                if !self.knows(&program) {
                    self.programs.push(program);
                }
                Ok(())
            }
            AgentState::Paused | AgentState::Revoked => Err(self.illegal(AgentState::Enrolled)),
        }
    }

    /// Stops it for now. Pausing a paused agent changes nothing.
    ///
    /// # Errors
    /// [`Illegal`] when pending or revoked.
    pub fn pause(&mut self) -> Result<(), Illegal> {
        match self.state {
            AgentState::Enrolled | AgentState::Paused => {
                self.state = AgentState::Paused;
                Ok(())
            }
            AgentState::Pending | AgentState::Revoked => Err(self.illegal(AgentState::Paused)),
        }
    }

    /// Lets a paused agent work again.
    ///
    /// # Errors
    /// [`Illegal`] when pending or revoked.
    pub fn resume(&mut self) -> Result<(), Illegal> {
        match self.state {
            AgentState::Enrolled | AgentState::Paused => {
                self.state = AgentState::Enrolled;
                Ok(())
            }
            AgentState::Pending | AgentState::Revoked => Err(self.illegal(AgentState::Enrolled)),
        }
    }

    /// Ends it for good, from every state.
    pub fn revoke(&mut self) {
        self.state = AgentState::Revoked;
    }

    /// Whether the human has accepted exactly this program, path and content.
    #[must_use]
    pub fn knows(&self, program: &Program) -> bool {
        self.programs.contains(program)
    }

    const fn illegal(&self, to: AgentState) -> Illegal {
        Illegal { from: self.state, to }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Digest;

    fn agent() -> Agent {
        Agent {
            name: AgentName::parse("claude").unwrap(),
            did: "did:key:z6Mk".into(),
            key: PublicKey([0; 32]),
            state: AgentState::Pending,
            programs: vec![],
            added: Timestamp::from_seconds(0),
            search: ToolSearch::Off,
        }
    }

    fn program(content: u8) -> Program {
        Program { path: "/usr/bin/claude".into(), sha256: Digest::new([content; 32]) }
    }

    #[test]
    fn a_changed_binary_at_the_same_path_is_not_known() {
        let mut agent = agent();
        agent.enrol(program(1)).unwrap();
        assert!(agent.knows(&program(1)));
        assert!(!agent.knows(&program(2)));
    }

    #[test]
    fn nothing_leads_out_of_revoked() {
        let mut agent = agent();
        agent.enrol(program(1)).unwrap();
        agent.revoke();
        assert!(agent.enrol(program(1)).is_err());
        assert!(agent.resume().is_err());
        assert!(agent.pause().is_err());
        assert_eq!(agent.state, AgentState::Revoked);
    }

    #[test]
    fn a_pending_agent_can_not_be_resumed_into_being_enrolled() {
        assert!(agent().resume().is_err());
    }
}
