//! Which addresses discovery may lead the wallet to.
//!
//! A server tells the wallet where to log in, so a hostile one could name the human's router, a cloud's metadata service
//! or a program instead of a page. Only https is followed (http on this machine), and never further inside a network than
//! the server itself is: a public server can't point at a private address, by name, by literal or by redirect.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// Characters that have a meaning to some shell or browser launcher and no place in an endpoint's address.
const NEVER_PLAIN: &[char] = &['$', '`', '(', ')', '\'', '"', '\\', '|', '<', '>', '{', '}', '^', ';', ' '];
/// No endpoint has a longer address.
const LONGEST: usize = 2048;

/// How far inside a network something is. Ordered from the outside in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Depth {
    /// The internet.
    Public,
    /// A private network (RFC 1918, RFC 6598, RFC 4193).
    Private,
    /// This machine.
    Loopback,
}

/// Why an address is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Neither https nor http on this machine.
    #[error("it is not https (http is for this machine only)")]
    Scheme,
    /// Not an address at all, or one with a user, a fragment or characters that have no place there.
    #[error("it is not a plain web address")]
    Malformed,
    /// Further inside a network than the server that named it.
    #[error("it lies in a private network or on this machine, and the server does not")]
    Inside,
    /// Link-local, multicast, reserved: nobody logs in there.
    #[error("it lies in an address range nobody logs in at")]
    Reserved,
}

impl Depth {
    /// Where an address lies; `None` where nobody has any business (link-local, multicast, reserved).
    pub(crate) fn of(ip: IpAddr) -> Option<Self> {
        match ip {
            IpAddr::V4(ip) => Self::of_v4(ip),
            IpAddr::V6(ip) => Self::of_v6(ip),
        }
    }

    /// How far inside an address is by its literal alone; a name counts as public.
    pub(crate) fn of_server(url: &Url) -> Self {
        literal(url).and_then(Self::of).unwrap_or(Self::Public)
    }

    fn of_v4(ip: Ipv4Addr) -> Option<Self> {
        match ip.octets() {
            [127, ..] => Some(Self::Loopback),
            [10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => Some(Self::Private),
            [0 | 224..=255, ..] | [169, 254, ..] | [198, 18 | 19, ..] => None,
            [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => None,
            _ => Some(Self::Public),
        }
    }

    fn of_v6(ip: Ipv6Addr) -> Option<Self> {
        let embedded = |high: u16, low: u16| {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Self::of_v4(Ipv4Addr::new(a, b, c, d))
        };
        match ip.segments() {
            [0, 0, 0, 0, 0, 0, 0, 1] => Some(Self::Loopback),
            [0, 0, 0, 0, 0, 0xffff, high, low] => embedded(high, low),
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
            [0xfc00..=0xfdff, ..] => Some(Self::Private),
            [0x2001, 0 | 0xdb8, ..] => None,
            [0x2000..=0x3fff, ..] => Some(Self::Public),
            _ => None,
        }
    }
}

/// Parses an address that came from outside, to be followed from a server as far inside as `server`.
pub(crate) fn parse(text: &str, server: Depth) -> Result<Url, Refused> {
    if text.len() > LONGEST
        || text.chars().any(|c| c.is_control() || !c.is_ascii() || NEVER_PLAIN.contains(&c))
    {
        return Err(Refused::Malformed);
    }
    let url = Url::parse(text).map_err(|_| Refused::Malformed)?;
    admit(&url, server)?;
    Ok(url)
}

/// Whether `url` may be followed from a server as far inside as `server`. Names are looked at again once resolved.
pub(crate) fn admit(url: &Url, server: Depth) -> Result<(), Refused> {
    let on_this_machine = literal(url).and_then(Depth::of) == Some(Depth::Loopback);
    if url.scheme() != "https" && !(url.scheme() == "http" && on_this_machine) {
        return Err(Refused::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(Refused::Malformed);
    }
    literal(url).map_or(Ok(()), |ip| admit_ip(ip, server))
}

/// Whether `ip` may be connected to on behalf of a server as far inside as `server`.
pub(crate) fn admit_ip(ip: IpAddr, server: Depth) -> Result<(), Refused> {
    let depth = Depth::of(ip).ok_or(Refused::Reserved)?;
    if depth <= server { Ok(()) } else { Err(Refused::Inside) }
}

/// The address in `url`, if it names one without asking DNS. `localhost` counts (RFC 6761 §6.3).
fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(ip) => Some(ip.into()),
        Host::Ipv6(ip) => Some(ip.into()),
        Host::Domain(name) if name == "localhost" || name.ends_with(".localhost") => {
            Some(Ipv4Addr::LOCALHOST.into())
        }
        Host::Domain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_17_a_public_server_leads_nowhere_inside() {
        for url in [
            "https://127.0.0.1/",
            "http://localhost/",
            "https://x.localhost/",
            "https://10.0.0.1/",
            "https://172.31.0.1/",
            "https://192.168.1.1/",
            "https://100.64.0.1/",
            "https://[::1]/",
            "https://[fd00::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[2002:a00:1::]/",
            "https://2130706433/",
            "https://0x7f.1/",
        ] {
            assert_eq!(parse(url, Depth::Public), Err(Refused::Inside), "{url}");
        }
    }

    #[test]
    fn threat_17_nobody_is_led_to_reserved_addresses_not_even_from_this_machine() {
        for url in [
            "https://169.254.169.254/",
            "https://[fe80::1]/",
            "https://0.0.0.0/",
            "https://[::]/",
            "https://224.0.0.1/",
        ] {
            assert_eq!(parse(url, Depth::Loopback), Err(Refused::Reserved), "{url}");
        }
    }

    #[test]
    fn threat_01_what_is_no_plain_https_address_is_refused() {
        for url in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://example.com/authorize",
            "ftp://example.com/",
            "\\\\evil\\share",
            "--version",
            "-https://example.com",
            "https://example.com/$(id)",
            "https://example.com/`id`",
            "https://example.com/a b",
            "https://example.com/\u{202e}x",
            "https://user:pw@example.com/",
            "https://example.com/#x",
            "x-custom://open",
            "",
        ] {
            assert!(parse(url, Depth::Loopback).is_err(), "{url}");
        }
    }

    #[test]
    fn an_inner_server_may_lead_outwards() {
        for url in ["https://auth.example.com/tenant?p=1", "https://10.1.2.3/", "http://127.0.0.1:9/x"] {
            assert!(parse(url, Depth::Loopback).is_ok(), "{url}");
        }
    }
}
