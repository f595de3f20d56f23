//! What a link says of a request when the way ends.

use super::*;
use async_trait::async_trait;
use domain::{Credential, Timestamp, Transport};
use mcp::upstream::{Arrival, memory};
use tokio::sync::Notify;

/// A server behind HTTP that has the request, and works on it for ever.
#[derive(Default)]
struct Busy(Notify);

#[async_trait]
impl Upstream for Busy {
    async fn send(&self, _: Outgoing) -> Result<Option<Reply>, UpstreamError> {
        self.0.notify_one();
        std::future::pending().await
    }

    async fn cancel(&self, _: &RawId, _: HeaderMap) {}

    async fn close(&self, _: HeaderMap) {}
}

fn link(upstream: Arc<dyn Upstream>) -> Link {
    let transport =
        Transport::Http { url: "https://a.example/".parse().unwrap(), credential: Credential::None };
    let name = ServerName::parse("notes").unwrap();
    let server = Server { name, transport, added: Timestamp::from_seconds(0) };
    let opened = era::Opened {
        era: Era::Legacy,
        version: era::LEGACY[0].into(),
        capabilities: json!({}),
        server_info: Value::Null,
        instructions: None,
        answer: Message::response(&RawId::number(0), &json!({})),
        early: vec![],
    };
    Link::new(server, Hello::of_wallet(), opened, upstream, mpsc::channel(1).0)
}

fn call() -> Message {
    Message::request(RawId::number(1), "tools/call", &json!({"name": "echo"}))
}

fn arrival(end: Result<Message, Fault>) -> Arrival {
    match end {
        Err(Fault::Upstream(error)) => error.arrival(),
        end => panic!("{end:?}"),
    }
}

#[tokio::test]
async fn a_request_the_server_has_is_not_called_unsent_when_the_way_ends() {
    let busy = Arc::new(Busy::default());
    let link = link(busy.clone());
    let ends = async {
        busy.0.notified().await;
        link.over.cancel();
    };
    let (end, ()) = tokio::join!(link.request(call(), HeaderMap::new()), ends);
    assert_eq!(arrival(end), Arrival::Maybe);
}

#[tokio::test]
async fn nothing_is_sent_over_a_way_that_has_ended() {
    let (inbox, _incoming) = mpsc::channel(1);
    let (upstream, mut server) = memory::pair(inbox);
    let link = link(Arc::new(upstream));
    link.over.cancel();
    assert_eq!(arrival(link.request(call(), HeaderMap::new()).await), Arrival::No);
    drop(link);
    assert!(server.next().await.is_none());
}
