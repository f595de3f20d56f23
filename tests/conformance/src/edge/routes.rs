//! Which HTTP answer a message from the server belongs to.

use crate::rpc::{is_answer, meta};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

/// The requests under way on a line, oldest first.
#[derive(Default)]
pub struct Routes {
    open: Mutex<Vec<Route>>,
    /// Where messages go that belong to no request.
    standalone: Mutex<Option<mpsc::UnboundedSender<Value>>>,
}

struct Route {
    /// The request's id on the line.
    key: Value,
    /// The id the client gave it.
    id: Value,
    progress: Option<Value>,
    listens: bool,
    messages: mpsc::UnboundedSender<Value>,
}

impl Routes {
    /// Routes for a line; they end with it.
    pub fn over(mut from: mpsc::UnboundedReceiver<Value>) -> Arc<Self> {
        let routes = Arc::new(Self::default());
        let deliverer = routes.clone();
        tokio::spawn(async move {
            while let Some(message) = from.recv().await {
                deliverer.deliver(message);
            }
            deliverer.close_all();
        });
        routes
    }

    /// Opens a route for `request`, which has the id `key` on the line; its answer ends it.
    pub fn open(&self, key: Value, request: &Value) -> mpsc::UnboundedReceiver<Value> {
        let (messages, received) = mpsc::unbounded_channel();
        self.open.lock().unwrap().push(Route {
            key,
            id: request["id"].clone(),
            progress: request["params"]["_meta"].get("progressToken").cloned(),
            listens: request["method"] == "subscriptions/listen",
            messages,
        });
        received
    }

    /// Takes a route away; whether it was still there.
    pub fn close(&self, key: &Value) -> bool {
        let mut open = self.open.lock().unwrap();
        let before = open.len();
        open.retain(|route| route.key != *key);
        open.len() < before
    }

    /// Ends everything: the server has gone.
    fn close_all(&self) {
        self.open.lock().unwrap().clear();
        *self.standalone.lock().unwrap() = None;
    }

    /// Messages that belong to no request go here from now on.
    pub fn open_standalone(&self) -> mpsc::UnboundedReceiver<Value> {
        let (messages, received) = mpsc::unbounded_channel();
        *self.standalone.lock().unwrap() = Some(messages);
        received
    }

    /// Sends a message where it belongs. What belongs nowhere is dropped, as HTTP has no place for it.
    fn deliver(&self, mut message: Value) {
        let mut open = self.open.lock().unwrap();
        if is_answer(&message) {
            let Some(at) = open.iter().position(|route| route.key == message["id"]) else { return };
            let route = open.remove(at);
            message["id"] = route.id.clone();
            message.get_mut("result").into_iter().for_each(|result| tag(result, &route.id));
            let _ = route.messages.send(message);
            return;
        }
        match open.iter().find(|route| route.is_meant(&message)) {
            Some(route) => {
                tag(&mut message["params"], &route.id);
                let _ = route.messages.send(message);
            }
            None => {
                if let Some(standalone) = &*self.standalone.lock().unwrap() {
                    let _ = standalone.send(message);
                }
            }
        }
    }
}

impl Route {
    /// Whether a notification or question belongs to this request: by its mark, or else to the oldest that does not listen.
    fn is_meant(&self, message: &Value) -> bool {
        let params = &message["params"];
        if let Some(subscription) = params["_meta"].get(meta::SUBSCRIPTION) {
            return self.key == *subscription;
        }
        if message["method"] == "notifications/progress" {
            return self.progress.as_ref() == params.get("progressToken");
        }
        !self.listens
    }
}

/// Puts the client's own id where a subscription is named.
fn tag(part: &mut Value, id: &Value) {
    if let Some(subscription) = part.get_mut("_meta").and_then(|meta| meta.get_mut(meta::SUBSCRIPTION)) {
        *subscription = id.clone();
    }
}
