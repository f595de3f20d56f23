//! A question becomes a permit only by a human's answer to exactly this call.

use crate::Permit;
use domain::{Answer, ApprovalId, ApprovalMode, Call, Denial, Reach, SessionId, Standing, Target, Timestamp};

/// A call that waits for the human. Holds what the permit will be, and shows it to nobody.
#[must_use = "a question that is dropped is never asked"]
#[derive(Debug)]
pub struct Asking {
    permit: Permit,
    target: Target,
    session: SessionId,
    mode: ApprovalMode,
    delegation_ends: Timestamp,
}

/// What an answer gave.
#[derive(Debug)]
pub struct Settled {
    /// Leave for this call.
    pub permit: Permit,
    /// What to remember for later calls, if anything.
    pub standing: Option<Standing>,
}

impl Asking {
    pub(crate) fn new(permit: Permit, call: &Call, mode: ApprovalMode, delegation_ends: Timestamp) -> Self {
        Self { permit, target: call.target.clone(), session: call.session.clone(), mode, delegation_ends }
    }

    /// What the delegation says about asking.
    pub const fn mode(&self) -> ApprovalMode {
        self.mode
    }

    /// What is known of the call: agent, server, delegation, definition, digest.
    pub const fn permit(&self) -> &Permit {
        &self.permit
    }
}

/// Turns the human's answer into a permit, or into a denial.
///
/// # Errors
/// [`Denial::HumanDenied`] for a no; [`Denial::Expired`] when the delegation ended while the human thought.
pub fn settle(
    asking: Asking,
    approval: ApprovalId,
    answer: Answer,
    now: Timestamp,
) -> Result<Settled, Denial> {
    let Answer::Allow { reach } = answer else {
        return Err(Denial::HumanDenied);
    };
    if now >= asking.delegation_ends {
        return Err(Denial::Expired);
    }
    let standing = remember(&asking, approval, reach);
    let expires = now.plus(Permit::LIFE).min(asking.delegation_ends);
    Ok(Settled { permit: Permit { expires, ..asking.permit }, standing })
}

/// What a yes says about later calls. One that may not reach so far is for this call alone.
fn remember(asking: &Asking, approval: ApprovalId, reach: Reach) -> Option<Standing> {
    let exact = asking.permit.digest;
    let (digest, session, until) = match reach {
        Reach::Tool if reach.fits(asking.mode) => (None, Some(asking.session.clone()), None),
        Reach::Once | Reach::Tool => return None,
        Reach::Session => (exact, Some(asking.session.clone()), None),
        Reach::Until { until } => (exact, None, Some(until)),
        Reach::Always => (exact, None, None),
    };
    Some(Standing {
        approval,
        agent: asking.permit.agent.clone()?,
        server: asking.permit.server.clone(),
        target: asking.target.clone(),
        definition: asking.permit.definition,
        digest,
        delegation: asking.permit.delegation.clone()?,
        session,
        until,
    })
}
