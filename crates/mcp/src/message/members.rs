//! The members of one JSON object and where their values stand, without reading the values.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// One member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    /// Its name, unescaped.
    pub(crate) name: Cow<'a, str>,
    /// Where its value stands in the text.
    pub(crate) value: Range<usize>,
}

/// The members of the object that is `text`, in order, doubles included. The whole text is checked to be JSON.
pub(crate) fn members(text: &str) -> Result<Vec<Member<'_>>, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let found = json.deserialize_map(Members { text })?;
    json.end()?;
    Ok(found)
}

struct Members<'a> {
    text: &'a str,
}

impl<'a> Visitor<'a> for Members<'a> {
    type Value = Vec<Member<'a>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut found = Vec::with_capacity(4);
        while let Some(name) = map.next_key_seed(Name)? {
            let raw = map.next_value::<&'a RawValue>()?.get();
            let start = raw.as_ptr() as usize - self.text.as_ptr() as usize;
            found.push(Member { name, value: start..start + raw.len() });
        }
        Ok(found)
    }
}

/// Borrows a name where it holds no escapes; serde's own `Cow` would always copy.
struct Name;

impl<'a> DeserializeSeed<'a> for Name {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Name {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, name: &'a str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// Reads one string as [`Name`] does.
pub(crate) fn unescape(raw: &str) -> Option<Cow<'_, str>> {
    if !raw.contains('\\') {
        return raw.get(1..raw.len().checked_sub(1)?).map(Cow::Borrowed);
    }
    String::deserialize(&mut serde_json::Deserializer::from_str(raw)).ok().map(Cow::Owned)
}
