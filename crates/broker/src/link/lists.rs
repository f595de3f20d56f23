//! A server's lists as the link knows them: asked once, and again when the server says that they changed, or may have changed
//! without a word.

use super::{Fault, Link, PAGES};
use crate::held::lock;
use crate::listed::{Entry, Listed, kept};
use domain::ServerName;
use http::HeaderMap;
use mcp::era::Era;
use mcp::lists::{List, Page};
use mcp::upstream::UpstreamError;
use mcp::upstream::http::{MARK, marks_are_sound};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The most text of one list that is read.
const MOST: usize = 64 << 20;
/// How long a list is taken to be what it was where the server says that it tells of changes. Its notifications may have no way
/// to us: not every HTTP server has a stream for them.
const TOLD: Duration = Duration::from_secs(300);
/// The same where it says nothing.
const UNTOLD: Duration = Duration::from_secs(5);
/// The longest that a server's own word for it counts (modern, `ttlMs`).
const LONGEST: Duration = Duration::from_secs(3600);

/// What is known of each list, by [`List`].
#[derive(Default)]
pub(super) struct Lists([Place; List::ALL.len()]);

#[derive(Default)]
struct Place {
    known: Mutex<Known>,
    /// Held while the list is asked for; whoever else wants it waits, and sees the same.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Known {
    listed: Option<Arc<Listed>>,
    until: Option<Instant>,
    changes: u64,
}

impl Link {
    /// A list as it was when last asked for, unless the server has said since that it changed.
    pub(crate) fn known(&self, list: List) -> Option<Arc<Listed>> {
        lock(&self.place(list).known).listed.clone()
    }

    /// A list that need not be asked for.
    pub(crate) fn fresh(&self, list: List) -> Option<Arc<Listed>> {
        let known = lock(&self.place(list).known).clone();
        known.listed.filter(|_| known.until.is_some_and(|until| Instant::now() < until))
    }

    /// A list as it is now. One that the server does not have is empty.
    pub(crate) async fn listed(&self, list: List, headers: &HeaderMap) -> Result<Arc<Listed>, Fault> {
        let place = self.place(list);
        let _one_at_a_time = place.asking.lock().await;
        if let Some(listed) = self.fresh(list) {
            return Ok(listed);
        }
        let before = lock(&place.known).clone();
        let pages = if self.offers(list.capability()) { self.pages(list, headers).await? } else { vec![] };
        let fresh = self.fresh_for(list, &pages);
        let mut read = Listed::read(list, pages).await;
        if list == List::Tools && self.wants_headers() {
            read.retain(|tool| marks_soundly(&self.server.name, tool));
        }
        let listed = kept(before.listed, read);
        let mut known = lock(&place.known);
        if known.changes == before.changes {
            known.listed = Some(listed.clone());
            known.until = Some(Instant::now() + fresh);
        }
        Ok(listed)
    }

    /// The server says that a list changed: one that is being read now is old as well.
    pub(super) fn forget(&self, method: &str) {
        for list in List::ALL.into_iter().filter(|list| list.changed() == method) {
            let mut known = lock(&self.place(list).known);
            *known = Known { listed: None, until: None, changes: known.changes + 1 };
        }
    }

    /// Every page of a list.
    async fn pages(&self, list: List, headers: &HeaderMap) -> Result<Vec<Page>, Fault> {
        let (mut pages, mut cursor, mut size) = (vec![], None::<Value>, 0);
        for _ in 0..PAGES {
            let params = cursor.take().map_or_else(|| json!({}), |cursor| json!({ "cursor": cursor }));
            let answer = self.ask(list.method(), &params, headers.clone()).await?;
            let page = Page::read(list, &answer).map_err(|error| UpstreamError::Broke {
                what: format!("its answer to {} was refused: {error}", list.method()),
            })?;
            size += page.size();
            if size > MOST {
                tracing::warn!(server = %self.server.name, method = list.method(), "a list is too long; the rest is left out");
                break;
            }
            if page.flawed() > 0 {
                tracing::info!(server = %self.server.name, items = page.flawed(), "items that have no name or two meanings are left out");
            }
            cursor = page.next().cloned();
            pages.push(page);
            if cursor.is_none() {
                break;
            }
        }
        Ok(pages)
    }

    /// How long these pages are taken to be so still.
    fn fresh_for(&self, list: List, pages: &[Page]) -> Duration {
        let said = pages.iter().filter_map(Page::fresh).min().map(|said| said.min(LONGEST));
        let tells = self.opened.capabilities.get(list.capability()).and_then(|has| has.get("listChanged"));
        match said {
            Some(said) => said,
            None if self.opened.era == Era::Legacy && tells == Some(&Value::Bool(true)) => TOLD,
            None if !self.offers(list.capability()) => TOLD,
            None => UNTOLD,
        }
    }

    const fn place(&self, list: List) -> &Place {
        &self.lists.0[list as usize]
    }
}

/// Whether a tool marks no argument to be told in a header, or does it as the specification has it. Others can't be called over
/// HTTP, and are not there (Streamable HTTP, custom headers).
fn marks_soundly(server: &ServerName, tool: &Entry) -> bool {
    if !tool.item.text().contains(MARK) {
        return true;
    }
    let schema = tool.item.value::<Value>().and_then(|mut tool| tool.get_mut("inputSchema").map(Value::take));
    let sound = schema.is_some_and(|schema| marks_are_sound(&schema));
    if !sound {
        let tool = tool.item.key();
        tracing::warn!(%server, tool, "a tool marks arguments for headers wrongly, and is left out");
    }
    sound
}
