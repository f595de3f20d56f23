//! The wallet's address on loopback: one port, three names for the host.

use crate::Endpoint;
use url::{Host, Url};

/// A name of this machine for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loopback {
    /// `127.0.0.1`
    V4,
    /// `[::1]`
    V6,
    /// `localhost`
    Localhost,
}

impl Loopback {
    const ALL: [Self; 3] = [Self::V4, Self::V6, Self::Localhost];

    const fn host(self) -> &'static str {
        match self {
            Self::V4 => "127.0.0.1",
            Self::V6 => "[::1]",
            Self::Localhost => "localhost",
        }
    }
}

/// Where the wallet listens for agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    port: u16,
}

impl Origin {
    /// The origin on this port.
    #[must_use]
    pub const fn new(port: u16) -> Self {
        Self { port }
    }

    /// The port.
    #[must_use]
    pub const fn port(self) -> u16 {
        self.port
    }

    /// The issuer identifier (RFC 8414 §2), without a slash at its end: clients compare it letter by letter.
    #[must_use]
    pub fn issuer(self) -> String {
        self.under(Loopback::V4)
    }

    /// The origin under one of its names, without a slash at its end.
    #[must_use]
    pub fn under(self, name: Loopback) -> String {
        format!("http://{}:{}", name.host(), self.port)
    }

    /// The name that a `Host` header uses (RFC 9110 §7.2); none when it means somebody else (DNS rebinding).
    #[must_use]
    pub fn name_in(self, host: &str) -> Option<Loopback> {
        Loopback::ALL.into_iter().find(|name| format!("{}:{}", name.host(), self.port) == host)
    }

    /// The canonical URI of an endpoint (RFC 8707 §2), as a client that came by `name` knows it.
    #[must_use]
    pub fn resource(self, name: Loopback, endpoint: &Endpoint) -> String {
        format!("{}{}", self.under(name), endpoint.path())
    }

    /// The endpoint that a `resource` parameter names, by whichever name of the host.
    #[must_use]
    pub fn endpoint(self, resource: &str) -> Option<Endpoint> {
        let url = Url::parse(resource).ok()?;
        let plain = url.scheme() == "http"
            && url.port_or_known_default() == Some(self.port)
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let here = match url.host()? {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(ip) => ip == std::net::Ipv4Addr::LOCALHOST,
            Host::Ipv6(ip) => ip == std::net::Ipv6Addr::LOCALHOST,
        };
        // A client may know the endpoint with a slash at its end.
        Endpoint::at(url.path().strip_suffix('/').unwrap_or(url.path())).filter(|_| plain && here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Origin = Origin::new(21_000);

    #[test]
    fn threat_02_a_host_header_counts_only_with_a_name_of_this_machine_and_the_port() {
        assert_eq!(HERE.name_in("localhost:21000"), Some(Loopback::Localhost));
        assert_eq!(HERE.name_in("[::1]:21000"), Some(Loopback::V6));
        for stranger in [
            "",
            "localhost",
            "127.0.0.1",
            "evil.example:21000",
            "localhost:21001",
            "127.0.0.1:21000.",
            " 127.0.0.1:21000",
        ] {
            assert_eq!(HERE.name_in(stranger), None, "{stranger:?}");
        }
    }

    #[test]
    fn a_resource_names_an_endpoint_by_every_name_of_the_host() {
        for name in Loopback::ALL {
            let resource = HERE.resource(name, &Endpoint::All);
            assert_eq!(HERE.endpoint(&resource), Some(Endpoint::All), "{resource}");
        }
        assert_eq!(HERE.endpoint("http://LOCALHOST:21000/mcp/"), Some(Endpoint::All));
    }

    #[test]
    fn threat_14_a_resource_of_somebody_else_names_none() {
        for stranger in [
            "http://127.0.0.1:21001/mcp",
            "https://127.0.0.1:21000/mcp",
            "http://127.0.0.1:21000/",
            "http://127.0.0.1:21000/mcp?x=1",
            "http://127.0.0.1:21000/mcp#x",
            "http://me@127.0.0.1:21000/mcp",
            "http://127.0.0.1.evil.example:21000/mcp",
            "http://127.0.0.2:21000/mcp",
            "http://127.0.0.1:21000/mcp/../other",
            "mcp",
        ] {
            assert_eq!(HERE.endpoint(stranger), None, "{stranger}");
        }
    }
}
