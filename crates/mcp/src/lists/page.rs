//! One page of a list, as raw text: where each item stands in it, and what it is called.
//!
//! An item that two parsers could read differently is none: what the human saw would not be what the agent reads.

use super::List;
use crate::message::{Message, ParseError};
use crate::message::{members, strict};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::ops::Range;
use std::time::Duration;

/// One page of a list.
#[derive(Clone)]
pub struct Page {
    body: Bytes,
    /// Where the array stands in the body; none if the result has no such list.
    array: Option<Range<usize>>,
    items: Vec<Found>,
    next: Option<Value>,
    fresh: Option<Duration>,
    /// Where the value of `cacheScope` stands.
    scope: Option<Range<usize>>,
}

/// Where something stands in a page, and the item it is, if it is one.
type Found = (Range<usize>, Option<Item>);

/// One item of a list, byte for byte.
#[derive(Clone)]
pub struct Item {
    text: Bytes,
    key: Box<str>,
    /// Where the value of the key stands.
    place: Range<usize>,
}

impl Page {
    /// Reads the answer to a list request.
    ///
    /// # Errors
    /// [`ParseError`] when the result has the list, or what is said about it, in a way that two parsers could read differently.
    pub fn read(list: List, answer: &Message) -> Result<Self, ParseError> {
        let text = answer.body().unwrap_or("{}");
        let body = answer.bytes().slice_ref(text.as_bytes());
        let mut page = Self { body, array: None, items: vec![], next: None, fresh: None, scope: None };
        let found =
            members::members(text).map_err(|error| ParseError::NotJson { what: error.to_string() })?;
        let known = [list.member(), "nextCursor", "ttlMs", "cacheScope"];
        strict::inspect_names_of(found.iter().map(|member| member.name.as_ref()), &known)?;
        for member in found {
            let raw = &text[member.value.clone()];
            match member.name.as_ref() {
                name if name == list.member() && raw.starts_with('[') => {
                    page.items = page.items_at(list, text, &member.value)?;
                    page.array = Some(member.value);
                }
                "nextCursor" => {
                    page.next = serde_json::from_str(raw).ok().filter(|next: &Value| !next.is_null())
                }
                "ttlMs" => page.fresh = raw.parse().ok().map(Duration::from_millis),
                "cacheScope" => page.scope = Some(member.value),
                _ => {}
            }
        }
        Ok(page)
    }

    fn items_at(&self, list: List, text: &str, array: &Range<usize>) -> Result<Vec<Found>, ParseError> {
        let raw: Vec<&RawValue> = serde_json::from_str(&text[array.clone()])
            .map_err(|error| ParseError::NotJson { what: error.to_string() })?;
        let item = |raw: &RawValue| {
            let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
            let span = start..start + raw.get().len();
            (span.clone(), Item::read(list, self.body.slice(span)))
        };
        Ok(raw.into_iter().map(item).collect())
    }

