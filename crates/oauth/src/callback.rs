//! The loopback listener the browser comes back to (RFC 8252 §7.3). It takes one answer to one login, then it is gone.

use crate::OAuthError;
use crate::page::{Page, Tab};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::Url;

const PATH: &str = "/callback";
/// A browser's request has no more than this before its first empty line.
const HEAD: usize = 16 * 1024;
/// How long a connection may take to say what it wants; browsers open some that never do.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many connections are looked at at once.
const CROWD: usize = 32;

/// A listener on loopback.
#[derive(Debug)]
pub(crate) struct Callback {
    listener: TcpListener,
    port: u16,
}

/// What the authorization server sent the browser back with, and the tab that waits to be told what came of it.
pub(crate) struct Answer {
    parameters: HashMap<String, String>,
    pub(crate) tab: Tab,
}

impl Answer {
    /// A parameter, which was there at most once.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.parameters.remove(name)
    }
}

impl Callback {
    /// Listens on `port`, or on a free one when that is taken or 0.
    pub(crate) async fn listen(port: u16) -> Result<Self, OAuthError> {
        match bind(port).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => Self::of(bind(0).await, port),
            bound => Self::of(bound, port),
        }
    }

    /// Listens on `port` and no other: a client registered for it may come back to no other.
    pub(crate) async fn listen_at(port: u16) -> Result<Self, OAuthError> {
        Self::of(bind(port).await, port)
    }

    fn of(bound: io::Result<TcpListener>, port: u16) -> Result<Self, OAuthError> {
        let failed = |error: io::Error| OAuthError::Listen { port, reason: error.to_string() };
        let listener = bound.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        Ok(Self { listener, port })
    }

    pub(crate) fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    /// Waits for the answer that carries `state`, and closes. Other requests are turned away: they neither feed the login
    /// nor end it, so a page left over from an earlier one does no harm.
    pub(crate) async fn answer(self, state: &str) -> Result<Answer, OAuthError> {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if connections.len() < CROWD => {
                    let (stream, _) = accepted
                        .map_err(|error| OAuthError::Listen { port: self.port, reason: error.to_string() })?;
                    connections.spawn(tokio::time::timeout(PATIENCE, read_target(stream, self.port)));
                }
                Some(read) = connections.join_next() => {
                    let Ok(Ok(Ok((stream, target)))) = read else { continue };
                    let tab = Tab::new(stream);
                    match parameters(&target) {
                        None => tab.say(&Page::nothing_here()).await,
                        Some(parameters) if belongs(&parameters, state) => return Ok(Answer { parameters, tab }),
                        Some(_) => tab.say(&Page::another_login()).await,
                    }
                }
            }
        }
    }
}

async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

/// Reads a request's head and returns its target; the connection stays open for the answer. A request for another host is from
/// a page that had its own name rebound to this machine.
async fn read_target(mut stream: TcpStream, port: u16) -> io::Result<(TcpStream, String)> {
    let mut head = Vec::with_capacity(1024);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() >= HEAD || stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    let head = std::str::from_utf8(&head).map_err(|_| io::ErrorKind::InvalidData)?;
    let (line, fields) = head.split_once("\r\n").ok_or(io::ErrorKind::InvalidData)?;
    match line.split(' ').collect::<Vec<_>>()[..] {
        ["GET", target, "HTTP/1.1"] if is_for(fields, port) => Ok((stream, target.to_owned())),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Whether the one `Host` field names this listener.
fn is_for(fields: &str, port: u16) -> bool {
    let fields = fields.lines().filter_map(|field| field.split_once(':'));
    let hosts: Vec<_> =
        fields.filter(|(name, _)| name.eq_ignore_ascii_case("host")).map(|(_, host)| host.trim()).collect();
    hosts == [format!("127.0.0.1:{port}")]
}

/// The query of a request to the callback; `None` for another path. A parameter given twice empties the whole (RFC 6749 §3.1).
fn parameters(target: &str) -> Option<HashMap<String, String>> {
    let url = Url::parse("http://127.0.0.1").and_then(|base| base.join(target)).ok()?;
    if url.path() != PATH {
        return None;
    }
    let mut parameters = HashMap::new();
    for (name, value) in url.query_pairs() {
        match parameters.entry(name.into_owned()) {
            Entry::Vacant(place) => place.insert(value.into_owned()),
            Entry::Occupied(_) => return Some(HashMap::new()),
        };
    }
    Some(parameters)
}

fn belongs(parameters: &HashMap<String, String>, state: &str) -> bool {
    parameters.get("state").is_some_and(|given| given.as_bytes().ct_eq(state.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubled_parameter_makes_the_answer_nobodys() {
        let whole = parameters("/callback?state=s&code=c").unwrap();
        assert!(belongs(&whole, "s"));
        for target in
            ["/callback?state=s&code=c&iss=a&iss=b", "/callback?state=s&state=s&code=c", "/callback"]
        {
            assert!(!belongs(&parameters(target).unwrap(), "s"), "{target}");
        }
    }

    #[test]
    fn a_page_under_a_rebound_name_is_not_listened_to() {
        assert!(is_for("Accept: */*\r\nhost: 127.0.0.1:8080\r\n", 8080));
        for fields in [
            "Host: evil.example:8080\r\n",
            "Host: 127.0.0.1:8081\r\n",
            "",
            "Host: 127.0.0.1:8080\r\nHost: evil.example\r\n",
        ] {
            assert!(!is_for(fields, 8080), "{fields}");
        }
    }

    #[test]
    fn only_the_callback_path_is_listened_to() {
        for target in ["/favicon.ico", "/callback/x", "/", "//evil.example/x", "http://evil.example/x"] {
            assert_eq!(parameters(target), None, "{target}");
        }
    }
}
