//! What is looked at before all else (Streamable HTTP, security): a web page can make a browser send requests here, so a
//! request must name this machine, and come from no other site.

use domain::{Loopback, Origin};
use http::{HeaderMap, HeaderName, StatusCode, Uri, header};

/// A header that must come at most once.
///
/// # Errors
/// 400 when it comes twice, or is not text.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, StatusCode> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| StatusCode::BAD_REQUEST),
        (Some(_), Some(_)) => Err(StatusCode::BAD_REQUEST),
    }
}

/// How this machine is named in a request, if the request is one for it.
///
/// # Errors
/// 400 for a target that is no path, 403 for a foreign `Host` or `Origin`.
pub(super) fn check(origin: Origin, target: &Uri, headers: &HeaderMap) -> Result<Loopback, StatusCode> {
    // An absolute target would name a second host beside the header.
    if target.authority().is_some() || !target.path().starts_with('/') {
        return Err(StatusCode::BAD_REQUEST);
    }
    let foreign = |_| StatusCode::FORBIDDEN;
    let host = single(headers, &header::HOST).map_err(foreign)?;
    let host = host.and_then(|host| origin.name_in(host)).ok_or(StatusCode::FORBIDDEN)?;
    let from = single(headers, &header::ORIGIN).map_err(foreign)?;
    let ours = |from: &str| from.strip_prefix("http://").and_then(|host| origin.name_in(host)).is_some();
    if from.is_some_and(|from| !ours(from)) { Err(StatusCode::FORBIDDEN) } else { Ok(host) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Origin = Origin::new(21_000);

    fn visit(target: &str, headers: &[(&str, &str)]) -> Result<Loopback, u16> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        check(HERE, &target.parse().unwrap(), &map).map_err(|status| status.as_u16())
    }

    #[test]
    fn a_request_of_this_machine_is_heard() {
        assert_eq!(visit("/mcp", &[("host", "localhost:21000")]), Ok(Loopback::Localhost));
        let own = [("host", "127.0.0.1:21000"), ("origin", "http://127.0.0.1:21000")];
        assert_eq!(visit("/mcp", &own), Ok(Loopback::V4));
    }

    #[test]
    fn threat_02_a_request_that_names_another_host_or_comes_from_another_site_is_refused() {
        let here = ("host", "127.0.0.1:21000");
        for headers in [
            &[][..],
            &[("host", "evil.example:21000")],
            &[("host", "evil.example")],
            &[here, ("host", "evil.example:21000")],
            &[here, here],
            &[here, ("origin", "http://evil.example")],
            &[here, ("origin", "null")],
            &[here, ("origin", "")],
            &[here, ("origin", "https://127.0.0.1:21000")],
            &[here, ("origin", "http://127.0.0.1:21001")],
            &[here, ("origin", "http://127.0.0.1:21000"), ("origin", "http://evil.example")],
        ] {
            assert_eq!(visit("/mcp", headers), Err(403), "{headers:?}");
        }
        assert_eq!(visit("http://evil.example/mcp", &[here]), Err(400));
    }
}
