//! One call, one decision.

use crate::{Asking, Candidate, Facts, Permit, Purpose};
use domain::{
    AgentState, ApprovalMode, Call, Delegation, DelegationState, Denial, Digest, Limits, Standing,
    TargetKind, Timestamp, ToolGrant,
};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// What becomes of a call.
#[derive(Debug)]
pub enum Decision {
    /// It may go.
    Allow(Permit),
    /// Only the human can say.
    Ask(Asking),
    /// It is refused.
    Deny(Denial),
}

/// Decides one call. Of several delegations the most generous answer counts: allowed before asked before refused; of
/// several refusals, the one that came closest to a yes.
#[must_use]
pub fn decide(facts: &Facts<'_>, now: Timestamp) -> Decision {
    if let Some(denial) = stopped(facts) {
        return Decision::Deny(denial);
    }
    let mut best = Decision::Deny(Denial::NotGranted);
    for candidate in facts.candidates {
        let next = weigh(facts, candidate, now);
        if rank(&next) > rank(&best) {
            best = next;
        }
    }
    best
}

/// What holds for the agent as a whole.
fn stopped(facts: &Facts<'_>) -> Option<Denial> {
    if facts.all_paused {
        return Some(Denial::AllPaused);
    }
    match facts.agent.state {
        AgentState::Paused => Some(Denial::AgentPaused),
        AgentState::Revoked => Some(Denial::AgentRevoked),
        AgentState::Pending => Some(Denial::AgentUnknown),
        AgentState::Enrolled if !facts.agent.knows(&facts.peer.program) => Some(Denial::AgentUnknown),
        AgentState::Enrolled => None,
    }
}

/// What one delegation says.
fn weigh(facts: &Facts<'_>, candidate: &Candidate<'_>, now: Timestamp) -> Decision {
    let (call, delegation) = (facts.call, candidate.delegation);
    let Some(grant) = delegation.grant(&call.server).filter(|grant| grant.names(&call.target)) else {
        return Decision::Deny(Denial::NotGranted);
    };
    if delegation.agent != call.agent {
        return Decision::Deny(Denial::NotGranted);
    }
    if let Some(denial) = not_in_force(delegation, now) {
        return Decision::Deny(denial);
    }
    match call.target.kind {
        TargetKind::Resource | TargetKind::Prompt => Decision::Allow(permit(call, delegation, None, now)),
        TargetKind::Tool => match grant.tool(&call.target.name) {
            Some(tool) => weigh_tool(facts, candidate, tool, now),
            None => Decision::Deny(Denial::NotGranted),
        },
    }
}

fn not_in_force(delegation: &Delegation, now: Timestamp) -> Option<Denial> {
    match delegation.state(now) {
        DelegationState::Active => None,
        DelegationState::NotYet => Some(Denial::NotYet { from: delegation.not_before }),
        DelegationState::Expired | DelegationState::Spent => Some(Denial::Expired),
        DelegationState::Revoked => Some(Denial::Revoked),
    }
}

fn weigh_tool(facts: &Facts<'_>, candidate: &Candidate<'_>, tool: &ToolGrant, now: Timestamp) -> Decision {
    let Some(definition) = facts.definition else {
        return Decision::Deny(Denial::ToolGone);
    };
    if definition != tool.definition {
        return Decision::Deny(Denial::ToolChanged);
    }
    if tool.arguments.is_some() {
        // A limit this version can't check is a limit nothing is inside of.
        return Decision::Deny(Denial::ArgumentsOutside);
    }
    if let Some(denial) = over_budget(candidate, &tool.limits) {
        return Decision::Deny(denial);
    }
    let permit = permit(facts.call, candidate.delegation, Some(definition), now);
    if tool.approval == ApprovalMode::Never {
        return Decision::Allow(permit);
    }
    match facts.standing.iter().find(|yes| covers(yes, &permit, facts.call, now)) {
        Some(yes) => Decision::Allow(Permit { approval: Some(yes.approval.clone()), ..permit }),
        None => Decision::Ask(Asking::new(permit, facts.call, tool.approval, candidate.delegation.expires)),
    }
}

fn over_budget(candidate: &Candidate<'_>, limits: &Limits) -> Option<Denial> {
    let used = candidate.used;
    if let Some(limit) = limits.calls.filter(|limit| used.calls >= *limit) {
        return Some(Denial::CallsSpent { limit });
    }
    let limit = limits.per_minute.filter(|limit| used.last_minute >= *limit)?;
    let oldest = used.oldest_in_minute.unwrap_or(Timestamp::from_micros(0));
    Some(Denial::TooFast { limit, retry_after: oldest.plus(MINUTE) })
}

/// Whether an earlier yes reaches this call: the same agent, server, target, definition, delegation, and arguments, unless it
/// was a yes to the tool.
fn covers(yes: &Standing, permit: &Permit, call: &Call, now: Timestamp) -> bool {
    yes.agent == call.agent
        && yes.server == call.server
        && yes.target == call.target
        && yes.definition == permit.definition
        && Some(&yes.delegation) == permit.delegation.as_ref()
        && yes.digest.is_none_or(|digest| digest == call.digest)
        && yes.session.as_ref().is_none_or(|session| *session == call.session)
        && yes.until.is_none_or(|until| now < until)
}

fn permit(call: &Call, delegation: &Delegation, definition: Option<Digest>, now: Timestamp) -> Permit {
    Permit {
        purpose: Purpose::Call,
        agent: Some(call.agent.clone()),
        server: call.server.clone(),
        delegation: Some(delegation.id.clone()),
        definition,
        digest: Some(call.digest),
        approval: None,
        expires: now.plus(Permit::LIFE).min(delegation.expires),
    }
}

/// How good a decision is for the agent. Denials are ordered by how far the call came.
const fn rank(decision: &Decision) -> u8 {
    match decision {
        Decision::Allow(_) => 100,
        Decision::Ask(_) => 99,
        Decision::Deny(denial) => match denial {
            Denial::TooFast { .. } => 9,
            Denial::CallsSpent { .. } => 8,
            Denial::ArgumentsOutside => 7,
            Denial::ToolChanged => 6,
            Denial::ToolGone => 5,
            Denial::NotYet { .. } => 4,
            Denial::Revoked => 3,
            Denial::Expired => 2,
            Denial::NotGranted => 0,
            Denial::AgentPaused
            | Denial::AgentRevoked
            | Denial::AgentUnknown
            | Denial::AllPaused
            | Denial::HumanDenied
            | Denial::Unanswered
            | Denial::TooManyQuestions
            | Denial::Locked
            | Denial::LedgerUnavailable
            | Denial::ClockBehind
            | Denial::ServerChanged => 1,
        },
    }
}
