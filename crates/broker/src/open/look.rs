//! The human's own look at a server: what it has for any agent, in either era.

use super::connect;
use crate::inner::Inner;
use crate::link::{Fault, Link};
use domain::{Server, Transport};
use http::HeaderMap;
use mcp::era::{Era, Hello};
use mcp::lists::List;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How long a server of the legacy era may take to say that it does not know the other.
const PROBE: Duration = Duration::from_secs(2);

/// These lists of a server, over connections that end at once. A list it does not have, or can't give beside its tools, is
/// empty. A server that speaks both eras may have other things for the agents of each, and the human may grant them all: what
/// it lists twice counts as agents of the legacy era see it.
pub(crate) async fn look(inner: &Inner, server: Server, lists: &[List]) -> Result<Vec<Vec<Value>>, Fault> {
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
        for ((list, seen), modern) in lists.iter().zip(&mut seen).zip(modern) {
            unite(*list, seen, modern);
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

async fn look_as_modern(inner: &Inner, server: &Server, lists: &[List]) -> Option<Vec<Vec<Value>>> {
    let (link, headers) = greet(inner, server, Hello::of_wallet().in_modern_alone()).await.ok()?;
    let seen = all(&link, lists, &headers).await.ok();
    link.close(headers).await;
    seen
}

async fn all(link: &Link, lists: &[List], headers: &HeaderMap) -> Result<Vec<Vec<Value>>, Fault> {
    let mut seen = vec![];
    for &list in lists {
        seen.push(match listed(link, list, headers).await {
            Ok(items) => items,
            Err(fault) if list == List::Tools => return Err(fault),
            Err(error) => {
                tracing::info!(%error, method = list.method(), "a list can't be had");
                vec![]
            }
        });
    }
    Ok(seen)
}

async fn listed(link: &Link, list: List, headers: &HeaderMap) -> Result<Vec<Value>, Fault> {
    if link.offers(list.capability()) { link.list(list, headers).await } else { Ok(vec![]) }
}

/// Adds to a list what it does not have yet.
fn unite(list: List, seen: &mut Vec<Value>, more: Vec<Value>) {
    let key = |item: &Value| item.get(list.key()).and_then(Value::as_str).map(str::to_owned);
    let known: HashSet<_> = seen.iter().map(key).collect();
    seen.extend(more.into_iter().filter(|item| !known.contains(&key(item))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_listed_in_both_eras_is_there_once_and_as_it_was_first() {
        let mut seen = vec![json!({"name": "a", "x": 1}), json!({"name": "b"})];
        unite(List::Tools, &mut seen, vec![json!({"name": "c"}), json!({"name": "a", "x": 2})]);
        assert_eq!(seen, [json!({"name": "a", "x": 1}), json!({"name": "b"}), json!({"name": "c"})]);
    }

    #[test]
    fn two_items_of_one_name_in_one_list_stay_two() {
        let mut seen = vec![];
        unite(List::Tools, &mut seen, vec![json!({"name": "a"}), json!({"name": "a"})]);
        assert_eq!(seen.len(), 2, "so that neither can be granted");
    }
}