    /// Its items, in the server's order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter_map(|(_, item)| item.as_ref())
    }

    /// How many bytes the result has.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.body.len()
    }

    /// How many items stand there that have no name, or that two parsers could read differently.
    #[must_use]
    pub fn flawed(&self) -> usize {
        self.items.iter().filter(|(_, item)| item.is_none()).count()
    }

    /// The server's cursor for the next page, if there is one.
    #[must_use]
    pub const fn next(&self) -> Option<&Value> {
        self.next.as_ref()
    }

    /// How long the server says that the page may be kept, if it says so (modern).
    #[must_use]
    pub const fn fresh(&self) -> Option<Duration> {
        self.fresh
    }

    /// The result with only those items that `keep` says yes to; every other byte is as it came, but that nobody else may be
    /// shown it from a cache. Nothing when every item stays.
    pub fn selected(&self, mut keep: impl FnMut(&Item) -> bool) -> Option<String> {
        let (text, array) = (std::str::from_utf8(&self.body).ok()?, self.array.clone()?);
        let kept = self.items.iter().filter(|(_, item)| item.as_ref().is_some_and(&mut keep));
        let kept: Vec<_> = kept.map(|(span, _)| &text[span.clone()]).collect();
        if kept.len() == self.items.len() {
            return None;
        }
        let mut changes = vec![(array, format!("[{}]", kept.join(",")))];
        changes.extend(self.scope.clone().map(|scope| (scope, r#""private""#.to_owned())));
        changes.sort_unstable_by_key(|(at, _)| at.start);
        let (mut selected, mut copied) = (String::with_capacity(text.len()), 0);
        for (at, new) in changes {
            selected.push_str(&text[copied..at.start]);
            selected.push_str(&new);
            copied = at.end;
        }
        selected.push_str(&text[copied..]);
        Some(selected)
    }
}

impl Item {
    /// What stands in the text, if it has a name and one meaning only.
    #[must_use]
    pub fn read(list: List, text: Bytes) -> Option<Self> {
        let raw = std::str::from_utf8(&text).ok()?;
        strict::inspect_item(raw, list.decisive()).ok()?;
        let found = members::members(raw).ok()?;
        let place = found.into_iter().find(|member| member.name == list.key())?.value;
        let key = members::unescape(raw.get(place.clone()).filter(|raw| raw.starts_with('"'))?)?;
        let key = Some(key).filter(|key| !key.is_empty())?.into();
        Some(Self { text, key, place })
    }

    /// The server's own name for it; the URI of a resource.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The text as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or("null")
    }

    /// The item as a value, or as whatever reads it.
    pub fn value<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_slice(&self.text).ok()
    }

    /// Appends the item under another name.
    pub fn put_as(&self, name: &str, out: &mut String) {
        let text = self.text();
        out.push_str(&text[..self.place.start]);
        out.push_str(&Value::from(name).to_string());
        out.push_str(&text[self.place.end..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(result: &str) -> Message {
        Message::parse(Bytes::from(format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#))).unwrap()
    }

    fn page(list: List, result: &str) -> Page {
        Page::read(list, &answer(result)).unwrap()
    }

    fn keys(page: &Page) -> Vec<&str> {
        page.items().map(Item::key).collect()
    }

    #[test]
    fn a_selected_list_holds_the_granted_items_and_keeps_everything_else_as_it_was() {
        let page = page(
            List::Tools,
            r#"{ "nextCursor":"c", "tools":[ {"name":"a", "x-own":1.0,"inputSchema":{"maximum":1e+400}} , {"name":"b"}],"cacheScope":"public", "x": 1}"#,
        );
        assert_eq!(
            page.selected(|tool| tool.key() == "a").unwrap(),
            r#"{ "nextCursor":"c", "tools":[{"name":"a", "x-own":1.0,"inputSchema":{"maximum":1e+400}}],"cacheScope":"private", "x": 1}"#
        );
        assert_eq!(page.selected(|_| true), None, "what is not changed is not written anew");
        assert_eq!(page.next().unwrap(), "c");
    }

    #[test]
    fn a_renamed_item_keeps_every_other_byte() {
        let page = page(List::Tools, r#"{"tools":[{"x":1.50, "name" : "\u0061" ,"y":"\u00e9"}]}"#);
        let mut renamed = String::new();
        let item = page.items().next().unwrap();
        item.put_as("s__a", &mut renamed);
        assert_eq!((item.key(), renamed.as_str()), ("a", r#"{"x":1.50, "name" : "s__a" ,"y":"\u00e9"}"#));
    }

    #[test]
    fn each_list_has_its_own_key() {
        let resources = r#"{"resources":[{"uri":"file:///a","name":"a"},{"name":"b"}],"ttlMs":2500}"#;
        assert_eq!(keys(&page(List::Resources, resources)), ["file:///a"]);
        assert_eq!(page(List::Resources, resources).fresh(), Some(Duration::from_millis(2500)));
        let templates = r#"{"resourceTemplates":[{"uriTemplate":"file:///{a}","name":"a"}]}"#;
        assert_eq!(keys(&page(List::ResourceTemplates, templates)), ["file:///{a}"]);
        assert!(keys(&page(List::Prompts, templates)).is_empty());
    }

    #[test]
    fn threat_10_what_two_parsers_could_read_differently_is_no_item() {
        for hostile in [
            r#"{"name":"pay","description":"Pays.","description":"Pays me."}"#,
            r#"{"name":"pay","description":"Pays.","Description":"Pays me."}"#,
            r#"{"name":"pay","description":"Pays.","de\u017fcription":"Pays me."}"#,
            r#"{"name":"pay","inputSchema":{"type":"object","properties":{"a":{"const":1,"const":2}}}}"#,
            r#"{"name":"pay","NAME":"honest"}"#,
            r#"{"name":"pay","inputSchema":{"$serde_json::private::Number":"1"}}"#,
            r#"{"name":7}"#,
            r#"{"name":""}"#,
            r#"["name","pay"]"#,
        ] {
            let page = page(List::Tools, &format!(r#"{{"tools":[{hostile},{{"name":"b"}}]}}"#));
            assert_eq!((keys(&page), page.flawed()), (vec!["b"], 1), "{hostile}");
            assert_eq!(page.selected(|_| true).unwrap(), r#"{"tools":[{"name":"b"}]}"#, "{hostile}");
        }
        // Names that differ in case are data once they are not the definition's own members.
        let flags = r#"{"tools":[{"name":"grep","inputSchema":{"properties":{"-a":{},"-A":{}}}}]}"#;
        assert_eq!(keys(&page(List::Tools, flags)), ["grep"]);
    }

    #[test]
    fn threat_05_a_result_with_its_list_twice_is_no_page() {
        for hostile in [r#"{"tools":[],"tools":[{"name":"a"}]}"#, r#"{"Tools":[{"name":"a"}],"tools":[]}"#] {
            assert!(Page::read(List::Tools, &answer(hostile)).is_err(), "{hostile}");
        }
    }
}
