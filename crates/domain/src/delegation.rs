//! A delegation: what a human signed for one agent.
//!
//! ```text
//! Draft ──sign──► Active ──► Expired   (by the clock)
//!                   ├──────► Revoked   (by the human, for good)
//!                   └──────► Spent     (its budget is used up)
//! ```
//! A draft is a `Delegation` not signed yet; only signed ones are stored. Expired and spent are readings of the clock and
//! of the record, so nothing has to be written for them to hold; revoked is written.

use crate::{AgentName, DelegationId, Grant, ServerName, Timestamp};
use serde::{Deserialize, Serialize};

/// What a human lets one agent do: everything here is signed (formats, §2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delegation {
    /// `jti`.
    pub id: DelegationId,
    /// Who may.
    pub agent: AgentName,
    /// What, server by server. Empty: nothing.
    pub grants: Vec<Grant>,
    /// When it was signed.
    pub issued: Timestamp,
    /// From when it holds.
    pub not_before: Timestamp,
    /// Until when, exclusive. At most 90 days after `issued`.
    pub expires: Timestamp,
    /// How many further hops are allowed.
    pub depth: u8,
    /// The delegation this one narrows, if any.
    pub parent: Option<DelegationId>,
    /// When the human revoked it.
    pub revoked: Option<Timestamp>,
}

/// Where a delegation stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelegationState {
    /// Signed, but its time has not come.
    NotYet,
    /// Holds.
    Active,
    /// Its time is over.
    Expired,
    /// The human took it back.
    Revoked,
    /// Every limit in it is used up.
    Spent,
}

impl Delegation {
    /// The longest a delegation may live: 90 days (formats, §2).
    pub const MAX_LIFE: std::time::Duration = std::time::Duration::from_hours(90 * 24);

    /// Where it stands by record and clock; the budget is not looked at.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> DelegationState {
        if self.revoked.is_some() {
            DelegationState::Revoked
        } else if now >= self.expires {
            DelegationState::Expired
        } else if now < self.not_before {
            DelegationState::NotYet
        } else {
            DelegationState::Active
        }
    }

    /// The grant for a server, if there is one.
    #[must_use]
    pub fn grant(&self, server: &ServerName) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.server == *server)
    }
}
