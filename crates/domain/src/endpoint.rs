//! The wallet's MCP endpoints for agents that connect over HTTP.

use crate::ServerName;
use serde::{Deserialize, Serialize};

/// Which servers an endpoint leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `/mcp`: all the agent was granted, each tool's name with its server in front.
    All,
    /// `/mcp/SERVER`: one server, its tools by their own names.
    One(ServerName),
}

impl Endpoint {
    /// The endpoint at a path; none when it is none of the wallet's.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/mcp")?;
        if rest.is_empty() {
            return Some(Self::All);
        }
        rest.strip_prefix('/').and_then(|name| ServerName::parse(name).ok()).map(Self::One)
    }

    /// The path, without a slash at its end.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::All => "/mcp".to_owned(),
            Self::One(server) => format!("/mcp/{server}"),
        }
    }

    /// Whether what was agreed to for this endpoint holds at `other` too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        *self == Self::All || self == other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_found_by_exactly_its_path() {
        let notes = Endpoint::One(ServerName::parse("notes").unwrap());
        assert_eq!(Endpoint::at("/mcp"), Some(Endpoint::All));
        assert_eq!(Endpoint::at("/mcp/notes"), Some(notes.clone()));
        assert_eq!(Endpoint::at(&notes.path()), Some(notes));
        for stranger in
            ["", "/", "/mcp/", "/mcpnotes", "/mcp/notes/", "/mcp/Notes", "/mcp/a/b", "//mcp", "/mcp?a"]
        {
            assert_eq!(Endpoint::at(stranger), None, "{stranger}");
        }
    }

    #[test]
    fn what_holds_for_one_server_holds_nowhere_else() {
        let [notes, mail] = ["notes", "mail"].map(|name| Endpoint::One(ServerName::parse(name).unwrap()));
        assert!(Endpoint::All.covers(&notes) && notes.covers(&notes));
        assert!(!notes.covers(&mail) && !notes.covers(&Endpoint::All));
    }
}
