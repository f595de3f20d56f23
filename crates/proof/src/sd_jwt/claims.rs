//! The claims of a delegation on the wire (formats, §2). Closed: a claim that is not understood could be a restriction, so
//! it is refused, never skipped.

use crate::{ProofError, jws};
use domain::{Grant, PromptGrant, PublicKey, ResourceGrant, TargetKind, ToolGrant};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// The issuer-signed part.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) cnf: Confirmation,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
    pub(super) jti: String,
    #[serde(rename = "_sd_alg")]
    pub(super) sd_alg: String,
    pub(super) authorization_details: Vec<Hidden>,
    pub(super) delegation: Hop,
}

/// `cnf` (RFC 7800).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    pub(super) jwk: Jwk,
}

/// An OKP key (RFC 8037, §2).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Jwk {
    kty: String,
    crv: String,
    x: String,
}

/// The digest that stands for a disclosure in an array (RFC 9901, §4.2.4.2).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hidden {
    #[serde(rename = "...")]
    pub(super) digest: String,
}

/// Where a delegation stands in a chain.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hop {
    pub(super) depth: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<String>,
}

/// One element of `authorization_details` (RFC 9396), `type` = `mcp_tools`: what one server is to know of a delegation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    #[serde(rename = "type")]
    kind: DetailKind,
    /// Canonical resource URIs of the server.
    pub locations: Vec<String>,
    /// Tools, each pinned to its definition.
    pub tools: Vec<ToolGrant>,
    /// Resources by URI or prefix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<ResourceGrant>,
    /// Prompts by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<PromptGrant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum DetailKind {
    #[serde(rename = "mcp_tools")]
    McpTools,
}

impl Jwk {
    pub(super) fn new(key: &PublicKey) -> Self {
        Self { kty: "OKP".to_owned(), crv: "Ed25519".to_owned(), x: jws::encode(&key.0) }
    }

    pub(super) fn key(&self) -> Result<PublicKey, ProofError> {
        let malformed = ProofError::Malformed("the agent's key");
        if (self.kty.as_str(), self.crv.as_str()) != ("OKP", "Ed25519") {
            return Err(malformed);
        }
        let bytes = jws::decode("the agent's key", &self.x)?;
        Ok(PublicKey(bytes.try_into().map_err(|_| malformed)?))
    }
}

impl Detail {
    /// What a server is to know of a grant: all but the wallet's own name for the server.
    #[must_use]
    pub fn of(grant: &Grant) -> Self {
        Self {
            kind: DetailKind::McpTools,
            locations: vec![grant.location.clone()],
            tools: grant.tools.clone(),
            resources: grant.resources.clone(),
            prompts: grant.prompts.clone(),
        }
    }

    /// Whether this element is about the server at `resource`.
    #[must_use]
    pub fn is_about(&self, resource: &str) -> bool {
        self.locations.iter().any(|location| location == resource)
    }

    /// The grant of a tool, if it is named.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&ToolGrant> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// Whether it is clear which grant of a tool counts: readers could differ on the first and the last.
    pub(super) fn names_each_tool_once(&self) -> bool {
        let names: HashSet<_> = self.tools.iter().map(|tool| &tool.name).collect();
        names.len() == self.tools.len()
    }

    /// Whether the target is named at all; nothing about arguments, budget or approval.
    #[must_use]
    pub fn names(&self, kind: TargetKind, name: &str) -> bool {
        match kind {
            TargetKind::Tool => self.tool(name).is_some(),
            TargetKind::Resource => self.resources.iter().any(|resource| resource.covers(name)),
            TargetKind::Prompt => self.prompts.iter().any(|prompt| prompt.name == name),
        }
    }
}
