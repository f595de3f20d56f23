//! The human's own look at a server: what it has for any agent, in either era.

use super::connect;
use crate::inner::Inner;
use crate::link::{Fault, Link};
use crate::listed::Listed;
use domain::{Server, Transport};
use http::HeaderMap;
use mcp::era::{Era, Hello};
use mcp::lists::List;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How long a server of the legacy era may take to say that it does not know the other.
const PROBE: Duration = Duration::from_secs(2);

/// These lists of a server, over connections that end at once. A list it does not have, or can't give beside its tools, is
/// empty. A server that speaks both eras may have other things for the agents of each, and the human may grant them all: what
/// it lists twice counts as agents of the legacy era see it.
pub(crate) async fn look(inner: &Inner, server: Server, lists: &[List]) -> Result<Vec<Arc<Listed>>, Fault> {
    // The human knows, and no agent waits: nothing to record or to notify about.
    if inner.is_logged_out(&server.name) {
        return Err(Fault::LoginNeeded);
    }
    inner.freshen(&server.name).await?;
    let (link, headers) = greet(inner, &server, Hello::of_wallet()).await?;
    let seen = all(&link, lists, &headers).await;
    let more = seen.is_ok() && is_bilingual(&link, &headers).await;
    link.close(headers).await;
    let mut seen = seen?;
    if more && let Some(modern) = look_as_modern(inner, &server, lists).await {
        for (seen, modern) in seen.iter_mut().zip(modern) {
            *seen = Arc::new(seen.with(&modern));
        }
    }
    Ok(seen)
}

async fn greet(inner: &Inner, server: &Server, hello: Hello) -> Result<(Arc<Link>, HeaderMap), Fault> {
    let attachment = inner.attach(policy::for_owner(&server.name, inner.clock.now()))?;
    let headers = attachment.headers();
    Ok((connect(inner, server.clone(), hello, attachment, Weak::new()).await?, headers))
}

/// Whether a server that has answered in the legacy era may speak the modern one. A process is asked before another is started
/// for it; behind an address it is as cheap to try.
async fn is_bilingual(link: &Link, headers: &HeaderMap) -> bool {
    match (link.era(), &link.server.transport) {
        (Era::Modern, _) => false,
        (Era::Legacy, Transport::Http { .. }) => true,
        (Era::Legacy, Transport::Stdio(_)) => {
            let asked = tokio::time::timeout(PROBE, link.speaks_modern(headers)).await;
            asked.unwrap_or(false)
        }
    }
}

async fn look_as_modern(inner: &Inner, server: &Server, lists: &[List]) -> Option<Vec<Arc<Listed>>> {
    let (link, headers) = greet(inner, server, Hello::of_wallet().in_modern_alone()).await.ok()?;
    let seen = all(&link, lists, &headers).await.ok();
    link.close(headers).await;
    seen
}

async fn all(link: &Link, lists: &[List], headers: &HeaderMap) -> Result<Vec<Arc<Listed>>, Fault> {
    let mut seen = vec![];
    for &list in lists {
        seen.push(match link.listed(list, headers).await {
            Ok(items) => items,
            Err(fault) if list == List::Tools => return Err(fault),
            Err(error) => {
                tracing::info!(%error, method = list.method(), "a list can't be had");
                Arc::default()
            }
        });
    }
    Ok(seen)
}
