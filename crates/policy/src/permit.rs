//! The one thing that opens the vault.

use domain::{AgentName, ApprovalId, DelegationId, Digest, ServerName, Timestamp};
use std::time::Duration;

/// Leave to use one server's credential once. Only this crate makes one; it can't be copied or stored, and is used by
/// giving it away.
///
/// ```compile_fail
/// fn twice(permit: policy::Permit) -> (policy::Permit, policy::Permit) {
///     (permit.clone(), permit)
/// }
/// ```
/// ```compile_fail
/// let forged = policy::Permit { ..unimplemented!() };
/// ```
#[must_use = "a permit that is dropped lets nothing through"]
#[derive(Debug)]
pub struct Permit {
    pub(crate) purpose: Purpose,
    pub(crate) agent: Option<AgentName>,
    pub(crate) server: ServerName,
    pub(crate) delegation: Option<DelegationId>,
    pub(crate) definition: Option<Digest>,
    pub(crate) digest: Option<Digest>,
    pub(crate) approval: Option<ApprovalId>,
    pub(crate) expires: Timestamp,
}

/// What a permit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// One decided call.
    Call,
    /// Protocol housekeeping with a server on which the agent is granted something: handshake, lists, cancellation.
    Session,
    /// The human looks at their own server.
    Owner,
}

impl Permit {
    /// How long a permit holds: it is made and used within one call's journey.
    pub(crate) const LIFE: Duration = Duration::from_secs(60);

    /// What it is for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// For which agent; none for the human's own look.
    #[must_use]
    pub const fn agent(&self) -> Option<&AgentName> {
        self.agent.as_ref()
    }

    /// For which server.
    #[must_use]
    pub const fn server(&self) -> &ServerName {
        &self.server
    }

    /// Under which delegation.
    #[must_use]
    pub const fn delegation(&self) -> Option<&DelegationId> {
        self.delegation.as_ref()
    }

    /// For which definition of the tool.
    #[must_use]
    pub const fn definition(&self) -> Option<Digest> {
        self.definition
    }

    /// For which name and arguments.
    #[must_use]
    pub const fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// By which earlier yes that still holds, if by one.
    #[must_use]
    pub const fn approval(&self) -> Option<&ApprovalId> {
        self.approval.as_ref()
    }

    /// Until when, exclusive.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }
}
