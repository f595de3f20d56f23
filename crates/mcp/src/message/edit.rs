//! Changes to a message that leave every other byte as it is.

use super::members::{Member, members};
use super::{Kind, Message, RawId, Spans};
use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;
use std::ops::Range;

/// A change in the making: says what is to be different, then [`Edit::finish`] copies the message once.
#[must_use = "nothing changes until `finish`"]
pub struct Edit<'a> {
    message: &'a Message,
    id: Option<RawId>,
    body: Option<String>,
    params: Vec<(&'a str, String)>,
    meta: Vec<(&'a str, String)>,
}

/// New text for a stretch of the old.
struct Splice {
    at: Range<usize>,
    text: String,
}

impl<'a> Edit<'a> {
    pub(super) const fn new(message: &'a Message) -> Self {
        Self { message, id: None, body: None, params: Vec::new(), meta: Vec::new() }
    }

    /// Gives a request or response another id. One that has none stays without.
    pub fn id(mut self, id: RawId) -> Self {
        self.id = Some(id);
        self
    }

    /// Replaces `params`, `result` or `error` as a whole, whichever the message has; undoes [`Edit::param`] and [`Edit::meta`].
    pub fn body(mut self, value: &Value) -> Self {
        self.body = Some(value.to_string());
        self
    }

    /// The same with text that is JSON already.
    pub fn body_raw(mut self, value: &RawValue) -> Self {
        self.body = Some(value.get().to_owned());
        self
    }

    /// Sets one member of `params` (or of `result`) to text that is JSON already.
    pub fn param_raw(mut self, name: &'a str, value: &RawValue) -> Self {
        self.params.retain(|(known, _)| *known != name);
        self.params.push((name, value.get().to_owned()));
        self
    }

    /// Sets one member of `params` (or of `result`).
    pub fn param(mut self, name: &'a str, value: &Value) -> Self {
        set(&mut self.params, name, value);
        self
    }

    /// Sets one member of `_meta` in `params` (or in `result`).
    pub fn meta(mut self, name: &'a str, value: &Value) -> Self {
        set(&mut self.meta, name, value);
        self
    }

    /// The changed message.
    #[must_use]
    pub fn finish(mut self) -> Message {
        let mut splices = Vec::with_capacity(4);
        match (&self.id, &self.message.spans.id) {
            (Some(id), Some(at)) => splices.push(Splice { at: at.clone(), text: id.as_json().to_owned() }),
            _ => self.id = None,
        }
        match (self.body.take(), &self.message.spans.body) {
            (Some(text), Some(at)) => splices.push(Splice { at: at.clone(), text }),
            (Some(text), None) => splices.push(self.first_body(&text)),
            (None, _) if self.params.is_empty() && self.meta.is_empty() => {}
            (None, Some(at)) => self.inside_body(at.clone(), &mut splices),
            (None, None) => splices.push(self.first_body(&self.fresh_body())),
        }
        splices.sort_by_key(|splice| splice.at.start);
        apply(self.message, self.id, &splices)
    }

    /// A body where there was none, before the closing brace of the message.
    fn first_body(&self, text: &str) -> Splice {
        let bytes = &self.message.bytes;
        let brace = bytes.iter().rposition(|&b| b == b'}').unwrap_or(bytes.len());
        Splice { at: brace..brace, text: format!(r#","params":{text}"#) }
    }

    fn fresh_body(&self) -> String {
        let mut members = self.params.clone();
        if !self.meta.is_empty() {
            members.push(("_meta", object(&self.meta)));
        }
        object(&members)
    }

    fn inside_body(&self, at: Range<usize>, splices: &mut Vec<Splice>) {
        let body = self.message.body().unwrap_or("null");
        if body == "null" {
            return splices.push(Splice { at, text: self.fresh_body() });
        }
        let Ok(found) = members(body) else { return };
        let mut set = self.params.clone();
        let old_meta = found.iter().find(|m| m.name == "_meta" && !self.meta.is_empty());
        match old_meta.map(|m| (m.value.start, &body[m.value.clone()])) {
            Some((start, meta)) if meta.starts_with('{') => {
                set_members(&members(meta).unwrap_or_default(), at.start + start, &self.meta, splices);
            }
            _ if self.meta.is_empty() => {}
            _ => set.push(("_meta", object(&self.meta))),
        }
        set_members(&found, at.start, &set, splices);
    }
}

/// Notes a member; the last value for a name counts.
fn set<'a>(members: &mut Vec<(&'a str, String)>, name: &'a str, value: &Value) {
    members.retain(|(known, _)| *known != name);
    members.push((name, value.to_string()));
}

/// Splices that set members of an object that stands at `offset` and has the members `found`.
fn set_members(found: &[Member<'_>], offset: usize, set: &[(&str, String)], splices: &mut Vec<Splice>) {
    let mut fresh = Vec::new();
    for (name, value) in set {
        match found.iter().find(|m| m.name == *name) {
            Some(old) => splices
                .push(Splice { at: offset + old.value.start..offset + old.value.end, text: value.clone() }),
            None => fresh.push((*name, value.clone())),
        }
    }
    if !fresh.is_empty() {
        let mut text = object(&fresh);
        text.pop();
        text.remove(0);
        if !found.is_empty() {
            text.push(',');
        }
        splices.push(Splice { at: offset + 1..offset + 1, text });
    }
}

fn object(members: &[(&str, String)]) -> String {
    let members: Vec<_> =
        members.iter().map(|(name, value)| format!("{}:{value}", Value::from(*name))).collect();
    format!("{{{}}}", members.join(","))
}

/// Copies the message once, with the splices (in order, apart from each other) in their places.
fn apply(message: &Message, id: Option<RawId>, splices: &[Splice]) -> Message {
    let old = &message.bytes;
    let grown: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut new = Vec::with_capacity(old.len() + grown);
    let mut copied = 0;
    for splice in splices {
        new.extend_from_slice(&old[copied..splice.at.start]);
        new.extend_from_slice(splice.text.as_bytes());
        copied = splice.at.end;
    }
    new.extend_from_slice(&old[copied..]);
    Message { bytes: Bytes::from(new), kind: with_id(&message.kind, id), spans: moved(message, splices) }
}

fn with_id(kind: &Kind, id: Option<RawId>) -> Kind {
    let mut kind = kind.clone();
    match (&mut kind, id) {
        (Kind::Request { id: old, .. }, Some(id)) => *old = id,
        (Kind::Response { id: old, .. }, Some(id)) => *old = Some(id),
        (Kind::Request { .. } | Kind::Notification { .. } | Kind::Response { .. }, _) => {}
    }
    kind
}

/// Where the parts stand after the splices.
fn moved(message: &Message, splices: &[Splice]) -> Spans {
    let shift = |at: usize, counts: &dyn Fn(&Splice) -> bool| {
        let before = splices.iter().filter(|splice| counts(splice));
        before.fold(at, |at, splice| at + splice.text.len() - splice.at.len())
    };
    let span = |old: &Range<usize>| {
        let start = shift(old.start, &|splice| splice.at.end <= old.start);
        start..shift(old.end, &|splice| splice.at.end <= old.end)
    };
    let body = match &message.spans.body {
        Some(body) => Some(span(body)),
        None => splices.iter().find(|s| s.at.is_empty() && s.text.starts_with(',')).map(|splice| {
            let end = shift(splice.at.end, &|other| other.at.end <= splice.at.end);
            end - splice.text.len() + r#","params":"#.len()..end
        }),
    };
    Spans { id: message.spans.id.as_ref().map(span), body }
}
