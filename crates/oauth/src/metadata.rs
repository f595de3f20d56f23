//! The two documents of discovery, read strictly: RFC 9728 for the server, RFC 8414 for where one logs in.

use crate::OAuthError;
use crate::place::{self, Depth};
use serde::{Deserialize, Serialize};
use url::Url;

/// Protected resource metadata (RFC 9728 §2), as far as a client needs it.
#[derive(Debug, Deserialize)]
pub(crate) struct ResourceMetadata {
    pub(crate) resource: String,
    #[serde(default)]
    pub(crate) authorization_servers: Vec<String>,
    pub(crate) scopes_supported: Option<Vec<String>>,
}

/// Authorization server metadata (RFC 8414 §2) as it was sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Raw {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    registration_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    scopes_supported: Vec<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    client_id_metadata_document_supported: bool,
}

/// An authorization server the wallet is willing to log in at: it is who it should be, it has PKCE, and its addresses are
/// ones that may be followed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Authority {
    /// Compared byte for byte, never normalised.
    pub(crate) issuer: String,
    pub(crate) authorization_endpoint: Url,
    pub(crate) token_endpoint: Url,
    pub(crate) registration_endpoint: Option<Url>,
    pub(crate) revocation_endpoint: Option<Url>,
    pub(crate) scopes: Vec<String>,
    /// How a confidential client may prove itself at the token endpoint.
    pub(crate) auth_methods: Vec<String>,
    /// Whether an answer without `iss` is a wrong one (RFC 9207 §2.4).
    pub(crate) sends_iss: bool,
    /// Whether it reads client id metadata documents.
    pub(crate) reads_client_documents: bool,
}

impl Authority {
    /// Reads the document found for `issuer`, on behalf of a server as far inside as `server`.
    pub(crate) fn read(raw: Raw, issuer: &str, server: Depth) -> Result<Self, OAuthError> {
        if raw.issuer != issuer {
            let found = crate::error::tidy(&raw.issuer);
            return Err(OAuthError::IssuerMismatch { expected: issuer.into(), found });
        }
        let has_pkce = raw.code_challenge_methods_supported.iter().flatten().any(|method| method == "S256");
        if !has_pkce {
            return Err(OAuthError::NoPkce { issuer: issuer.into() });
        }
        let endpoint =
            |text: &str| place::parse(text, server).map_err(|reason| OAuthError::refused(text, reason));
        Ok(Self {
            issuer: raw.issuer,
            authorization_endpoint: endpoint(&raw.authorization_endpoint)?,
            token_endpoint: endpoint(&raw.token_endpoint)?,
            registration_endpoint: raw.registration_endpoint.as_deref().map(endpoint).transpose()?,
            revocation_endpoint: raw.revocation_endpoint.as_deref().map(endpoint).transpose()?,
            scopes: raw.scopes_supported,
            // RFC 8414 §2: what its absence means.
            auth_methods: raw
                .token_endpoint_auth_methods_supported
                .unwrap_or_else(|| vec!["client_secret_basic".into()]),
            sends_iss: raw.authorization_response_iss_parameter_supported,
            reads_client_documents: raw.client_id_metadata_document_supported,
        })
    }
}

/// What a login found out, kept for the refreshes that follow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Discovered {
    /// What tokens are asked for (RFC 8707), as the server itself writes it.
    pub(crate) resource: String,
    /// Scopes the server says are enough to begin with.
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) authority: Authority,
}
