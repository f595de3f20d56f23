//! Delegations: sign, look at, revoke.

use crate::book::Signed;
use crate::{Broker, BrokerError, Consent, DelegationView, Draft, Event, GrantDraft, ToolDraft};
use domain::{
    Delegation, DelegationId, DelegationState, Grant, ServerName, Target, Timestamp, Tool, ToolGrant,
};
use ledger::Line;
use proof::receipt::{Body, Kind};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

impl Broker {
    /// All delegations, the newest first.
    #[must_use]
    pub fn delegations(&self) -> Vec<DelegationView> {
        let Some(book) = self.0.books.read() else { return vec![] };
        let mut views: Vec<_> = book.delegations.values().map(|signed| self.view(signed)).collect();
        views.sort_by_key(|view| std::cmp::Reverse(view.delegation.issued));
        views
    }

    /// One delegation.
    ///
    /// # Errors
    /// [`BrokerError::NoDelegation`].
    pub fn delegation(&self, id: &DelegationId) -> Result<DelegationView, BrokerError> {
        Ok(self.view(self.0.books.open()?.delegation(id)?))
    }

    /// Calls of one tool that left under a delegation within the last minute.
    #[must_use]
    pub fn used_this_minute(&self, id: &DelegationId, server: &ServerName, tool: &str) -> u32 {
        let line = Line { delegation: id.clone(), server: server.clone(), target: Target::tool(tool) };
        self.0.budget.last_minute(&line, self.now())
    }

    /// Signs a delegation with the human's key. Each tool is pinned to the definition its server gives now, which must be the one
    /// the human saw, where the draft names that.
    ///
    /// # Errors
    /// [`BrokerError::NoAgent`], [`BrokerError::NoServer`], [`BrokerError::NoTool`], [`BrokerError::ToolChanged`]; [`BrokerError::Invalid`] for an empty
    /// grant or a life longer than 90 days; [`BrokerError::Upstream`] when a server can't be asked for its tools.
    pub async fn delegate(&self, consent: Consent, draft: Draft) -> Result<DelegationView, BrokerError> {
        check(&draft)?;
        let agent = self.agent(&draft.agent)?;
        if agent.state == domain::AgentState::Revoked {
            return Err(BrokerError::Invalid(format!(
                "{} is revoked; add it again under another name",
                agent.name
            )));
        }
        let mut grants = Vec::with_capacity(draft.grants.len());
        for grant in &draft.grants {
            grants.push(self.pin(grant).await?);
        }
        let delegation = self.drawn_up(&draft, grants);
        let id = delegation.id.clone();
        self.sign(delegation, &agent.key)?;
        self.0.tell(Event::Delegations);
        self.0.sessions.lists_changed(&draft.agent);
        self.0.note(Body {
            agent: Some(draft.agent),
            delegation: Some(id.clone()),
            note: Some(format!("confirmed by {}", consent.how())),
            ..self.0.body(Kind::DelegationIssued)
        })?;
        self.delegation(&id)
    }

    /// Takes a delegation back, cancels what is on its way under it. Holds at once and for good.
    ///
    /// # Errors
    /// [`BrokerError::NoDelegation`], [`BrokerError::Locked`].
    pub async fn revoke_delegation(&self, id: &DelegationId) -> Result<(), BrokerError> {
        let (inner, now) = (&self.0, self.now());
        inner.books.change(|book, shelf| book.revoke(shelf, id, now))?;
        inner.sessions.cancel_calls(|call| call.delegation.as_ref() == Some(id));
        inner.tell(Event::Delegations);
        let agent = self.delegation(id)?.delegation.agent;
        inner.sessions.lists_changed(&agent);
        inner.note(Body {
            agent: Some(agent),
            delegation: Some(id.clone()),
            ..inner.body(Kind::DelegationRevoked)
        })
    }

