//! What the wallet says of itself to clients that look: RFC 9728 for its endpoints, RFC 8414 for its authorization server.

use crate::{OFFLINE, SCOPE, dpop};
use domain::{Endpoint, Loopback, Origin};
use serde_json::{Value, json};

/// Where an endpoint's metadata is found (RFC 9728 §3.1), in front of the endpoint's path.
pub const RESOURCE: &str = "/.well-known/oauth-protected-resource";
/// Where the authorization server's metadata is found (RFC 8414 §3.1).
pub const SERVER: &str = "/.well-known/oauth-authorization-server";
/// Where clients that know only OpenID Connect look for the same.
pub const OPENID: &str = "/.well-known/openid-configuration";
/// The authorization endpoint.
pub const AUTHORIZE: &str = "/oauth/authorize";
/// The token endpoint.
pub const TOKEN: &str = "/oauth/token";
/// The registration endpoint (RFC 7591).
pub const REGISTER: &str = "/oauth/register";
/// The revocation endpoint (RFC 7009).
pub const REVOKE: &str = "/oauth/revoke";

/// An endpoint's metadata, with the host as the client named it: clients refuse a `resource` of another origin.
#[must_use]
pub fn protected_resource(origin: Origin, name: Loopback, endpoint: &Endpoint) -> Value {
    json!({
        "resource": origin.resource(name, endpoint),
        "authorization_servers": [origin.issuer()],
        "scopes_supported": [SCOPE],
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": dpop::ALGORITHMS,
        "resource_name": "Countersign",
    })
}

/// The authorization server's metadata.
#[must_use]
pub fn authorization_server(origin: Origin) -> Value {
    let issuer = origin.issuer();
    let at = |path: &str| format!("{issuer}{path}");
    json!({
        "issuer": issuer,
        "authorization_endpoint": at(AUTHORIZE),
        "token_endpoint": at(TOKEN),
        "registration_endpoint": at(REGISTER),
        "revocation_endpoint": at(REVOKE),
        "scopes_supported": [SCOPE, OFFLINE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": true,
        "dpop_signing_alg_values_supported": dpop::ALGORITHMS,
    })
}

/// The challenge of a 401 (RFC 9728 §5.1, RFC 6750 §3). `shown` says whether a token was shown, and was no good.
#[must_use]
pub fn challenge(origin: Origin, name: Loopback, endpoint: &Endpoint, shown: bool) -> String {
    let metadata = format!("{}{RESOURCE}{}", origin.under(name), endpoint.path());
    let error = if shown { ", error=\"invalid_token\"" } else { "" };
    format!("Bearer resource_metadata=\"{metadata}\", scope=\"{SCOPE}\"{error}")
}
