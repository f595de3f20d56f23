//! Agents and what they may do.

use super::{Held, agent_name, consent};
use crate::failure::Answered;
use crate::present;
use crate::view::{Agent, AgentDetail, Draft, DraftTool, Enrolment, Signed};
use broker::{Broker, DelegationView, GrantDraft, ToolDraft};
use domain::{DelegationId, DelegationState, Limits, PromptGrant, ResourceGrant};
use tauri::WebviewWindow;

#[tauri::command]
pub(crate) async fn add_agent(shell: Held<'_>, window: WebviewWindow, name: String) -> Answered<Enrolment> {
    let broker = shell.broker()?;
    let agent = broker.add_agent(consent(&shell, &window), agent_name(&name)?).await?;
    Ok(present::enrolment(&shell, broker, &agent))
}

#[tauri::command(async)]
pub(crate) fn agent(shell: Held<'_>, name: &str) -> Answered<AgentDetail> {
    let broker = shell.broker()?;
    Ok(present::agent_detail(&shell, broker, &broker.agent(&agent_name(name)?)?))
}

#[tauri::command]
pub(crate) async fn pause_agent(shell: Held<'_>, name: String) -> Answered<Agent> {
    let (broker, name) = (shell.broker()?, agent_name(&name)?);
    broker.pause_agent(&name).await?;
    Ok(present::agent(broker, &broker.agent(&name)?))
}

#[tauri::command]
pub(crate) async fn resume_agent(shell: Held<'_>, window: WebviewWindow, name: String) -> Answered<Agent> {
    let (broker, name) = (shell.broker()?, agent_name(&name)?);
    broker.resume_agent(consent(&shell, &window), &name).await?;
    Ok(present::agent(broker, &broker.agent(&name)?))
}

#[tauri::command]
pub(crate) async fn revoke_agent(shell: Held<'_>, name: String) -> Answered<Agent> {
    let (broker, name) = (shell.broker()?, agent_name(&name)?);
    broker.revoke_agent(&name).await?;
    Ok(present::agent(broker, &broker.agent(&name)?))
}

#[tauri::command]
pub(crate) async fn delegate(shell: Held<'_>, window: WebviewWindow, draft: Draft) -> Answered<Signed> {
    let broker = shell.broker()?;
    let older = if draft.replaces { replaced_by(broker, &draft) } else { vec![] };
    let signed = broker.delegate(consent(&shell, &window), to_sign(broker, &draft)).await?;
    for id in &older {
        broker.revoke_delegation(id).await?;
    }
    let replaced = u32::try_from(older.len()).unwrap_or(u32::MAX);
    Ok(Signed { delegation: signed.delegation.id, replaced })
}

#[tauri::command]
pub(crate) async fn revoke_delegation(shell: Held<'_>, id: String) -> Answered<()> {
    Ok(shell.broker()?.revoke_delegation(&DelegationId::new(id)).await?)
}

fn to_sign(broker: &Broker, draft: &Draft) -> broker::Draft {
    let tool = |tool: &DraftTool| ToolDraft {
        name: tool.name.clone(),
        definition: Some(tool.definition),
        approval: tool.approval.into(),
        limits: Limits { calls: tool.calls, per_minute: tool.per_minute },
    };
    let tools = draft.tools.iter().map(tool).collect();
    let resources = draft.resources.iter().map(|uri| ResourceGrant { uri: uri.clone() }).collect();
    let prompts = draft.prompts.iter().map(|name| PromptGrant { name: name.clone() }).collect();
    let grant = GrantDraft { server: draft.server.clone(), tools, resources, prompts };
    broker::Draft { agent: draft.agent.clone(), grants: vec![grant], lasts: draft.until.since(broker.now()) }
}

/// Delegations of this agent for this server alone that hold now.
fn replaced_by(broker: &Broker, draft: &Draft) -> Vec<DelegationId> {
    let same = |held: &DelegationView| {
        held.state == DelegationState::Active
            && held.delegation.agent == draft.agent
            && held.delegation.grants.iter().all(|grant| grant.server == draft.server)
    };
    broker.delegations().into_iter().filter(same).map(|held| held.delegation.id).collect()
}