    /// Tells of delegations that another act has revoked: a receipt each, and their agents hear of it.
    pub(super) fn delegations_revoked(&self, revoked: Vec<Arc<Signed>>) -> Result<(), BrokerError> {
        let inner = &self.0;
        inner.tell(Event::Delegations);
        for signed in &revoked {
            inner.sessions.lists_changed(&signed.delegation.agent);
        }
        revoked.iter().try_for_each(|signed| {
            inner.note(Body {
                agent: Some(signed.delegation.agent.clone()),
                delegation: Some(signed.delegation.id.clone()),
                ..inner.body(Kind::DelegationRevoked)
            })
        })
    }

    fn view(&self, signed: &Signed) -> DelegationView {
        let used = self.used(&signed.delegation);
        let state = signed.delegation.state(self.now());
        let spent = state == DelegationState::Active && is_spent(&signed.delegation, &used);
        let state = if spent { DelegationState::Spent } else { state };
        DelegationView { delegation: signed.delegation.clone(), state, used, sd_jwt: signed.sd_jwt.to_text() }
    }

    /// Calls that left, by server and tool.
    fn used(&self, delegation: &Delegation) -> Vec<(ServerName, String, u64)> {
        let (budget, now) = (&self.0.budget, self.now());
        let calls = |grant: &Grant, tool: &ToolGrant| {
            let target = Target::tool(&tool.name);
            let line = Line { delegation: delegation.id.clone(), server: grant.server.clone(), target };
            (grant.server.clone(), tool.name.clone(), budget.calls(&line, now))
        };
        delegation
            .grants
            .iter()
            .flat_map(|grant| grant.tools.iter().map(move |tool| calls(grant, tool)))
            .collect()
    }

    async fn pin(&self, draft: &GrantDraft) -> Result<Grant, BrokerError> {
        let server = self.server(&draft.server)?.server;
        let tools = if draft.tools.is_empty() { vec![] } else { self.tools_now(&draft.server).await? };
        let pinned = draft.tools.iter().map(|wanted| pin_tool(draft, wanted, &tools));
        Ok(Grant {
            server: draft.server.clone(),
            location: server.resource(),
            tools: pinned.collect::<Result<_, _>>()?,
            resources: draft.resources.clone(),
            prompts: draft.prompts.clone(),
        })
    }

    fn drawn_up(&self, draft: &Draft, grants: Vec<Grant>) -> Delegation {
        // Signed times are whole seconds: a delegation never lasts longer than what is signed.
        let issued = Timestamp::from_seconds(self.now().seconds());
        Delegation {
            id: DelegationId::new(crate::random::make_id()),
            agent: draft.agent.clone(),
            grants,
            issued,
            not_before: issued,
            expires: issued.plus(draft.lasts),
            depth: 0,
            parent: None,
            revoked: None,
        }
    }

    fn sign(&self, delegation: Delegation, agent_key: &domain::PublicKey) -> Result<(), BrokerError> {
        let human = self.0.vault.signer(&vault::KeyName::Human)?;
        let sd_jwt = proof::sd_jwt::issue(&delegation, agent_key, crate::random::make_bytes, &human)
            .map_err(|error| BrokerError::Invalid(error.to_string()))?;
        self.0.books.change(|book, shelf| book.put_delegation(shelf, Signed::new(delegation, sd_jwt)))
    }
}

fn check(draft: &Draft) -> Result<(), BrokerError> {
    let empty =
        |grant: &GrantDraft| grant.tools.is_empty() && grant.resources.is_empty() && grant.prompts.is_empty();
    if draft.grants.is_empty() || draft.grants.iter().any(empty) {
        return Err(BrokerError::Invalid(
            "a delegation names at least one tool, resource or prompt on each server".into(),
        ));
    }
    if let Some(twice) = named_twice(draft) {
        return Err(BrokerError::Invalid(format!("{twice} is named twice; name it once")));
    }
    if draft.lasts > Delegation::MAX_LIFE {
        return Err(BrokerError::Invalid("a delegation lasts at most 90 days".into()));
    }
    if draft.lasts < Duration::from_secs(1) {
        return Err(BrokerError::Invalid("a delegation lasts at least a second".into()));
    }
    Ok(())
}

