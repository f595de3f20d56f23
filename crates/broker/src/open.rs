//! Opening the way to a server: start or reach it, shake hands in the era it speaks, and listen to it from then on.

mod look;

use crate::inner::Inner;
use crate::link::{Fault, Link, pump, run_errands};
use crate::session::Session;
use domain::{Denial, Server, ServerName, Transport};
use mcp::era::{self, Hello, OpenError};
use mcp::upstream::http::{HttpLimits, HttpUpstream};
use mcp::upstream::stdio::{self, Resolved};
use mcp::upstream::{Inbox, Upstream, UpstreamError};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::mpsc;
use vault::Attachment;

pub(crate) use look::look;

/// How many of a server's messages may wait to be read.
const QUEUE: usize = 256;

/// How long a server may take to start and greet.
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens the way from a session to a server.
pub(crate) async fn open(
    session: &Session,
    name: &ServerName,
    me: Weak<Session>,
) -> Result<Arc<Link>, Fault> {
    let attachment = session.admitted(name).await?;
    let book = session.inner.books.read().ok_or(Denial::Locked)?;
    let server = book.server(name).map_err(|_| Denial::NotGranted)?.clone();
    let hello = session.hello.get().cloned().unwrap_or_else(Hello::of_wallet);
    connect(&session.inner, server, hello, attachment, me).await
}

/// Reaches the server and greets it. A login that it no longer takes is renewed once.
async fn connect(
    inner: &Inner,
    server: Server,
    hello: Hello,
    attachment: Attachment,
    session: Weak<Session>,
) -> Result<Arc<Link>, Fault> {
    let (inbox, mut incoming) = mpsc::channel(QUEUE);
    let upstream = reach(inner, &server, &attachment, inbox)?;
    let sent = inner.clock.now();
    let first = era::open(&*upstream, &mut incoming, &hello, &attachment.headers(), PATIENCE).await;
    let mut opened = match first {
        Err(OpenError::Upstream(UpstreamError::Unauthorized { .. })) => {
            if !inner.renew_login(&server.name, sent).await {
                return Err(Fault::LoginNeeded);
            }
            let headers = inner.renewed(attachment)?.headers();
            era::open(&*upstream, &mut incoming, &hello, &headers, PATIENCE).await?
        }
        opened => opened?,
    };
    let early = std::mem::take(&mut opened.early);
    let (errands, queue) = mpsc::channel(QUEUE);
    let link = Arc::new(Link::new(server, hello, opened, upstream, errands));
    tokio::spawn(run_errands(Arc::downgrade(&link), session.clone(), queue));
    for message in early {
        link.receive(session.upgrade().as_deref(), message, None).await;
    }
    tokio::spawn(link.hear(session.clone()));
    tokio::spawn(pump(Arc::downgrade(&link), session, incoming));
    Ok(link)
}

fn reach(
    inner: &Inner,
    server: &Server,
    attachment: &Attachment,
    inbox: Inbox,
) -> Result<Arc<dyn Upstream>, Fault> {
    match &server.transport {
        Transport::Stdio(launch) => {
            let found = Resolved::find(launch).map_err(UpstreamError::NotStarted)?;
            check_programs(inner, &server.name, &found)?;
            start(inner, &found, attachment, inbox)
        }
        Transport::Http { url, .. } => {
            let http = HttpUpstream::new(inner.http.clone(), url.clone(), HttpLimits::default(), inbox);
            Ok(Arc::new(http))
        }
    }
}

/// A program swapped since the human added the server is not started: what was accepted is the program, not its place.
fn check_programs(inner: &Inner, server: &ServerName, found: &Resolved) -> Result<(), Fault> {
    let book = inner.books.read().ok_or(Denial::Locked)?;
    let now = stdio::programs(found, &inner.gate.evidence).map_err(UpstreamError::NotStarted)?;
    if book.programs.get(server) == Some(&now) {
        return Ok(());
    }
    inner.notice(format!("The program of {server} has changed since you added it. It is not started; if you know why, remove {server} and add it again."));
    Err(Denial::ServerChanged.into())
}

fn start(
    inner: &Inner,
    found: &Resolved,
    attachment: &Attachment,
    inbox: Inbox,
) -> Result<Arc<dyn Upstream>, Fault> {
    let mut command = stdio::clean(found);
    attachment.dress(&mut command);
    Ok(Arc::new(stdio::spawn(command, inner.home.children_dir(), inbox)?))
}
