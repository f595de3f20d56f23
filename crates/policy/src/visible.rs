//! What an agent is shown. Deny is an absent line, not a special case.

use domain::{
    Agent, AgentState, Delegation, DelegationState, Digest, ServerName, Target, TargetKind, Timestamp,
};

/// Whether `target` on `server` is shown to `agent`: some delegation in force names it, and a tool is still what the human
/// saw. Showing grants nothing; every call is decided by itself.
#[must_use]
pub fn visible(
    agent: &Agent,
    delegations: &[Delegation],
    server: &ServerName,
    target: &Target,
    definition: Option<Digest>,
    now: Timestamp,
) -> bool {
    agent.state == AgentState::Enrolled
        && delegations.iter().any(|delegation| {
            delegation.agent == agent.name
                && delegation.state(now) == DelegationState::Active
                && delegation.grant(server).is_some_and(|grant| match target.kind {
                    TargetKind::Tool => {
                        grant.tool(&target.name).is_some_and(|tool| Some(tool.definition) == definition)
                    }
                    TargetKind::Resource | TargetKind::Prompt => grant.names(target),
                })
        })
}
