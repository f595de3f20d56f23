//! What an agent is shown of all its servers together: only what it was granted, each name with its server's in front.

use crate::clean;
use crate::link::{Fault, Link};
use crate::session::Session;
use domain::{Digest, Endpoint, ServerName, Target};
use mcp::lists::List;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How long a list waits for a slow server before it is left out.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// The result of a list request.
pub(crate) async fn list(session: &Session, list: List) -> Value {
    let servers = granted(session);
    let asked = servers.into_iter().map(|server| in_time(session, server, list));
    let all = futures_util::future::join_all(asked).await;
    let items = shown(session, list, all.into_iter().flatten());
    Value::Object([(list.member().to_owned(), Value::Array(items))].into_iter().collect())
}

/// The servers on which the agent is granted anything, whether it holds now or not.
fn granted(session: &Session) -> BTreeSet<ServerName> {
    let delegations = session.delegations();
    let granted = delegations.iter().flat_map(|delegation| &delegation.grants).map(|grant| &grant.server);
    granted.filter(|server| session.reaches(server)).cloned().collect()
}

/// One server's items, each with the digest that pins it.
type Listed = (ServerName, Vec<(Value, Option<Digest>)>);

/// Asks one server. One that fails or is slow is left out, and holds up no other.
async fn in_time(session: &Session, server: ServerName, list: List) -> Option<Listed> {
    match tokio::time::timeout(PATIENCE, items(session, &server, list)).await {
        Ok(Ok(items)) => Some((server, items)),
        Ok(Err(fault)) => {
            let fault = session.inner.understood(&server, fault);
            let error = clean::words(&session.inner.vault.redactor(), &fault);
            tracing::info!(%server, error, "left out of a list");
            None
        }
        Err(_) => {
            tracing::info!(%server, "too slow for a list");
            None
        }
    }
}

async fn items(
    session: &Session,
    server: &ServerName,
    list: List,
) -> Result<Vec<(Value, Option<Digest>)>, Fault> {
    if list == List::Tools {
        let (_, tools) = session.at(server, |link| session.tools(link)).await?;
        return Ok(tools.listed().iter().map(|tool| (tool.raw.clone(), Some(tool.definition))).collect());
    }
    let ask = |link: Arc<Link>| async move {
        if !link.offers(list.capability()) {
            return Ok(vec![]);
        }
        link.list(list, &session.housekeeping(server).await?).await
    };
    let (_, items) = session.at(server, ask).await?;
    Ok(items.into_iter().map(|item| (item, None)).collect())
}

/// Keeps what is visible, and puts the server's name in front where names could meet.
fn shown(session: &Session, list: List, all: impl Iterator<Item = Listed>) -> Vec<Value> {
    let Some(book) = session.inner.books.read() else { return vec![] };
    let Ok(agent) = book.agent(&session.agent) else { return vec![] };
    let (delegations, now) = (session.delegations(), session.inner.clock.now());
    let mut shown = vec![];
    for (server, items) in all {
        for (item, definition) in items {
            let Some(target) = target(list, &item) else { continue };
            if policy::visible(agent, &delegations, &server, &target, definition, now) {
                shown.push(if session.scope == Endpoint::All { named(list, &server, item) } else { item });
            }
        }
    }
    shown
}

/// What an item of a list is, by the server's own name.
fn target(list: List, item: &Value) -> Option<Target> {
    let text = |member: &str| item.get(member).and_then(Value::as_str);
    match list {
        List::Tools => text("name").map(Target::tool),
        List::Prompts => text("name").map(Target::prompt),
        List::Resources => text("uri").map(Target::resource),
        List::ResourceTemplates => text("uriTemplate").map(Target::resource),
    }
}

fn named(list: List, server: &ServerName, mut item: Value) -> Value {
    if let (List::Tools | List::Prompts, Some(Value::String(name))) = (list, item.get_mut("name")) {
        *name = mcp::lists::full_name(server, name);
    }
    item
}
