//! A server's tools as it listed them, each with the digest that pins it.

use domain::{Digest, Tool};
use serde_json::Value;
use std::collections::HashMap;

/// What a server's tools are.
#[derive(Default)]
pub(crate) struct Tools {
    listed: Vec<Tool>,
    by_name: HashMap<String, Digest>,
}

impl Tools {
    /// Reads a list. What has no name is no tool; of two with one name neither is, for nobody could say which was granted.
    pub(crate) fn new(listed: Vec<Value>) -> Self {
        let mut tools = Self::default();
        let mut twice = vec![];
        for raw in listed {
            let Some(name) = raw.get("name").and_then(Value::as_str).map(ToOwned::to_owned) else { continue };
            let definition = proof::definition_digest(&raw);
            if tools.by_name.insert(name.clone(), definition).is_some() {
                twice.push(name.clone());
            }
            tools.listed.push(Tool { name, definition, raw });
        }
        for name in twice {
            tools.by_name.remove(&name);
            tools.listed.retain(|tool| tool.name != name);
        }
        tools
    }

    /// A tool's definition, if the server lists it.
    pub(crate) fn definition(&self, name: &str) -> Option<Digest> {
        self.by_name.get(name).copied()
    }

    /// All tools, in the server's order.
    pub(crate) fn listed(&self) -> &[Tool] {
        &self.listed
    }

    /// The same, given away.
    pub(crate) fn into_listed(self) -> Vec<Tool> {
        self.listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn threat_12_two_tools_with_one_name_are_none() {
        let tools = Tools::new(vec![
            json!({"name": "read", "description": "honest"}),
            json!({"name": "read", "description": "shadow"}),
            json!({"name": "write"}),
            json!({"title": "nameless"}),
        ]);
        assert_eq!(tools.definition("read"), None);
        assert!(tools.definition("write").is_some());
        assert_eq!(tools.listed().len(), 1);
    }
}
