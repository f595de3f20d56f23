//! What a server listed, as raw text: each item as it came, a tool with the digest that pins it.

use domain::{Digest, Tool};
use mcp::lists::{Item, List, Page};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Pages of more text than this are read on a thread of their own, so that nobody else waits for their digests.
const LARGE: usize = 64 << 10;

/// One of a server's lists.
#[derive(Default)]
pub(crate) struct Listed {
    items: Vec<Entry>,
    /// Where each name stands.
    places: HashMap<Box<str>, usize>,
}

/// One item of it.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) item: Item,
    /// What pins it, if it is a tool.
    pub(crate) definition: Option<Digest>,
}

impl Listed {
    /// Reads pages. Of two items with one name neither counts, for nobody could say which was granted.
    pub(crate) fn new(list: List, pages: &[Page]) -> Self {
        let mut entries: Vec<Option<Entry>> = vec![];
        let mut places: HashMap<Box<str>, usize> = HashMap::new();
        for item in pages.iter().flat_map(Page::items) {
            if let Some(twin) = places.insert(item.key().into(), entries.len()).filter(|_| list.is_named()) {
                entries[twin] = None;
                entries.push(None);
            } else {
                let definition = (list == List::Tools).then(|| definition(item));
                entries.push(Some(Entry { item: item.clone(), definition }));
            }
        }
        Self::of(entries.into_iter().flatten().collect())
    }

    fn of(items: Vec<Entry>) -> Self {
        let places = items.iter().enumerate().map(|(at, entry)| (entry.item.key().into(), at)).collect();
        Self { items, places }
    }

    /// The same, away from the others' thread where it takes long.
    pub(crate) async fn read(list: List, pages: Vec<Page>) -> Self {
        if pages.iter().map(Page::size).sum::<usize>() < LARGE {
            return Self::new(list, &pages);
        }
        let reading = tokio::task::spawn_blocking(move || Self::new(list, &pages));
        reading.await.unwrap_or_default()
    }

    /// Leaves out what is not to be kept.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Entry) -> bool) {
        self.items.retain(keep);
        let places = self.items.iter().enumerate();
        self.places = places.map(|(at, entry)| (entry.item.key().into(), at)).collect();
    }

    /// What a tool is, if the server lists it.
    pub(crate) fn definition(&self, name: &str) -> Option<Digest> {
        self.find(name)?.definition
    }

    /// The item of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Entry> {
        self.items.get(*self.places.get(name)?)
    }

    /// All items, in the server's order.
    pub(crate) fn items(&self) -> &[Entry] {
        &self.items
    }

    /// The same, and what another reading has besides.
    pub(crate) fn with(&self, more: &Self) -> Self {
        let news = more.items.iter().filter(|entry| self.find(entry.item.key()).is_none());
        Self::of(self.items.iter().chain(news).cloned().collect())
    }

    /// Whether another reading has found the same text.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let texts =
            |listed: &'_ Self| listed.items.iter().map(|entry| entry.item.text().len()).sum::<usize>();
        self.items.len() == other.items.len()
            && texts(self) == texts(other)
            && self.items.iter().zip(&other.items).all(|(one, two)| one.item.text() == two.item.text())
    }

    /// The tools, for the human to look at.
    pub(crate) fn tools(&self) -> Vec<Tool> {
        let tool = |entry: &Entry| {
            let name = entry.item.key().to_owned();
            Some(Tool { name, definition: entry.definition?, raw: entry.item.value()? })
        };
        self.items.iter().filter_map(tool).collect()
    }

    /// The items as values.
    pub(crate) fn values(&self) -> Vec<Value> {
        self.items.iter().filter_map(|entry| entry.item.value()).collect()
    }
}

/// The other reading, unless it has found what is known already: whoever rests on the old one need not look anew.
pub(crate) fn kept(known: Option<Arc<Listed>>, read: Listed) -> Arc<Listed> {
    known.filter(|known| known.is_same(&read)).unwrap_or_else(|| Arc::new(read))
}

fn definition(item: &Item) -> Digest {
    proof::definition_digest(&item.value().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp::{Message, RawId};
    use serde_json::json;

    fn listed(list: List, items: Value) -> Listed {
        let answer = Message::response(&RawId::number(1), &json!({ list.member(): items }));
        Listed::new(list, &[Page::read(list, &answer).unwrap()])
    }

    #[test]
    fn threat_12_two_tools_with_one_name_are_none() {
        let tools = listed(
            List::Tools,
            json!([
                {"name": "read", "description": "honest"},
                {"name": "read", "description": "shadow"},
                {"name": "read", "description": "honest"},
                {"name": "write"},
                {"title": "nameless"},
            ]),
        );
        assert_eq!(tools.definition("read"), None);
        assert!(tools.definition("write").is_some());
        assert_eq!(tools.items().len(), 1);
    }

    #[test]
    fn the_same_text_read_again_is_the_same_list() {
        let once = Arc::new(listed(List::Tools, json!([{"name": "a"}, {"name": "b"}])));
        let again = listed(List::Tools, json!([{"name": "a"}, {"name": "b"}]));
        assert!(Arc::ptr_eq(&kept(Some(once.clone()), again), &once));
        let another = listed(List::Tools, json!([{"name": "a"}, {"name": "c"}]));
        assert!(!Arc::ptr_eq(&kept(Some(once.clone()), another), &once));
    }

    #[test]
    fn what_is_listed_in_both_eras_is_there_once_and_as_it_was_first() {
        let seen = listed(List::Tools, json!([{"name": "a", "x": 1}, {"name": "b"}]));
        let both = seen.with(&listed(List::Tools, json!([{"name": "c"}, {"name": "a", "x": 2}])));
        assert_eq!(both.values(), [json!({"name": "a", "x": 1}), json!({"name": "b"}), json!({"name": "c"})]);
    }

    #[test]
    fn resources_of_one_address_are_as_the_server_lists_them() {
        let twice = listed(List::Resources, json!([{"uri": "a:", "name": "1"}, {"uri": "a:", "name": "2"}]));
        assert_eq!(twice.items().len(), 2);
    }
}
