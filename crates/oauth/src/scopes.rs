//! Which scopes to ask for (MCP authorization, "Scope Selection Strategy" and "Step-Up Authorization Flow").

use crate::WwwAuthenticate;
use crate::metadata::Discovered;
use std::collections::HashSet;

/// The longest list of scopes that is put together, in bytes.
const MOST: usize = 1024;
const OFFLINE: &str = "offline_access";

/// The challenge's scopes, else all the server says are enough to begin with, else none. A step-up adds what was granted
/// before, so that nothing is lost. `offline_access` is asked for where the authorization server lists it, for a refresh token.
pub(crate) fn choose(
    discovered: &Discovered,
    challenge: Option<&WwwAuthenticate>,
    granted: Option<&str>,
) -> Vec<String> {
    let challenged = challenge.and_then(|challenge| challenge.scope.as_deref()).map(split);
    let mut wanted = challenged.or_else(|| discovered.scopes.clone()).unwrap_or_default();
    if challenge.is_some_and(WwwAuthenticate::wants_more_scope) {
        wanted = split(granted.unwrap_or_default()).into_iter().chain(wanted).collect();
    }
    if discovered.authority.scopes.iter().any(|scope| scope == OFFLINE) {
        wanted.push(OFFLINE.into());
    }
    let mut chosen: Vec<String> = Vec::with_capacity(wanted.len());
    for scope in wanted {
        if is_scope(&scope) && !chosen.contains(&scope) {
            chosen.push(scope);
        }
    }
    chosen
}

/// Whether a login that granted `granted` covers what the challenge wants: asking again would give nothing new.
pub(crate) fn covers(granted: Option<&str>, challenge: &WwwAuthenticate) -> bool {
    let granted = split(granted.unwrap_or_default());
    challenge.scope.as_deref().is_some_and(|wanted| split(wanted).iter().all(|scope| granted.contains(scope)))
}

/// What two challenges want together; the newer alone when that would be more than any login asks for.
pub(crate) fn both(earlier: Option<&WwwAuthenticate>, newer: &WwwAuthenticate) -> Option<String> {
    let scopes = [earlier, Some(newer)].map(|challenge| challenge?.scope.as_deref().map(split));
    let mut all: Vec<String> = scopes.into_iter().flatten().flatten().collect();
    let mut seen = HashSet::new();
    all.retain(|scope| is_scope(scope) && seen.insert(scope.clone()));
    let all = all.join(" ");
    if all.len() > MOST { newer.scope.clone() } else { Some(all).filter(|all| !all.is_empty()) }
}

fn split(scopes: &str) -> Vec<String> {
    scopes.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
}

/// RFC 6749 §3.3.
fn is_scope(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Authority;
    use url::Url;

    fn discovered(resource: Option<&[&str]>, authority: &[&str]) -> Discovered {
        let owned = |scopes: &[&str]| scopes.iter().map(|&scope| scope.to_owned()).collect::<Vec<_>>();
        let endpoint = Url::parse("https://a.example/").unwrap();
        Discovered {
            resource: "https://s.example".into(),
            scopes: resource.map(owned),
            authority: Authority {
                issuer: "https://a.example".into(),
                authorization_endpoint: endpoint.clone(),
                token_endpoint: endpoint,
                registration_endpoint: None,
                revocation_endpoint: None,
                scopes: owned(authority),
                auth_methods: vec![],
                sends_iss: false,
                reads_client_documents: false,
            },
        }
    }

    fn challenge(header: &str) -> Option<WwwAuthenticate> {
        WwwAuthenticate::parse(header)
    }

    #[test]
    fn the_challenge_comes_first_then_what_the_server_supports_then_none() {
        let server = discovered(Some(&["read", "write"]), &["read", "write", "admin"]);
        assert_eq!(choose(&server, challenge("Bearer scope=\"read\"").as_ref(), None), ["read"]);
        assert_eq!(choose(&server, challenge("Bearer").as_ref(), None), ["read", "write"]);
        assert_eq!(choose(&discovered(None, &["admin"]), None, None), [""; 0]);
    }

    #[test]
    fn a_step_up_asks_for_the_union_and_a_plain_login_does_not() {
        let server = discovered(None, &[]);
        let step = challenge("Bearer error=\"insufficient_scope\", scope=\"write\"");
        assert_eq!(choose(&server, step.as_ref(), Some("read write")), ["read", "write"]);
        assert_eq!(choose(&server, challenge("Bearer scope=\"write\"").as_ref(), Some("read")), ["write"]);
    }

    #[test]
    fn what_two_tools_want_is_asked_for_together_but_not_without_end() {
        let wants = |scope: &str| {
            challenge(&format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"")).unwrap()
        };
        assert_eq!(both(None, &wants("b a b")).as_deref(), Some("b a"));
        assert_eq!(both(Some(&wants("a b")), &wants("c a")).as_deref(), Some("a b c"));
        assert_eq!(both(Some(&wants(&"x".repeat(1020))), &wants("write")).as_deref(), Some("write"));
        assert_eq!(both(None, &challenge("Bearer error=insufficient_scope").unwrap()), None);
    }

    #[test]
    fn offline_access_is_asked_for_only_where_it_is_listed() {
        assert_eq!(choose(&discovered(None, &[OFFLINE]), None, None), [OFFLINE]);
        assert!(choose(&discovered(Some(&["read"]), &[]), None, None).iter().all(|scope| scope != OFFLINE));
    }

    #[test]
    fn what_is_no_scope_is_not_asked_for() {
        let server = discovered(Some(&["read", "a\"b", "ü", "new\nline"]), &[]);
        assert_eq!(choose(&server, None, None), ["read"]);
    }
}
