//! The lists of an endpoint that leads to one server: that server's own pages and cursors pass, items under their own names, and
//! nothing is changed but that what the agent may not see is cut out.

#[cfg(test)]
mod tests;

use crate::clean::{self, Clean};
use crate::end::{Stop, UPSTREAM};
use crate::link::{Fault, Link};
use crate::listed::Listed;
use crate::session::{Session, kind};
use domain::{ServerName, Target};
use http::HeaderMap;
use mcp::Message;
use mcp::lists::{Item, List, Page};
use policy::Sight;
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers a list request with the server's own answer. None where the server need not be asked: nothing of it could be shown.
pub(super) async fn list(
    session: &Session,
    server: &ServerName,
    list: List,
    request: &Message,
) -> Option<Result<Clean, Stop>> {
    if !session.of_interest(list).contains(server) {
        return None;
    }
    let asked = session.at(server, |link| ask(session, link, request));
    Some(match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok((link, answer))) => selected(session, &link, list, answer).await,
        Ok(Err(fault)) => Err(failed(session, server, fault)),
        Err(_) => Err(unreachable(server, "it took too long to answer")),
    })
}

async fn ask(session: &Session, link: Arc<Link>, request: &Message) -> Result<Message, Fault> {
    let headers: HeaderMap = session.housekeeping(&link.server.name).await?;
    link.request(request.clone(), headers).await
}

/// The answer with what is visible.
async fn selected(session: &Session, link: &Link, list: List, answer: Message) -> Result<Clean, Stop> {
    let server = &link.server.name;
    let page = Page::read(list, &answer).map_err(|error| {
        unreachable(server, &format!("its answer to {} was refused: {error}", list.method()))
    })?;
    let listed = match link.known(list).filter(|known| page.items().all(|item| is_in(known, list, item))) {
        Some(known) => known,
        None => Arc::new(Listed::read(list, vec![page.clone()]).await),
    };
    let book = session.inner.books.read().ok_or(Stop::Denied(domain::Denial::Locked))?;
    let agent = book.agent(&session.agent).map_err(|_| Stop::Denied(domain::Denial::AgentRevoked))?;
    let delegations = book.of(&session.agent).map(|signed| &signed.delegation);
    let sight = Sight::of(agent, delegations, server, session.inner.clock.now());
    let shows = |item: &Item| {
        let target = Target { kind: kind(list), name: item.key().to_owned() };
        let definition = listed.definition(&target.name);
        is_in(&listed, list, item) && sight.shows(&target, definition)
    };
    let answer = match page.selected(shows).and_then(|result| RawValue::from_string(result).ok()) {
        Some(result) => answer.edit().body_raw(&result).finish(),
        None => answer,
    };
    Ok(session.for_agent(list.method(), link.era(), answer))
}

/// Whether a list has exactly this item. Of resources there may be two with one address.
fn is_in(listed: &Listed, list: List, item: &Item) -> bool {
    !list.is_named() || listed.find(item.key()).is_some_and(|entry| entry.item.text() == item.text())
}

fn failed(session: &Session, server: &ServerName, fault: Fault) -> Stop {
    let fault = session.inner.understood(server, fault);
    let why = clean::words(&session.inner.vault.redactor(), &fault);
    if let Fault::Denied(denial) = fault { Stop::Denied(denial) } else { unreachable(server, &why) }
}

fn unreachable(server: &ServerName, why: &str) -> Stop {
    Stop::Failed { code: UPSTREAM, sentence: format!("{server}: {why}."), reason: "unreachable" }
}
