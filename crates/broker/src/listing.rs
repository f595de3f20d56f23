//! What an agent is shown of all its servers together: only what it was granted, each name with its server's in front.
//!
//! A list is put together once and given again, byte for byte, until a server's list, the human's book, or by the clock a delegation
//! changes.

mod absent;
mod one;
mod rank;
pub(crate) mod search;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use absent::Watch;

use crate::clean::Clean;
use crate::end::Stop;
use crate::held::lock;
use crate::session::Session;
use absent::Absences;
use domain::Endpoint;
use mcp::Message;
use mcp::lists::List;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use view::{Basis, View};

/// What one session is shown.
#[derive(Default)]
pub(crate) struct Shown {
    views: Mutex<HashMap<List, Arc<View>>>,
    /// The servers it does without.
    pub(crate) absences: Absences,
}

/// Answers a list request.
pub(crate) async fn list(session: &Session, list: List, request: &Message) -> Result<Clean, Stop> {
    let Some(id) = request.id() else { return Err(Stop::Withdrawn) };
    if let Endpoint::One(server) = &session.scope
        && let Some(answer) = one::list(session, server, list, request).await
    {
        return answer;
    }
    let cursor = request.member(&["cursor"]).filter(|cursor| *cursor != "null");
    let view = view(session, list).await?;
    if list == List::Tools
        && let Some(result) = search::instead(session, &view)
    {
        return Ok(session.clean(Message::response(id, &session.in_era(list.method(), result))));
    }
    let page = view.page(cursor).ok_or_else(|| Stop::Failed {
        code: -32602,
        sentence: format!("{}: this cursor leads nowhere; list again from the beginning", list.method()),
        reason: "invalid_params",
    })?;
    Ok(page.answer(id))
}

/// What the agent is shown of a list now.
async fn view(session: &Session, list: List) -> Result<Arc<View>, Stop> {
    let sources = session.gather(list).await;
    let basis = Basis::now(session, sources)?;
    let before = lock(&session.shown.views).get(&list).cloned();
    if let Some(view) = before.as_ref().filter(|view| view.rests_on(&basis)) {
        return Ok(view.clone());
    }
    let view = Arc::new(View::build(session, list, basis, before.as_deref()));
    lock(&session.shown.views).insert(list, view.clone());
    Ok(view)
}
