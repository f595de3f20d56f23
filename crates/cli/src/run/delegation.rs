//! Delegations: what the human signed.

use super::now;
use super::wallet::{Wallet, only_one};
use crate::Failure;
use crate::args::{Delegate, DelegationCommand};
use crate::page::words::{count, date, near, span, visible};
use crate::page::{Cell, Page, Tone};
use broker::control::{Change, Look, Shrink};
use broker::{DelegationView, Draft, GrantDraft, ToolDraft};
use domain::{
    ApprovalMode, DelegationId, DelegationState, Grant, Limits, PromptGrant, ResourceGrant, ToolGrant,
};

/// `countersign delegate …`
pub(super) fn delegate(wallet: &Wallet, delegate: Delegate) -> Result<(), Failure> {
    let confirm = delegate.confirm;
    let view: DelegationView = wallet.grow(Change::Delegate(draft(delegate)), confirm)?;
    wallet.out.show(&view, |page| {
        page.toned(Tone::Good, "Signed.");
        page.gap();
        deed(page, &view);
    })
}

/// `countersign delegation …`
pub(super) fn run(wallet: &Wallet, command: DelegationCommand) -> Result<(), Failure> {
    match command {
        DelegationCommand::List => list(wallet),
        DelegationCommand::Show { id } => {
            let view: DelegationView = wallet.look(Look::Delegation(whole(wallet, id)?))?;
            wallet.out.show(&view, |page| deed(page, &view))
        }
        DelegationCommand::Revoke { id } => {
            let id = whole(wallet, id)?;
            wallet.shrink(Shrink::RevokeDelegation(id.clone()))?;
            wallet.out.done(&format!("Revoked {id}. Calls under it are refused from now on."))
        }
    }
}

fn draft(delegate: Delegate) -> Draft {
    let limits = Limits { calls: delegate.calls, per_minute: delegate.per_minute };
    let approval = ApprovalMode::from(delegate.ask);
    let tool = |name| ToolDraft { name, definition: None, approval, limits };
    let grant = GrantDraft {
        server: delegate.server,
        tools: delegate.tool.into_iter().map(tool).collect(),
        resources: delegate.resource.into_iter().map(|uri| ResourceGrant { uri }).collect(),
        prompts: delegate.prompt.into_iter().map(|name| PromptGrant { name }).collect(),
    };
    Draft { agent: delegate.agent, grants: vec![grant], lasts: delegate.lasts }
}

/// The id that was meant; one that fits nothing goes on as it is, and the wallet says so.
fn whole(wallet: &Wallet, id: DelegationId) -> Result<DelegationId, Failure> {
    let all: Vec<DelegationView> = wallet.look(Look::Delegations)?;
    let ids = all.iter().map(|view| view.delegation.id.as_str());
    Ok(only_one(id.as_str(), "delegation", ids)?.map_or(id.clone(), DelegationId::new))
}

fn list(wallet: &Wallet) -> Result<(), Failure> {
    let mut all: Vec<DelegationView> = wallet.look(Look::Delegations)?;
    all.sort_by_key(|view| view.delegation.issued);
    wallet.out.show(&all, |page| {
        if all.is_empty() {
            return page.line(
                "No delegations yet, so every call is refused. Sign one: \
                 countersign delegate AGENT --server NAME --tool NAME",
            );
        }
        let rows: Vec<_> = all.iter().map(row).collect();
        page.table(["DELEGATION", "AGENT", "MAY USE", "STATE", "ENDS"], &rows);
    })
}

fn row(view: &DelegationView) -> [Cell; 5] {
    let delegation = &view.delegation;
    [
        Cell::plain(delegation.id.as_str()),
        Cell::new(Tone::Strong, delegation.agent.as_str()),
        Cell::plain(summary(&delegation.grants)),
        state(view.state),
        Cell::plain(near(delegation.expires, now())),
    ]
}

fn summary(grants: &[Grant]) -> String {
    let of = |grant: &Grant| {
        let things = grant.tools.len() + grant.resources.len() + grant.prompts.len();
        format!("{} of {}", count(things, "thing", "things"), grant.server)
    };
    grants.iter().map(of).collect::<Vec<_>>().join(", ")
}

fn state(state: DelegationState) -> Cell {
    match state {
        DelegationState::NotYet => Cell::new(Tone::Asks, "not yet"),
        DelegationState::Active => Cell::new(Tone::Good, "active"),
        DelegationState::Expired => Cell::new(Tone::Quiet, "expired"),
        DelegationState::Revoked => Cell::new(Tone::Stops, "revoked"),
        DelegationState::Spent => Cell::new(Tone::Asks, "used up"),
    }
}

/// The delegation as it was signed: who, what, until when; what is refused comes last.
pub(super) fn deed(page: &mut Page, view: &DelegationView) {
    let delegation = &view.delegation;
    page.line(format!("{} may, until {}:", delegation.agent, date(delegation.expires)));
    for grant in &delegation.grants {
        grant.tools.iter().for_each(|tool| page.line(format!("  {}", tool_line(grant, tool, view))));
        for resource in &grant.resources {
            page.line(format!("  read {} of {}", visible(&resource.uri), grant.server));
        }
        for prompt in &grant.prompts {
            page.line(format!("  take the prompt {} of {}", visible(&prompt.name), grant.server));
        }
    }
    page.line("Everything else is refused.");
    page.gap();
    page.facts([
        ("Delegation", Cell::plain(delegation.id.as_str())),
        ("State", state(view.state)),
        ("Signed", Cell::plain(date(delegation.issued))),
        ("Lasts", Cell::plain(span(delegation.expires.since(delegation.issued)))),
    ]);
}

fn tool_line(grant: &Grant, tool: &ToolGrant, view: &DelegationView) -> String {
    let asked = match tool.approval {
        ApprovalMode::Never => "without asking you",
        ApprovalMode::Once => "asking you once for the same arguments",
        ApprovalMode::Session => "asking you once a session",
        ApprovalMode::Always => "asking you every time",
    };
    let is_this = |used: &&(domain::ServerName, String, u64)| used.0 == grant.server && used.1 == tool.name;
    let used = view.used.iter().find(is_this).map_or(0, |used| used.2);
    let calls = match tool.limits.calls {
        Some(calls) => format!(", {used} of {calls} calls used"),
        None if used > 0 => format!(", {used} calls so far"),
        None => String::new(),
    };
    let pace = tool.limits.per_minute.map(|pace| format!(", {pace} a minute")).unwrap_or_default();
    format!("use {} of {}, {asked}{calls}{pace}", visible(&tool.name), grant.server)
}
