//! What an agent is shown. Deny is an absent line, not a special case.

use domain::{
    Agent, AgentState, Delegation, DelegationState, Digest, Grant, ServerName, Target, TargetKind, Timestamp,
};
use std::collections::HashMap;

/// What of one server an agent is shown: whatever some delegation in force names, tools as long as they still are what the human
/// saw. Showing grants nothing; every call is decided by itself.
#[derive(Debug, Default)]
pub struct Sight<'a> {
    grants: Vec<&'a Grant>,
    tools: HashMap<&'a str, Vec<Digest>>,
}

impl<'a> Sight<'a> {
    /// What `agent` is shown of `server` now.
    #[must_use]
    pub fn of(
        agent: &Agent,
        delegations: impl IntoIterator<Item = &'a Delegation>,
        server: &ServerName,
        now: Timestamp,
    ) -> Self {
        let mut sight = Self::default();
        for grant in in_force(agent, delegations, now).filter(|grant| grant.server == *server) {
            sight.grants.push(grant);
            for tool in &grant.tools {
                sight.tools.entry(&tool.name).or_default().push(tool.definition);
            }
        }
        sight
    }

    /// Whether it is shown a thing of this kind and name. `definition`: what a tool is now.
    #[must_use]
    pub fn shows(&self, target: &Target, definition: Option<Digest>) -> bool {
        match target.kind {
            TargetKind::Tool => {
                let pinned = self.tools.get(target.name.as_str());
                definition.is_some_and(|definition| pinned.is_some_and(|pins| pins.contains(&definition)))
            }
            TargetKind::Resource | TargetKind::Prompt => self.grants.iter().any(|grant| grant.names(target)),
        }
    }

    /// The tools that are granted, by the server's own names; whether each still is what it was is another matter.
    pub fn tools(&self) -> impl Iterator<Item = &'a str> {
        self.tools.keys().copied()
    }
}

/// Whether `target` on `server` is shown to `agent`; see [`Sight`].
#[must_use]
pub fn visible(
    agent: &Agent,
    delegations: &[Delegation],
    server: &ServerName,
    target: &Target,
    definition: Option<Digest>,
    now: Timestamp,
) -> bool {
    Sight::of(agent, delegations, server, now).shows(target, definition)
}

/// The servers of which `agent` may be shown something of this kind: no other need be asked for a list of it.
#[must_use]
pub fn shown_of<'a>(
    agent: &Agent,
    delegations: impl IntoIterator<Item = &'a Delegation>,
    kind: TargetKind,
    now: Timestamp,
) -> Vec<&'a ServerName> {
    let any = |grant: &&Grant| match kind {
        TargetKind::Tool => !grant.tools.is_empty(),
        TargetKind::Resource => !grant.resources.is_empty(),
        TargetKind::Prompt => !grant.prompts.is_empty(),
    };
    let mut servers: Vec<_> =
        in_force(agent, delegations, now).filter(any).map(|grant| &grant.server).collect();
    servers.sort_unstable();
    servers.dedup();
    servers
}

/// When what is shown changes next by the clock alone: a delegation begins to hold, or ends.
pub fn shown_until<'a>(
    delegations: impl IntoIterator<Item = &'a Delegation>,
    now: Timestamp,
) -> Option<Timestamp> {
    let edges = delegations
        .into_iter()
        .filter(|delegation| delegation.revoked.is_none())
        .flat_map(|delegation| [delegation.not_before, delegation.expires]);
    edges.filter(|edge| *edge > now).min()
}

/// The first grant for each server counts, as in [`Delegation::grant`].
fn in_force<'a>(
    agent: &Agent,
    delegations: impl IntoIterator<Item = &'a Delegation>,
    now: Timestamp,
) -> impl Iterator<Item = &'a Grant> {
    let holds = move |delegation: &&Delegation| {
        agent.state == AgentState::Enrolled
            && delegation.agent == agent.name
            && delegation.state(now) == DelegationState::Active
    };
    delegations.into_iter().filter(holds).flat_map(|delegation| {
        let grants = &delegation.grants;
        let first = |at: usize| grants[..at].iter().all(|earlier| earlier.server != grants[at].server);
        grants.iter().enumerate().filter(move |(at, _)| first(*at)).map(|(_, grant)| grant)
    })
}
