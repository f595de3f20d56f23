//! A tool as its server describes it.

use crate::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A tool as its server listed it, with the digest that pins it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// The server's own name for it, without our prefix.
    pub name: String,
    /// SHA-256 over JCS of `{name, description, inputSchema, outputSchema, annotations}` (formats, §2).
    pub definition: Digest,
    /// The whole definition, as it came.
    pub raw: Value,
}

/// What calling a tool may do, from its annotations (MCP `ToolAnnotations`). Hints from the server: they order a list and
/// choose words, they never grant anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// `readOnlyHint: true`.
    Reads,
    /// Writes, and says that nothing is destroyed.
    Writes,
    /// Says nothing: "writes, maybe more".
    Unknown,
    /// `destructiveHint: true`: can't be undone.
    Destroys,
}

impl Tool {
    /// What the server says the tool is for.
    #[must_use]
    pub fn description(&self) -> &str {
        self.raw.get("description").and_then(Value::as_str).unwrap_or_default()
    }

    /// A human-readable title, or the name.
    #[must_use]
    pub fn title(&self) -> &str {
        let titles = [self.raw.get("title"), self.raw.pointer("/annotations/title")];
        titles.into_iter().flatten().find_map(Value::as_str).unwrap_or(&self.name)
    }

    /// What the annotations admit to.
    #[must_use]
    pub fn risk(&self) -> Risk {
        let hint = |name: &str| self.raw.pointer(&format!("/annotations/{name}")).and_then(Value::as_bool);
        match (hint("readOnlyHint"), hint("destructiveHint")) {
            (Some(true), _) => Risk::Reads,
            (_, Some(true)) => Risk::Destroys,
            (_, Some(false)) => Risk::Writes,
            (_, None) => Risk::Unknown,
        }
    }
}
