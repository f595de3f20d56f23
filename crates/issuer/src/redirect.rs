//! Where a client may have its answer sent.

use serde::{Deserialize, Serialize};
use std::fmt;
use url::{Host, Url};

/// The longest redirect URI.
const MAX: usize = 2048;

/// A redirect URI that is safe to register: https, http on loopback, or a private-use scheme (RFC 8252 §7).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Redirect {
    text: String,
    url: Url,
}

impl Redirect {
    /// Parses one.
    ///
    /// # Errors
    /// A sentence that says why it is not safe.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refuse = |why: &str| Err(format!("the redirect URI {text:?} {why}"));
        if text.len() > MAX {
            return Err(format!("a redirect URI is longer than {MAX} bytes"));
        }
        let Ok(url) = Url::parse(text) else { return refuse("is no absolute URI") };
        if url.fragment().is_some() {
            return refuse("has a fragment");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("names a user");
        }
        let safe = match url.scheme() {
            "https" => url.has_host(),
            "http" => is_loopback(&url),
            // Private-use schemes are reversed domain names (RFC 8252 §7.1); that leaves out javascript:, data: and file:.
            scheme => scheme.contains('.'),
        };
        if safe {
            Ok(Self { text: text.to_owned(), url })
        } else {
            refuse(
                "is neither https, nor http on this machine, nor a private-use scheme like com.example.app",
            )
        }
    }

    /// Whether a request may name `asked`: the same letters, or on loopback the same but for the port (RFC 8252 §7.3).
    #[must_use]
    pub fn admits(&self, asked: &Self) -> bool {
        if self.text == asked.text {
            return true;
        }
        if !is_loopback(&self.url) {
            return false;
        }
        let without_port = |url: &Url| {
            let mut url = url.clone();
            url.set_port(None).map(|()| url)
        };
        without_port(&self.url).is_ok_and(|mine| without_port(&asked.url) == Ok(mine))
    }

    /// The port of this machine that the answer goes to, and so where the client listens.
    #[must_use]
    pub fn loopback_port(&self) -> Option<u16> {
        is_loopback(&self.url).then(|| self.url.port_or_known_default()).flatten()
    }

    /// Whom the human would name: the host, or the scheme where there is none.
    #[must_use]
    pub fn host(&self) -> String {
        self.url.host_str().map_or_else(|| format!("{}:", self.url.scheme()), str::to_owned)
    }

    /// The answer's address: this with parameters added to its query (RFC 6749 §4.1.2).
    pub(crate) fn with(&self, answer: &[(&str, &str)]) -> Url {
        let mut url = self.url.clone();
        url.query_pairs_mut().extend_pairs(answer);
        url
    }
}

fn is_loopback(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "http" && here
}

impl TryFrom<String> for Redirect {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Redirect> for String {
    fn from(redirect: Redirect) -> Self {
        redirect.text
    }
}

impl fmt::Display for Redirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Redirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_places_can_be_registered() {
        for good in [
            "https://app.example/cb",
            "http://127.0.0.1:3000/cb",
            "http://localhost/cb",
            "http://[::1]:1/",
            "com.example.app:/cb",
        ] {
            Redirect::parse(good).unwrap();
        }
        for bad in [
            "http://app.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://localhost.evil.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "https://app.example/cb#x",
            "https://me:pw@app.example/",
            "/cb",
            "",
        ] {
            Redirect::parse(bad).unwrap_err();
        }
    }

    #[test]
    fn threat_16_a_request_may_differ_in_the_port_on_loopback_and_in_nothing_else() {
        let parse = |text| Redirect::parse(text).unwrap();
        let registered = parse("http://127.0.0.1:3000/cb");
        assert!(registered.admits(&parse("http://127.0.0.1:41234/cb")));
        for other in [
            "http://127.0.0.1:3000/cb2",
            "http://127.0.0.1:3000/cb?x=1",
            "http://localhost:3000/cb",
            "https://127.0.0.1:3000/cb",
        ] {
            assert!(!registered.admits(&parse(other)), "{other}");
        }
        assert!(!parse("https://app.example/cb").admits(&parse("https://app.example:444/cb")));
    }
}
