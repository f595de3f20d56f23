//! Agents.

use super::clients::{self, Entry};
use super::now;
use super::wallet::Wallet;
use crate::Failure;
use crate::args::{AgentCommand, ClientKind, Confirm, When};
use crate::page::words::{near, visible};
use crate::page::{Cell, Page, Tone};
use broker::control::{Change, Look, Shrink};
use domain::{Agent, AgentName, AgentState, ToolSearch};
use serde_json::json;

/// `countersign agent …`. `elsewhere`: the wallet is not in the usual places, so clients must be told where.
pub(super) fn run(wallet: &Wallet, command: AgentCommand, elsewhere: bool) -> Result<(), Failure> {
    match command {
        AgentCommand::Add { name, client, confirm } => {
            let agent: Agent = wallet.grow(Change::AddAgent(name), confirm)?;
            show(wallet, &agent, client, elsewhere)
        }
        AgentCommand::List => list(wallet),
        AgentCommand::Show { name, client } => {
            let agent: Agent = wallet.look(Look::Agent(name))?;
            show(wallet, &agent, client, elsewhere)
        }
        AgentCommand::Search { name, when, confirm } => search(wallet, name, &when, confirm),
        AgentCommand::Pause { name, .. } => pause(wallet, name),
        AgentCommand::Resume { name, confirm, .. } => resume(wallet, name, confirm),
        AgentCommand::Revoke { name } => {
            wallet.shrink(Shrink::RevokeAgent(name.clone()))?;
            wallet.out.done(&format!("Revoked {name}. Its calls are refused from now on."))
        }
    }
}

fn search(wallet: &Wallet, name: AgentName, when: &When, confirm: Confirm) -> Result<(), Failure> {
    let (search, sentence) = match when {
        When { above: Some(few), .. } => (
            ToolSearch::Above(*few),
            format!("{name} searches for its tools when there are more than {few}."),
        ),
        When { on: true, .. } => (ToolSearch::On, format!("{name} searches for its tools from now on.")),
        When { .. } => (ToolSearch::Off, format!("{name} is shown all its tools from now on.")),
    };
    wallet.grow::<()>(Change::SetToolSearch { agent: name, search }, confirm)?;
    wallet.out.done(&sentence)
}

fn pause(wallet: &Wallet, name: Option<AgentName>) -> Result<(), Failure> {
    let Some(name) = name else {
        wallet.shrink(Shrink::PauseAll)?;
        return wallet.out.done("Paused every agent. Let them work again: countersign agent resume --all");
    };
    wallet.shrink(Shrink::PauseAgent(name.clone()))?;
    wallet.out.done(&format!("Paused {name}. Let it work again: countersign agent resume {name}"))
}

fn resume(wallet: &Wallet, name: Option<AgentName>, confirm: Confirm) -> Result<(), Failure> {
    let Some(name) = name else {
        wallet.grow::<()>(Change::ResumeAll, confirm)?;
        return wallet.out.done("Every agent may work again, within its delegations.");
    };
    wallet.grow::<()>(Change::ResumeAgent(name.clone()), confirm)?;
    wallet.out.done(&format!("{name} may work again, within its delegations."))
}

fn list(wallet: &Wallet) -> Result<(), Failure> {
    let agents: Vec<Agent> = wallet.look(Look::Agents)?;
    wallet.out.show(&agents, |page| {
        if agents.is_empty() {
            return page.line("No agents yet. Add one: countersign agent add NAME");
        }
        let rows: Vec<_> = agents.iter().map(row).collect();
        page.table(["AGENT", "STATE", "ADDED", "PROGRAM"], &rows);
    })
}

fn row(agent: &Agent) -> [Cell; 4] {
    let program = agent.programs.last().map(|program| visible(&program.path.to_string_lossy()));
    [
        Cell::new(Tone::Strong, agent.name.as_str()),
        state(agent.state),
        Cell::plain(near(agent.added, now())),
        Cell::plain(program.unwrap_or_else(|| "–".into())),
    ]
}

fn state(state: AgentState) -> Cell {
    match state {
        AgentState::Pending => Cell::new(Tone::Asks, "waits for its first connection"),
        AgentState::Enrolled => Cell::new(Tone::Good, "enrolled"),
        AgentState::Paused => Cell::new(Tone::Asks, "paused"),
        AgentState::Revoked => Cell::new(Tone::Stops, "revoked"),
    }
}

fn show(wallet: &Wallet, agent: &Agent, client: Option<ClientKind>, elsewhere: bool) -> Result<(), Failure> {
    let home = elsewhere.then_some(&wallet.home);
    let entry = Entry::new(&agent.name, home)?;
    let endpoint = wallet.client.presence()?.status.endpoint;
    wallet.out.show(&json!({ "agent": agent, "connect": entry, "endpoint": endpoint }), |page| {
        facts(page, agent);
        clients::draw(page, &entry, endpoint.as_deref(), client);
    })
}

fn facts(page: &mut Page, agent: &Agent) {
    let programs = agent.programs.iter().map(|program| visible(&program.path.to_string_lossy()));
    let programs = programs.collect::<Vec<_>>().join("\n");
    let programs =
        if programs.is_empty() { "none yet: you are asked at its first connection".into() } else { programs };
    page.facts([
        ("Agent", Cell::new(Tone::Strong, agent.name.as_str())),
        ("State", state(agent.state)),
        ("DID", Cell::plain(agent.did.clone())),
        ("Programs", Cell::plain(programs)),
    ]);
}
