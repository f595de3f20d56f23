//! Agents and their grants.

use super::{receipt, record};
use crate::shell::Shell;
use crate::view;
use broker::record::Filter;
use broker::{Broker, DelegationView};
use domain::{Agent, AgentName, DelegationState, Grant, ToolGrant};

/// So many of an agent's last calls are shown with it.
const LAST: usize = 10;

/// An agent in the list.
pub(crate) fn agent(broker: &Broker, agent: &Agent) -> view::Agent {
    let sessions = broker.connected().iter().filter(|(name, _)| *name == agent.name).count();
    let held = broker.delegations().iter().filter(|held| holds_for(held, &agent.name)).count();
    view::Agent {
        name: agent.name.clone(),
        state: agent.state,
        sessions: count(sessions),
        delegations: count(held),
        last_call: receipt::last(broker, &agent.name, 1).ok().and_then(|last| Some(last.first()?.at)),
    }
}

/// Everything about one agent.
pub(crate) fn agent_detail(shell: &Shell, broker: &Broker, agent: &Agent) -> view::AgentDetail {
    let of = Filter { agent: Some(agent.name.clone()), ..Filter::default() };
    let programs = agent.programs.iter().map(|known| program(known, None));
    let mut held: Vec<_> =
        broker.delegations().into_iter().filter(|held| held.delegation.agent == agent.name).collect();
    held.sort_by_key(|held| {
        (held.state != DelegationState::Active, std::cmp::Reverse(held.delegation.issued))
    });
    view::AgentDetail {
        agent: self::agent(broker, agent),
        did: agent.did.clone(),
        programs: programs.collect(),
        grants: held.iter().flat_map(|held| grants(shell, broker, held)).collect(),
        today: record::today(broker, of.clone()).unwrap_or_default(),
        notches: record::notches(broker, of, record::midnight(broker.now())).unwrap_or_default(),
        last: receipt::last(broker, &agent.name, LAST).unwrap_or_default(),
        enrolment: enrolment(shell, broker, agent),
    }
}

/// How a client is pointed at the wallet: the `countersign` next to this program.
pub(crate) fn enrolment(shell: &Shell, broker: &Broker, agent: &Agent) -> view::Enrolment {
    let mut args = vec!["connect".to_owned(), "--agent".into(), agent.name.to_string()];
    args.extend(shell.home_argument());
    let command = crate::playground::shim().to_string_lossy().into_owned();
    view::Enrolment { agent: self::agent(broker, agent), command, args, endpoint: broker.endpoint() }
}

/// A program as the operating system tells it.
pub(crate) fn program(program: &domain::Program, pid: Option<u32>) -> view::Program {
    let path = program.path.to_string_lossy().into_owned();
    view::Program { path, sha256: program.sha256.to_string(), pid }
}

fn holds_for(held: &DelegationView, agent: &AgentName) -> bool {
    held.delegation.agent == *agent && held.state == DelegationState::Active
}

fn grants(shell: &Shell, broker: &Broker, held: &DelegationView) -> Vec<view::Grant> {
    let one = |grant: &Grant| view::Grant {
        delegation: held.delegation.id.clone(),
        state: held.state,
        server: grant.server.clone(),
        tools: grant.tools.iter().map(|tool| granted(shell, broker, held, grant, tool)).collect(),
        resources: grant.resources.iter().map(|resource| resource.uri.clone()).collect(),
        prompts: grant.prompts.iter().map(|prompt| prompt.name.clone()).collect(),
        signed: held.delegation.issued,
        until: held.delegation.expires,
    };
    held.delegation.grants.iter().map(one).collect()
}

fn granted(
    shell: &Shell,
    broker: &Broker,
    held: &DelegationView,
    grant: &Grant,
    tool: &ToolGrant,
) -> view::GrantedTool {
    let known = shell.tools().pinned(&grant.server, &tool.name, tool.definition);
    let used = held.used.iter().find(|(server, name, _)| *server == grant.server && *name == tool.name);
    view::GrantedTool {
        name: tool.name.clone(),
        title: known.as_ref().map_or(tool.name.as_str(), domain::Tool::title).to_owned(),
        risk: known.map_or(domain::Risk::Unknown, |tool| tool.risk()).into(),
        approval: tool.approval.into(),
        calls: tool.limits.calls,
        used: used.map_or(0, |(_, _, used)| *used),
        per_minute: tool.limits.per_minute,
        used_this_minute: broker.used_this_minute(&held.delegation.id, &grant.server, &tool.name),
        changed: shell.tools().changed(&grant.server, &tool.name, tool.definition),
    }
}

/// A list is never longer than the memory; a figure on a screen may end at four billion.
pub(super) fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
