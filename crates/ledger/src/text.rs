//! Searching receipts for a text, as a person would: in whatever case, in names, arguments, reasons and notes.

use crate::Entry;
use serde_json::Value;

/// A text that is looked for.
pub(crate) struct Wanted {
    /// In lower case.
    text: String,
    /// The same as it stands in a line, escaped.
    escaped: String,
}

impl Wanted {
    pub(crate) fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let quoted = Value::from(text.as_str()).to_string();
        let escaped = quoted[1..quoted.len() - 1].to_owned();
        Self { text, escaped }
    }

    /// A quick look that never misses: most lines need not be read at all.
    pub(crate) fn may_be_in(&self, line: &[u8]) -> bool {
        String::from_utf8_lossy(line).to_lowercase().contains(&self.escaped)
    }

    /// Whether it stands where a person would look.
    pub(crate) fn is_in(&self, entry: &Entry) -> bool {
        serde_json::to_value(&entry.body).is_ok_and(|body| self.stands_in(&body))
    }

    /// Digests are not read by people.
    fn stands_in(&self, value: &Value) -> bool {
        let matches = |text: &str| text.to_lowercase().contains(&self.text);
        match value {
            Value::String(text) => !text.starts_with("sha-256:") && matches(text),
            Value::Array(items) => items.iter().any(|item| self.stands_in(item)),
            Value::Object(members) => {
                members.iter().any(|(name, value)| matches(name) || self.stands_in(value))
            }
            Value::Number(number) => matches(number.as_str()),
            Value::Null | Value::Bool(_) => false,
        }
    }
}
