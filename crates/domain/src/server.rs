//! An MCP server the human has added: how it is reached, and what kind of credential it wants.

use crate::{ServerName, Timestamp};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use url::Url;

/// A server as the wallet knows it. Holds no secret: those are in the vault, under the server's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Unique name; prefixes the server's tools.
    pub name: ServerName,
    /// How it is reached.
    pub transport: Transport,
    /// When it was added.
    pub added: Timestamp,
}

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Transport {
    /// A child process of the wallet, speaking JSON lines.
    Stdio(Launch),
    /// MCP Streamable HTTP.
    Http {
        /// The endpoint; https, or http on loopback.
        url: Url,
        /// What the wallet shows it.
        credential: Credential,
    },
}

/// A command, never a shell line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// Program: what was given; once the server is added, the absolute path of the file that it was then.
    pub command: String,
    /// Its arguments, one each.
    pub args: Vec<String>,
    /// Working directory; the human's home if none.
    pub cwd: Option<PathBuf>,
    /// The environment beyond the clean minimum (`PATH`, `HOME`, `LANG`, …).
    pub env: Vec<(String, EnvValue)>,
}

/// A value in a child's environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvValue {
    /// No secret; shown and stored as it is.
    Plain(String),
    /// In the vault, under the server's and the variable's name.
    Secret,
}

/// What the wallet shows an HTTP server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Credential {
    /// Nothing.
    None,
    /// A fixed header whose value is in the vault, for example `Authorization: Bearer …`.
    Header {
        /// The header's name.
        name: String,
    },
    /// An OAuth access token, kept fresh.
    OAuth,
}

impl Server {
    /// The canonical resource URI (RFC 8707 §2; MCP authorization): what tokens are for and call proofs name as `aud`.
    /// A stdio server is `stdio:<name>`: it has no address anybody else could mean.
    #[must_use]
    pub fn resource(&self) -> String {
        match &self.transport {
            Transport::Stdio(_) => format!("stdio:{}", self.name),
            Transport::Http { url, .. } => canonical_resource(url),
        }
    }
}

/// Lower-case scheme and host come from [`Url`]; fragment dropped, and a lone trailing slash too.
fn canonical_resource(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    let text = url.to_string();
    if url.path() == "/" && url.query().is_none() { text.trim_end_matches('/').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_canonical() {
        for (given, canonical) in [
            ("HTTPS://MCP.Example.com/mcp", "https://mcp.example.com/mcp"),
            ("https://mcp.example.com/", "https://mcp.example.com"),
            ("https://mcp.example.com:443/mcp#x", "https://mcp.example.com/mcp"),
            ("http://127.0.0.1:8080/a/", "http://127.0.0.1:8080/a/"),
        ] {
            assert_eq!(canonical_resource(&Url::parse(given).unwrap()), canonical);
        }
    }
}