/// What a draft names more than once: readers could differ on which of the two counts.
fn named_twice(draft: &Draft) -> Option<String> {
    let servers = draft.grants.iter().map(|grant| grant.server.as_str());
    repeated(servers).map(|server| format!("the server {server}")).or_else(|| {
        draft.grants.iter().find_map(|grant| {
            let tool = repeated(grant.tools.iter().map(|tool| tool.name.as_str()));
            let resource = repeated(grant.resources.iter().map(|resource| resource.uri.as_str()));
            let prompt = repeated(grant.prompts.iter().map(|prompt| prompt.name.as_str()));
            let named = |kind: &str, name: &str| format!("the {kind} {name} on {}", grant.server);
            tool.map(|name| named("tool", name))
                .or_else(|| resource.map(|uri| named("resource", uri)))
                .or_else(|| prompt.map(|name| named("prompt", name)))
        })
    })
}

fn repeated<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = HashSet::new();
    names.find(|name| !seen.insert(*name))
}

fn pin_tool(grant: &GrantDraft, wanted: &ToolDraft, listed: &[Tool]) -> Result<ToolGrant, BrokerError> {
    let Some(tool) = listed.iter().find(|tool| tool.name == wanted.name) else {
        let known: Vec<_> = listed.iter().map(|tool| tool.name.as_str()).collect();
        return Err(BrokerError::NoTool {
            server: grant.server.clone(),
            tool: wanted.name.clone(),
            known: known.join(", "),
        });
    };
    if wanted.definition.is_some_and(|seen| seen != tool.definition) {
        return Err(BrokerError::ToolChanged { server: grant.server.clone(), tool: tool.name.clone() });
    }
    Ok(ToolGrant {
        name: tool.name.clone(),
        definition: tool.definition,
        arguments: None,
        approval: wanted.approval,
        limits: wanted.limits,
    })
}

/// Whether nothing in a delegation can be called any more: every tool has a number of calls, and has used them up.
fn is_spent(delegation: &Delegation, used: &[(ServerName, String, u64)]) -> bool {
    let calls = |grant: &Grant, tool: &ToolGrant| {
        used.iter()
            .find(|(server, name, _)| *server == grant.server && *name == tool.name)
            .map_or(0, |(_, _, n)| *n)
    };
    let grant_spent = |grant: &Grant| {
        grant.resources.is_empty()
            && grant.prompts.is_empty()
            && grant
                .tools
                .iter()
                .all(|tool| tool.limits.calls.is_some_and(|limit| calls(grant, tool) >= limit))
    };
    delegation.grants.iter().all(grant_spent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{ApprovalMode, Limits};
    use serde_json::json;

    #[test]
    fn what_is_signed_is_what_the_human_saw_or_nothing() {
        let listed = |says: &str| {
            let raw = json!({"name": "pay", "description": says, "inputSchema": {"type": "object"}});
            vec![Tool { name: "pay".into(), definition: proof::definition_digest(&raw), raw }]
        };
        let (seen, now) = (listed("Pays a bill."), listed("Pays anybody anything."));
        let wants = |definition| ToolDraft {
            name: "pay".into(),
            definition,
            approval: ApprovalMode::Always,
            limits: Limits::default(),
        };
        let grant = GrantDraft {
            server: ServerName::parse("bank").unwrap(),
            tools: vec![],
            resources: vec![],
            prompts: vec![],
        };
        let seen = seen[0].definition;
        assert_eq!(pin_tool(&grant, &wants(Some(seen)), &listed("Pays a bill.")).unwrap().definition, seen);
        let changed = pin_tool(&grant, &wants(Some(seen)), &now).unwrap_err();
        assert!(matches!(changed, BrokerError::ToolChanged { .. }), "{changed}");
        assert_eq!(pin_tool(&grant, &wants(None), &now).unwrap().definition, now[0].definition);
    }
}
