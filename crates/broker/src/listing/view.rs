//! One list as one agent is shown it, put together as text: each item byte for byte as its server gave it, under its full name.

use super::rank::Index;
use super::search;
use crate::book::Book;
use crate::clean::Kept;
use crate::end::Stop;
use crate::listed::{Entry, Listed};
use crate::session::{Session, kind};
use domain::{Denial, Endpoint, ServerName, Target, Timestamp};
use mcp::lists::{List, full_name};
use policy::Sight;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::{Arc, OnceLock, Weak};
use vault::Redactor;

/// How much text one page may have. Clients exist that read the first page alone, so nearly every list is one page.
const PAGE: usize = 8 << 20;

/// What a view rests on. When any of it is another, so is the view.
pub(super) struct Basis {
    book: Arc<Book>,
    redactor: Arc<Redactor>,
    now: Timestamp,
    sources: Vec<(ServerName, Arc<Listed>)>,
}

/// What an agent is shown of a list.
pub(super) struct View {
    book: Weak<Book>,
    sources: Vec<(ServerName, Arc<Listed>)>,
    from: Timestamp,
    until: Option<Timestamp>,
    items: Vec<Item>,
    /// Tells its cursors from another view's.
    mark: String,
    pages: Vec<Kept>,
    index: OnceLock<Index>,
}

/// One item that is shown.
pub(super) struct Item {
    pub(super) name: String,
    source: usize,
    place: usize,
}

impl Basis {
    pub(super) fn now(session: &Session, sources: Vec<(ServerName, Arc<Listed>)>) -> Result<Self, Stop> {
        let book = session.inner.books.read().ok_or(Stop::Denied(Denial::Locked))?;
        let redactor = session.inner.vault.redactor();
        Ok(Self { book, redactor, now: session.inner.clock.now(), sources })
    }
}

impl View {
    /// Whether it would be put together the same way again.
    pub(super) fn rests_on(&self, basis: &Basis) -> bool {
        self.book.ptr_eq(&Arc::downgrade(&basis.book))
            && self.from <= basis.now
            && self.until.is_none_or(|until| basis.now < until)
            && self.sources.len() == basis.sources.len()
            && self
                .sources
                .iter()
                .zip(&basis.sources)
                .all(|(old, new)| old.0 == new.0 && Arc::ptr_eq(&old.1, &new.1))
            && self.pages.iter().all(|page| page.is_by(&basis.redactor))
    }

    /// Puts together what is visible.
    pub(super) fn build(session: &Session, list: List, basis: Basis, before: Option<&Self>) -> Self {
        let Basis { book, redactor, now, sources } = basis;
        let delegations = || book.of(&session.agent).map(|signed| &signed.delegation);
        let mut items = vec![];
        for (source, (server, listed)) in sources.iter().enumerate() {
            let Ok(agent) = book.agent(&session.agent) else { continue };
            let sight = Sight::of(agent, delegations(), server, now);
            for (place, entry) in listed.items().iter().enumerate() {
                let target = Target { kind: kind(list), name: entry.item.key().to_owned() };
                if sight.shows(&target, entry.definition) {
                    items.push(Item { name: shown_as(session, list, server, target.name), source, place });
                }
            }
        }
        drop_twins(list, &mut items);
        let mut view = Self {
            book: Arc::downgrade(&book),
            from: now,
            until: policy::shown_until(delegations(), now),
            sources,
            items,
            mark: String::new(),
            pages: vec![],
            index: OnceLock::new(),
        };
        let same = before.filter(|before| view.shows_the_same(before));
        view.mark = same.map_or_else(crate::random::make_id, |before| before.mark.clone());
        view.pages = view.written(session, list, &redactor);
        view
    }

    /// The page behind a cursor, which is raw JSON; the first one without.
    pub(super) fn page(&self, cursor: Option<&str>) -> Option<&Kept> {
        let Some(cursor) = cursor else { return self.pages.first() };
        let cursor: String = serde_json::from_str(cursor).ok()?;
        let number: usize = cursor.strip_prefix(&self.mark)?.strip_prefix('.')?.parse().ok()?;
        self.pages.get(number).filter(|_| self.cursor(number) == cursor)
    }

    fn cursor(&self, page: usize) -> String {
        format!("{}.{page}", self.mark)
    }

    /// All that is shown, in order.
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// By which words it is found.
    pub(super) fn index(&self) -> &Index {
        self.index.get_or_init(|| search::index(self))
    }

    /// What stands behind an item.
    pub(super) fn entry(&self, item: &Item) -> Option<(&ServerName, &Entry)> {
        let (server, listed) = self.sources.get(item.source)?;
        Some((server, listed.items().get(item.place)?))
    }

    fn shows_the_same(&self, other: &Self) -> bool {
        let text =
            |view: &'_ Self, item: &Item| view.entry(item).map(|(_, entry)| entry.item.text().to_owned());
        self.items.len() == other.items.len()
            && self
                .items
                .iter()
                .zip(&other.items)
                .all(|(one, two)| one.name == two.name && text(self, one) == text(other, two))
    }

    /// Its pages, as the results of as many answers.
    fn written(&self, session: &Session, list: List, redactor: &Arc<Redactor>) -> Vec<Kept> {
        let mut pages: Vec<String> = vec![];
        let mut page = String::new();
        for item in &self.items {
            let Some((_, entry)) = self.entry(item) else { continue };
            if !page.is_empty() {
                if page.len() + entry.item.text().len() > PAGE {
                    pages.push(std::mem::take(&mut page));
                } else {
                    page.push(',');
                }
            }
            if list.is_named() {
                entry.item.put_as(&item.name, &mut page)
            } else {
                page.push_str(entry.item.text())
            }
        }
        pages.push(page);
        let (last, rest) = (pages.len() - 1, members_of(&session.in_era(list.method(), json!({}))));
        let result = |(number, items): (usize, String)| {
            let next = (number < last).then(|| format!(r#","nextCursor":"{}""#, self.cursor(number + 1)));
            let result = format!(r#"{{"{}":[{items}]{}{rest}}}"#, list.member(), next.unwrap_or_default());
            Kept::of(result, redactor)
        };
        pages.into_iter().enumerate().map(result).collect()
    }
}

fn shown_as(session: &Session, list: List, server: &ServerName, name: String) -> String {
    if list.is_named() && session.scope == Endpoint::All { full_name(server, &name) } else { name }
}

/// Of two items that would be called by one name neither is shown: nobody could say which is meant.
fn drop_twins(list: List, items: &mut Vec<Item>) {
    let mut seen = HashSet::new();
    let twice: HashSet<String> =
        items.iter().filter(|item| !seen.insert(item.name.as_str())).map(|item| item.name.clone()).collect();
    items.retain(|item| !list.is_named() || !twice.contains(&item.name));
}

/// An object's members as they are written after others.
fn members_of(object: &Value) -> String {
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, value)| format!(",{}:{value}", Value::from(name.as_str()))).collect()
}
