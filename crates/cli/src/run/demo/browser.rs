//! A browser of a few lines, for the demo's own login page on this machine: it follows where it is sent.

use crate::Failure;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;
use url::Url;

/// So many pages may send it on.
const PAGES: usize = 6;
/// So much of an answer is read: the head is all it needs.
const MAX: u64 = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens a page on this machine and follows every redirect.
pub(super) fn visit(page: &str) -> Result<(), Failure> {
    let mut page = Url::parse(page).map_err(|_| stuck(page))?;
    for _ in 0..PAGES {
        let answer = fetch(&page).map_err(|_| stuck(page.as_str()))?;
        let Some(next) = location(&answer) else { return Ok(()) };
        page = page.join(next).map_err(|_| stuck(next))?;
    }
    Err(stuck(page.as_str()))
}

fn fetch(page: &Url) -> std::io::Result<String> {
    let port = page.port_or_known_default().unwrap_or(80);
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let path = &page[url::Position::BeforePath..url::Position::AfterQuery];
    let host = page.host_str().unwrap_or("127.0.0.1");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(MAX).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn location(answer: &str) -> Option<&str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim())
    })
}

fn stuck(page: &str) -> Failure {
    Failure::Failed(format!("the demo's browser got stuck at {page}"))
}
