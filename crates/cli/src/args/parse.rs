//! Values that need more than splitting.

use domain::Delegation;
use jiff::{Span, SpanRelativeTo};
use std::time::Duration;
use url::{Host, Url};

/// A span like `8h`, `30m`, `7d` or `1d 12h`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let help = "use a span like 30m, 8h or 7d";
    let span: Span = text.parse().map_err(|_| help.to_owned())?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| help.to_owned())?;
    match Duration::try_from(span) {
        Ok(span) if span.is_zero() => Err("it must be longer than nothing".into()),
        Ok(span) => Ok(span),
        Err(_) => Err("it must lie ahead, not behind".into()),
    }
}

/// A span that a delegation may last.
pub(super) fn life(text: &str) -> Result<Duration, String> {
    let span = span(text)?;
    if span > Delegation::MAX_LIFE { Err("a delegation lasts at most 90d".into()) } else { Ok(span) }
}

/// An endpoint: https anywhere, http on this machine alone.
pub(super) fn endpoint(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("{error}; use a whole URL like https://mcp.example.com/mcp"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds a user name or password; leave them out, and log in instead".into());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => {
            Err("plain http is taken for this machine alone (127.0.0.1, [::1], localhost); use https".into())
        }
        other => Err(format!("{other} is no way to reach an MCP server; use https")),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// `NAME=VALUE`, for a variable that is no secret.
pub(super) fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("use NAME=VALUE")?;
    Ok((variable_name(name)?, value.to_owned()))
}

/// The name of a variable. A value behind it is refused: it would be a secret in the list of processes.
pub(super) fn variable_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts_well && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("a variable's name holds letters, digits and underscores alone; its value is asked for".into())
    }
}

/// A client id (RFC 6749, appendix A.1).
pub(super) fn client_id(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        Ok(text.to_owned())
    } else {
        Err("a client id is printable ASCII; copy it from where you registered the client".into())
    }
}

/// The name of an HTTP header (RFC 9110 §5.1), without its value for the same reason.
pub(super) fn header_name(text: &str) -> Result<String, String> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !text.is_empty() && text.bytes().all(token) {
        Ok(text.to_owned())
    } else {
        Err("give the header's name alone, like Authorization; its value is asked for".into())
    }
}
