//! The server behind one line: reads messages, runs each request by itself, and answers.

use crate::line::Line;
use crate::methods;
use crate::rpc::{self, Era, Eras, Failure, TASKS, meta};
use crate::seal::Seal;
use crate::tasks::Tasks;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::AbortHandle;

/// What all lines share.
pub struct House {
    /// How it lets clients talk.
    pub eras: Eras,
    pub tasks: Tasks,
    pub seal: Seal,
    /// The methods of `list_changed` notifications, as they happen.
    pub changes: broadcast::Sender<&'static str>,
}

impl House {
    pub fn new(eras: Eras) -> Arc<Self> {
        let changes = broadcast::Sender::new(16);
        Arc::new(Self { eras, tasks: Tasks::default(), seal: Seal::new(), changes })
    }
}

/// One client's line.
struct Connection {
    to: mpsc::UnboundedSender<Value>,
    /// What a legacy client declared when it introduced itself.
    greeted: Mutex<Option<Value>>,
    asked: Mutex<HashMap<u64, oneshot::Sender<Value>>>,
    running: Mutex<HashMap<String, AbortHandle>>,
    questions: AtomicU64,
}

/// One request, and all it takes to serve it.
pub struct Call {
    pub house: Arc<House>,
    pub id: Value,
    pub params: Value,
    pub era: Era,
    capabilities: Value,
    connection: Arc<Connection>,
}

/// Serves a line until it ends.
pub async fn serve(house: Arc<House>, mut line: Line) {
    let connection = Arc::new(Connection {
        to: line.to,
        greeted: Mutex::default(),
        asked: Mutex::default(),
        running: Mutex::default(),
        questions: AtomicU64::new(1),
    });
    let mut changes = house.changes.subscribe();
    loop {
        tokio::select! {
            message = line.from.recv() => match message {
                Some(message) => connection.hear(&house, message),
                None => break,
            },
            Ok(change) = changes.recv() => connection.tell(change),
        }
    }
    for (_, running) in connection.running.lock().unwrap().drain() {
        running.abort();
    }
}

impl Connection {
    fn hear(self: &Arc<Self>, house: &Arc<House>, message: Value) {
        if rpc::is_answer(&message) {
            self.hear_answer(message);
        } else if message.get("id").is_some() {
            self.start(house, message);
        } else if message["method"] == "notifications/cancelled" {
            self.end(&message["params"]["requestId"]);
        }
    }

    /// Tells a legacy client of a change; a modern one listens for itself.
    fn tell(&self, change: &str) {
        if self.greeted.lock().unwrap().is_some() {
            let _ = self.to.send(rpc::notification(change, json!({})));
        }
    }

    fn hear_answer(&self, message: Value) {
        let asked = message["id"].as_u64().and_then(|id| self.asked.lock().unwrap().remove(&id));
        if let Some(waiting) = asked {
            let _ = waiting.send(message);
        }
    }

    fn start(self: &Arc<Self>, house: &Arc<House>, message: Value) {
        let (connection, house) = (self.clone(), house.clone());
        let key = message["id"].to_string();
        // Held until the request is on the list, so that it is not taken off before.
        let mut running = self.running.lock().unwrap();
        let request = tokio::spawn(async move {
            let id = message["id"].clone();
            let answer = rpc::answer(&id, connection.clone().serve(house, message).await);
            connection.running.lock().unwrap().remove(&id.to_string());
            let _ = connection.to.send(answer);
        });
        running.insert(key, request.abort_handle());
    }

    fn end(&self, id: &Value) {
        if let Some(running) = self.running.lock().unwrap().remove(&id.to_string()) {
            running.abort();
        }
    }

    async fn serve(self: Arc<Self>, house: Arc<House>, mut message: Value) -> Result<Value, Failure> {
        let method = message["method"].as_str().unwrap_or_default().to_owned();
        let params = message.get_mut("params").map_or_else(|| json!({}), Value::take);
        let (era, capabilities) = self.manners(house.eras, &method, &params)?;
        methods::run(
            &method,
            Call { house, id: message["id"].take(), params, era, capabilities, connection: self },
        )
        .await
    }

    /// The era of a request, and what its client declares.
    fn manners(&self, eras: Eras, method: &str, params: &Value) -> Result<(Era, Value), Failure> {
        if params["_meta"].get(meta::VERSION).is_none() && eras.include(Era::Legacy) {
            if method == "initialize" {
                let declared = params["capabilities"].clone();
                *self.greeted.lock().unwrap() = Some(declared.clone());
                return Ok((Era::Legacy, declared));
            }
            if let Some(declared) = self.greeted.lock().unwrap().clone() {
                return Ok((Era::Legacy, declared));
            }
        }
        Ok((Era::Modern, modern(&params["_meta"])?))
    }
}

/// What a modern client declares, if its `_meta` is as it must be.
fn modern(said: &Value) -> Result<Value, Failure> {
    let Some(version) = said[meta::VERSION].as_str() else {
        return Err(Failure::params(format!("_meta must have {}", meta::VERSION)));
    };
    if version != rpc::MODERN {
        let data = json!({"supported": [rpc::MODERN], "requested": version});
        return Err(
            Failure::new(Failure::VERSION, format!("revision {version} is not spoken here")).with(data)
        );
    }
    let declared = Some(&said[meta::CAPABILITIES]).filter(|declared| declared.is_object());
    declared.cloned().ok_or_else(|| Failure::params(format!("_meta must have {}", meta::CAPABILITIES)))
}

impl Call {
    pub fn argument(&self, name: &str) -> &Value {
        &self.params["arguments"][name]
    }

    pub fn meta(&self, key: &str) -> Option<&Value> {
        self.params["_meta"].get(key)
    }

    pub fn declares(&self, capability: &str) -> bool {
        self.capabilities.get(capability).is_some()
    }

    pub fn knows_tasks(&self) -> bool {
        self.capabilities["extensions"].get(TASKS).is_some()
    }

    pub fn notify(&self, method: &str, params: Value) {
        let _ = self.connection.to.send(rpc::notification(method, params));
    }

    /// Asks a legacy client something, and waits for its answer.
    pub async fn ask(&self, method: &str, params: Value) -> Result<Value, Failure> {
        let id = self.connection.questions.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        self.connection.asked.lock().unwrap().insert(id, answer);
        let _ = self.connection.to.send(rpc::request(id, method, params));
        let mut answer =
            answered.await.map_err(|_| Failure::new(Failure::INTERNAL, "the client has left"))?;
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err(Failure::new(Failure::INTERNAL, format!("the client refused: {}", answer["error"]))),
        }
    }
}
