//! The tasks under way, and the methods about them.

use crate::dialogue::Input;
use crate::rpc::{Failure, TASKS};
use crate::server::{Call, House};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

const TTL_MS: u64 = 300_000;
const POLL_MS: u64 = 200;

#[derive(Default)]
pub struct Tasks(Mutex<HashMap<String, Task>>);

struct Task {
    created: String,
    updated: String,
    state: State,
    worker: Option<AbortHandle>,
}

enum State {
    Working,
    /// Waits until every input has its answer.
    Asking {
        open: Vec<&'static Input>,
        answers: Map<String, Value>,
        answered: Arc<Notify>,
    },
    Ended(Result<Value, Value>),
    Cancelled,
}

/// A task, to the one who works on it.
#[derive(Clone)]
pub struct Ticket {
    house: Arc<House>,
    id: String,
}

impl Tasks {
    /// Begins a task, and says so.
    pub fn begin<F: Future<Output = Result<Value, Failure>> + Send + 'static>(
        house: &Arc<House>,
        work: impl FnOnce(Ticket) -> F,
    ) -> Value {
        let ticket = Ticket { house: house.clone(), id: new_id() };
        let now = now();
        let task = Task { created: now.clone(), updated: now, state: State::Working, worker: None };
        let mut created = task.describe(&ticket.id);
        created["resultType"] = "task".into();
        ticket.house.tasks.0.lock().unwrap().insert(ticket.id.clone(), task);
        let work = work(ticket.clone());
        let worker = tokio::spawn({
            let ticket = ticket.clone();
            async move {
                let outcome = work.await.map_err(Failure::into_value);
                ticket.change(|task| task.state = State::Ended(outcome));
            }
        });
        ticket.change(|task| task.worker = Some(worker.abort_handle()));
        created
    }

    fn with<T>(&self, id: &str, then: impl FnOnce(&mut Task) -> T) -> Result<T, Failure> {
        let mut tasks = self.0.lock().unwrap();
        tasks.get_mut(id).map(then).ok_or_else(|| Failure::params("there is no such task"))
    }
}

impl Ticket {
    /// Asks the client; goes on when everything is answered.
    pub async fn ask(&self, inputs: &'static [Input]) -> Value {
        let answered = Arc::new(Notify::new());
        let open = inputs.iter().collect();
        let asking = State::Asking { open, answers: Map::new(), answered: answered.clone() };
        self.change(|task| task.state = asking);
        answered.notified().await;
        let mut answers = Value::Null;
        self.change(|task| {
            if let State::Asking { answers: given, .. } = std::mem::replace(&mut task.state, State::Working) {
                answers = given.into();
            }
        });
        answers
    }

    fn change(&self, change: impl FnOnce(&mut Task)) {
        let _ = self.house.tasks.with(&self.id, |task| {
            task.updated = now();
            change(task);
        });
    }
}

impl Task {
    fn describe(&self, id: &str) -> Value {
        let (status, detail) = match &self.state {
            State::Working => ("working", None),
            State::Asking { open, .. } => {
                let requests: Map<String, Value> =
                    open.iter().map(|input| (input.key.to_owned(), input.ask.request())).collect();
                ("input_required", Some(("inputRequests", requests.into())))
            }
            State::Ended(Ok(result)) => ("completed", Some(("result", result.clone()))),
            State::Ended(Err(error)) => ("failed", Some(("error", error.clone()))),
            State::Cancelled => ("cancelled", None),
        };
        let mut described = json!({
            "taskId": id,
            "status": status,
            "createdAt": self.created,
            "lastUpdatedAt": self.updated,
            "ttlMs": TTL_MS,
            "pollIntervalMs": POLL_MS,
        });
        if let Some((name, value)) = detail {
            described[name] = value;
        }
        described
    }

    fn hear(&mut self, responses: &Value) {
        let State::Asking { open, answers, answered } = &mut self.state else { return };
        open.retain(|input| match responses.get(input.key).filter(|answer| input.ask.accepts(answer)) {
            Some(answer) => answers.insert(input.key.into(), answer.clone()).is_some(),
            None => true,
        });
        if open.is_empty() {
            answered.notify_one();
        }
    }

    fn cancel(&mut self) {
        if !matches!(self.state, State::Ended(_)) {
            self.state = State::Cancelled;
            self.updated = now();
            if let Some(worker) = self.worker.take() {
                worker.abort();
            }
        }
    }
}

pub fn get(call: &Call) -> Result<Value, Failure> {
    on_task(call, |task, id| task.describe(id))
}

pub fn update(call: &Call) -> Result<Value, Failure> {
    on_task(call, |task, _| task.hear(&call.params["inputResponses"])).map(|()| json!({}))
}

pub fn cancel(call: &Call) -> Result<Value, Failure> {
    on_task(call, |task, _| task.cancel()).map(|()| json!({}))
}

/// What a client that knows no tasks is told.
pub fn unknown_to_client() -> Failure {
    Failure::capability(json!({"extensions": {TASKS: {}}}))
}

fn on_task<T>(call: &Call, then: impl FnOnce(&mut Task, &str) -> T) -> Result<T, Failure> {
    if !call.knows_tasks() {
        return Err(unknown_to_client());
    }
    let id = call.params["taskId"].as_str().ok_or_else(|| Failure::params("taskId is missing"))?;
    call.house.tasks.with(id, |task| then(task, id))
}

fn now() -> String {
    jiff::Timestamp::now().to_string()
}

/// A number nobody guesses, in hex.
pub fn new_id() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    format!("{:032x}", u128::from_be_bytes(bytes))
}
