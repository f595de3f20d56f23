//! From a server's address to the place where one logs in (MCP authorization, "Authorization Server Discovery").

use crate::metadata::{Authority, Discovered, Raw, ResourceMetadata};
use crate::place;
use crate::web::Line;
use crate::{OAuthError, Refused, WwwAuthenticate};
use domain::Server;
use http::header::{ACCEPT, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Request, StatusCode};
use url::Url;

/// Finds out where to log in to `server`.
pub(crate) async fn discover(
    line: &Line,
    server: &Server,
    url: &Url,
    challenge: Option<&WwwAuthenticate>,
) -> Result<Discovered, OAuthError> {
    let Some(found) = resource_metadata(line, url, challenge).await? else {
        // Servers of 2025-03-26 are their own authorization server and have no resource metadata.
        let issuer = url.origin().ascii_serialization();
        let authority = authority(line, &issuer).await?;
        let authority = authority.ok_or_else(|| OAuthError::NoMetadata(server.name.clone()))?;
        return Ok(Discovered { resource: server.resource(), scopes: None, authority });
    };
    if !covers(&found.resource, url) {
        let resource = crate::error::tidy(&found.resource);
        return Err(OAuthError::OtherResource { server: server.name.clone(), resource });
    }
    let issuer = found.authorization_servers.first();
    let issuer = issuer.ok_or_else(|| OAuthError::NoMetadata(server.name.clone()))?;
    let authority = authority(line, issuer).await?;
    let authority = authority.ok_or_else(|| OAuthError::bad_answer(issuer, "it has no metadata"))?;
    Ok(Discovered { resource: found.resource, scopes: found.scopes_supported, authority })
}

/// Asks the server what it wants, by a request without a token. Anything but a 401 says nothing.
pub(crate) async fn probe(line: &Line, url: &Url) -> Result<Option<WwwAuthenticate>, OAuthError> {
    let request = Request::post(url.as_str())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json, text/event-stream")
        .body(br#"{"jsonrpc":"2.0","id":0,"method":"ping"}"#.to_vec());
    let request = request.map_err(|_| OAuthError::refused(url.as_str(), Refused::Malformed))?;
    let response = line.send(request).await?;
    if response.status() != StatusCode::UNAUTHORIZED {
        return Ok(None);
    }
    let headers = response.headers().get_all(WWW_AUTHENTICATE).iter();
    Ok(headers.filter_map(|header| header.to_str().ok()).find_map(WwwAuthenticate::parse))
}

/// Where the challenge says, else at the two well-known places, the server's own path first.
async fn resource_metadata(
    line: &Line,
    url: &Url,
    challenge: Option<&WwwAuthenticate>,
) -> Result<Option<ResourceMetadata>, OAuthError> {
    if let Some(named) = challenge.and_then(|challenge| challenge.resource_metadata.as_deref()) {
        let place = place::parse(named, line.server).map_err(|reason| OAuthError::refused(named, reason))?;
        let found = line.document(&place).await?;
        return found.map(Some).ok_or_else(|| OAuthError::bad_answer(named, "no metadata is there"));
    }
    let mut places =
        vec![inserted(url, "oauth-protected-resource"), at_root(url, "oauth-protected-resource")];
    places.dedup();
    for place in places {
        if let Some(found) = line.document(&place).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

async fn authority(line: &Line, issuer: &str) -> Result<Option<Authority>, OAuthError> {
    let url = place::parse(issuer, line.server).map_err(|reason| OAuthError::refused(issuer, reason))?;
    if url.query().is_some() {
        return Err(OAuthError::bad_answer(issuer, "an issuer has no query"));
    }
    let oidc = "openid-configuration";
    let mut places =
        vec![inserted(&url, "oauth-authorization-server"), inserted(&url, oidc), appended(&url, oidc)];
    places.dedup();
    for place in places {
        if let Some(raw) = line.document::<Raw>(&place).await? {
            return Authority::read(raw, issuer, line.server).map(Some);
        }
    }
    Ok(None)
}

/// RFC 8414 §3.1: between host and path.
fn inserted(url: &Url, suffix: &str) -> Url {
    let path = url.path().trim_end_matches('/');
    with_path(url, &format!("/.well-known/{suffix}{path}"))
}

/// OpenID Connect Discovery 1.0 §4: after the path.
fn appended(url: &Url, suffix: &str) -> Url {
    let path = url.path().trim_end_matches('/');
    with_path(url, &format!("{path}/.well-known/{suffix}"))
}

fn at_root(url: &Url, suffix: &str) -> Url {
    with_path(url, &format!("/.well-known/{suffix}"))
}

fn with_path(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    url.set_path(path);
    url.set_query(None);
    url.set_fragment(None);
    url
}

/// Whether tokens for `resource` are for `url`: the same origin, and the same path or one above it.
fn covers(resource: &str, url: &Url) -> bool {
    let Ok(resource) = Url::parse(resource) else { return false };
    let above = resource.path().trim_end_matches('/');
    let below = url.path().strip_prefix(above);
    resource.fragment().is_none()
        && resource.origin() == url.origin()
        && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        && (resource.query().is_none() || resource.query() == url.query())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn well_known_places_are_built_as_the_specifications_say() {
        let tenant = url("https://auth.example.com/tenant1/");
        assert_eq!(
            inserted(&tenant, "oauth-authorization-server").as_str(),
            "https://auth.example.com/.well-known/oauth-authorization-server/tenant1"
        );
        assert_eq!(
            appended(&tenant, "openid-configuration").as_str(),
            "https://auth.example.com/tenant1/.well-known/openid-configuration"
        );
        let server = url("https://s.example/mcp?x=1");
        assert_eq!(at_root(&server, "x").as_str(), "https://s.example/.well-known/x");
    }

    #[test]
    fn threat_14_tokens_for_another_resource_are_not_asked_for() {
        let server = url("https://s.example/team/mcp");
        for resource in [
            "https://s.example/team/mcp",
            "https://s.example/team",
            "https://s.example",
            "https://s.example/team/",
        ] {
            assert!(covers(resource, &server), "{resource}");
        }
        for resource in [
            "https://other.example/team/mcp",
            "http://s.example/team/mcp",
            "https://s.example:8443/team/mcp",
            "https://s.example/te",
            "https://s.example/team/mcp/x",
            "https://s.example/team/mcp#x",
            "https://s.example/team?x",
            "s.example",
        ] {
            assert!(!covers(resource, &server), "{resource}");
        }
    }
}
