//! What a server says in `WWW-Authenticate` (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9728 §5.1).

use std::str::Chars;

/// A `Bearer` challenge: where the server's metadata is, which scopes it wants, what was wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WwwAuthenticate {
    /// Address of the protected resource metadata, as given.
    pub resource_metadata: Option<String>,
    /// Scopes, separated by spaces.
    pub scope: Option<String>,
    /// For example `invalid_token` or `insufficient_scope`.
    pub error: Option<String>,
}

impl WwwAuthenticate {
    /// Finds the `Bearer` challenge in a header's value; there may be others around it.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let mut found: Option<Self> = None;
        let mut ours = false;
        for part in parts(header) {
            let (scheme, param) = split_scheme(&part);
            if let Some(scheme) = scheme {
                ours = found.is_none() && scheme.eq_ignore_ascii_case("bearer");
                if ours {
                    found = Some(Self::default());
                }
            }
            if let (true, Some(challenge), Some((name, value))) = (ours, &mut found, param.split_once('=')) {
                challenge.learn(name.trim(), unquote(value.trim()));
            }
        }
        found
    }

    /// Whether the token was fine and its scopes were not (RFC 6750 §3.1).
    #[must_use]
    pub fn wants_more_scope(&self) -> bool {
        self.error.as_deref() == Some("insufficient_scope")
    }

    fn learn(&mut self, name: &str, value: String) {
        let place = match name.to_ascii_lowercase().as_str() {
            "resource_metadata" => &mut self.resource_metadata,
            "scope" => &mut self.scope,
            "error" => &mut self.error,
            _ => return,
        };
        place.get_or_insert(value);
    }
}

/// Splits at the commas outside of quotes.
fn parts(header: &str) -> Vec<String> {
    let (mut parts, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for c in header.chars() {
        match c {
            '"' if !escaped => quoted = !quoted,
            ',' if !quoted => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        escaped = quoted && c == '\\' && !escaped;
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

/// `Bearer realm="x"` starts a challenge, `realm="x"` goes on with one.
fn split_scheme(part: &str) -> (Option<&str>, &str) {
    let part = part.trim();
    match part.split_once(' ') {
        Some((scheme, param)) if !scheme.contains('=') => (Some(scheme), param),
        Some(_) => (None, part),
        None if part.contains('=') => (None, part),
        None => (Some(part), ""),
    }
}

fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return value.to_owned();
    };
    let unescape = |chars: &mut Chars<'_>| match chars.next()? {
        '\\' => chars.next(),
        c => Some(c),
    };
    let mut chars = inner.chars();
    std::iter::from_fn(|| unescape(&mut chars)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bearer_challenge_is_found_among_others() {
        let header = r#"Basic realm="a, Bearer scope=\"no\"", bearer scope="read write" , error=insufficient_scope, resource_metadata="https://s.example/x", Digest scope=other"#;
        let challenge = WwwAuthenticate::parse(header).unwrap();
        assert_eq!(challenge.scope.as_deref(), Some("read write"));
        assert_eq!(challenge.resource_metadata.as_deref(), Some("https://s.example/x"));
        assert!(challenge.wants_more_scope());
    }

    #[test]
    fn a_bare_challenge_is_one_and_another_scheme_is_none() {
        assert_eq!(WwwAuthenticate::parse("Bearer"), Some(WwwAuthenticate::default()));
        assert_eq!(WwwAuthenticate::parse(r#"Basic realm="x""#), None);
        assert_eq!(WwwAuthenticate::parse(""), None);
    }

    #[test]
    fn the_first_value_of_a_doubled_parameter_counts() {
        let challenge = WwwAuthenticate::parse("Bearer scope=a, scope=b").unwrap();
        assert_eq!(challenge.scope.as_deref(), Some("a"));
    }
}
