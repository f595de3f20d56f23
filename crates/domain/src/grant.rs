//! What a delegation allows on one server. What is not named is refused.

use crate::{Digest, ServerName, Target, TargetKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What one delegation allows on one server: one `authorization_details` element (formats, §2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// The wallet's name for the server.
    pub server: ServerName,
    /// The server's canonical resource URI, as signed.
    pub location: String,
    /// Tools by name. Empty: none.
    pub tools: Vec<ToolGrant>,
    /// Resources by URI or URI prefix. Empty: none.
    #[serde(default)]
    pub resources: Vec<ResourceGrant>,
    /// Prompts by name. Empty: none.
    #[serde(default)]
    pub prompts: Vec<PromptGrant>,
}

/// One tool, pinned to the definition the human saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolGrant {
    /// The server's own name for it.
    pub name: String,
    /// The definition the human saw; another one is refused.
    pub definition: Digest,
    /// A JSON Schema 2020-12 that narrows the tool's own, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Value>,
    /// Whether the human is asked.
    pub approval: ApprovalMode,
    /// How often.
    #[serde(default)]
    pub limits: Limits,
}

/// One resource, or all below a prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceGrant {
    /// A URI, or a prefix of URIs that ends in `*`.
    pub uri: String,
}

/// One prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptGrant {
    /// The server's own name for it.
    pub name: String,
}

/// When the human is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalMode {
    /// Not asked: the delegation is the answer.
    Never,
    /// Asked about each set of arguments until the human says yes to it for as long as the delegation holds.
    Once,
    /// Asked until the human says yes to the tool, with any arguments, for the session.
    Session,
    /// Asked for every call.
    Always,
}

/// A budget. Absent means without limit; the human sees that in words before signing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Calls in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// Calls in any 60 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<u32>,
}

impl Grant {
    /// The grant for a tool, if it is named.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&ToolGrant> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// Whether a target is named at all; for a tool, whatever its definition.
    #[must_use]
    pub fn names(&self, target: &Target) -> bool {
        match target.kind {
            TargetKind::Tool => self.tool(&target.name).is_some(),
            TargetKind::Resource => self.resources.iter().any(|resource| resource.covers(&target.name)),
            TargetKind::Prompt => self.prompts.iter().any(|prompt| prompt.name == target.name),
        }
    }
}

impl ResourceGrant {
    /// Whether this grant covers `uri`. A prefix never covers a URI with a `..` segment, plain or percent-encoded: where
    /// that leads is the server's business, not the prefix's.
    #[must_use]
    pub fn covers(&self, uri: &str) -> bool {
        match self.uri.strip_suffix('*') {
            None => self.uri == uri,
            Some(prefix) => uri.starts_with(prefix) && !climbs(uri),
        }
    }
}

fn climbs(uri: &str) -> bool {
    let plain = uri
        .to_ascii_lowercase()
        .replace("%2e", ".")
        .replace("%2f", "/")
        .replace("%5c", "/")
        .replace('\\', "/");
    plain.contains('%') && plain.contains("%25")
        || plain.split(['/', '?', '#']).any(|segment| segment == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_covers_what_is_below_it_and_nothing_that_climbs_out() {
        let grant = ResourceGrant { uri: "file:///home/me/docs/*".into() };
        assert!(grant.covers("file:///home/me/docs/a.txt"));
        assert!(grant.covers("file:///home/me/docs/100%20percent"));
        for hostile in [
            "file:///home/me/docs/../.ssh/id_ed25519",
            "file:///home/me/docs/%2e%2e/.ssh/id_ed25519",
            "file:///home/me/docs/%2E%2e%2F.ssh/id_ed25519",
            "file:///home/me/docs/..\\.ssh",
            "file:///home/me/docs/%252e%252e/.ssh",
            "file:///home/me/docsx",
        ] {
            assert!(!grant.covers(hostile), "{hostile}");
        }
    }

    #[test]
    fn an_empty_grant_names_nothing() {
        let grant = Grant {
            server: ServerName::parse("s").unwrap(),
            location: "stdio:s".into(),
            tools: vec![],
            resources: vec![],
            prompts: vec![],
        };
        for target in [Target::tool("x"), Target::resource("x"), Target::prompt("x")] {
            assert!(!grant.names(&target));
        }
    }
}
