//! Calls that their servers answer later. A task is its agent's alone, and what is asked about it goes to the server that made it.

use super::{Session, lock};
use crate::clean::Clean;
use crate::end::{Cut, Stop};
use crate::link::Fault;
use domain::{AgentName, Denial, Endpoint, ServerName, Target};
use mcp::Message;
use mcp::era::Era;
use mcp::translate::{capabilities, tasks};
use proof::receipt::{self, Body, Verdict};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How many tasks are remembered; of more, the oldest are forgotten.
const MOST: usize = 4096;
/// How many of one agent's are.
const OF_ONE: usize = 512;
/// JSON-RPC's code of a modern server for what its client does not say it can do.
const MISSING_CAPABILITY: i64 = -32021;
/// How long a server may take to answer about one.
const PATIENCE: Duration = Duration::from_secs(600);

/// Whose each task is, the oldest first.
#[derive(Default)]
pub(crate) struct Tasks(Mutex<VecDeque<Task>>);

#[derive(Clone)]
struct Task {
    id: String,
    agent: AgentName,
    server: ServerName,
    target: Target,
}

impl Tasks {
    /// Notes a task; says whether nobody else's server has made one of that name for this agent.
    pub(crate) fn note(&self, agent: &AgentName, server: &ServerName, target: &Target, id: &str) -> bool {
        let mut all = lock(&self.0);
        if let Some(known) = all.iter().find(|known| known.agent == *agent && known.id == id) {
            return known.server == *server;
        }
        let own = |known: &Task| known.agent == *agent;
        if all.iter().filter(|known| own(known)).count() >= OF_ONE {
            let oldest = all.iter().position(own);
            oldest.and_then(|at| all.remove(at));
        } else if all.len() >= MOST {
            all.pop_front();
        }
        let (agent, server, target) = (agent.clone(), server.clone(), target.clone());
        all.push_back(Task { id: id.to_owned(), agent, server, target });
        true
    }

    fn find(&self, agent: &AgentName, id: &str) -> Option<Task> {
        lock(&self.0).iter().find(|known| known.agent == *agent && known.id == id).cloned()
    }
}

impl Session {
    /// Whether a task is this agent's.
    pub(super) fn has_task(&self, id: &str) -> bool {
        self.inner.sessions.tasks.find(&self.agent, id).is_some_and(|task| self.reaches(&task.server))
    }

    /// Notes what a call has begun. A server that gives a task the name of another server's is not believed.
    pub(crate) fn note_task(&self, server: &ServerName, target: &Target, answer: Message) -> Message {
        let noted = tasks::begun(&answer)
            .is_none_or(|id| self.inner.sessions.tasks.note(&self.agent, server, target, &id));
        if noted {
            return answer;
        }
        let sentence = "the server gave its task the id of another server's";
        Message::failure(answer.id(), crate::end::UPSTREAM, sentence, None)
    }

    /// What an agent asks about a task of its own.
    pub(super) async fn about_task(
        &self,
        request: &Message,
        withdrawn: &CancellationToken,
    ) -> Result<Clean, Stop> {
        let method = request.method().unwrap_or_default();
        if let Some(refused) = self.knows_no_tasks(request) {
            return Ok(refused);
        }
        let id = request.member_text(&["taskId"]).ok_or_else(|| Stop::invalid("taskId must be a string"))?;
        let task = self.inner.sessions.tasks.find(&self.agent, &id);
        let Some(task) = task.filter(|task| self.reaches(&task.server)) else {
            return Err(self.refuse_task(method, "unknown_task", Stop::invalid("Unknown task")));
        };
        if !self.is_granted(&task) {
            let denial = Denial::NotGranted;
            return Err(self.refuse_task(method, denial.code(), Stop::Denied(denial.clone())));
        }
        let (era, answer) = self.ask_server(&task.server, request, withdrawn).await?;
        Ok(self.for_agent(method, era, answer))
    }

    /// What a modern agent is told that does not say, in this very request, that it knows tasks (tasks extension).
    fn knows_no_tasks(&self, request: &Message) -> Option<Clean> {
        let said = ["_meta", "io.modelcontextprotocol/clientCapabilities", "extensions", capabilities::TASKS];
        if !self.is_modern() || request.member(&said).is_some() {
            return None;
        }
        let needed = json!({ "requiredCapabilities": { "extensions": { capabilities::TASKS: {} } } });
        let sentence = "the request does not declare the extension it is part of";
        Some(self.clean(Message::failure(request.id(), MISSING_CAPABILITY, sentence, Some(&needed))))
    }

    /// A legacy server's list of tasks, cut down to this agent's. There is one at the endpoint of one server.
    pub(super) async fn list_tasks(
        &self,
        request: &Message,
        withdrawn: &CancellationToken,
    ) -> Result<Clean, Stop> {
        let Endpoint::One(server) = &self.scope else { return Err(Stop::unknown_method("tasks/list")) };
        let (_, answer) = self.ask_server(server, request, withdrawn).await?;
        let Some(mut result) = answer.result() else { return Ok(self.clean(answer)) };
        if let Some(Value::Array(tasks)) = result.get_mut("tasks") {
            tasks.retain(|task| {
                task.get("taskId").and_then(Value::as_str).is_some_and(|id| self.has_task(id))
            });
        }
        Ok(self.clean(answer.edit().body(&result).finish()))
    }

    /// What a server answers to a request that is about a call it has had already.
    async fn ask_server(
        &self,
        server: &ServerName,
        request: &Message,
        withdrawn: &CancellationToken,
    ) -> Result<(Era, Message), Stop> {
        let own = request.id().cloned().ok_or(Stop::Withdrawn)?;
        let work = async {
            let link = self.link(server).await?;
            let headers = self.housekeeping(server).await?;
            self.goes_to(&own, server);
            tokio::select! {
                biased;
                answer = link.request(request.clone(), headers.clone()) => Ok(Some((link.era(), answer?))),
                () = withdrawn.cancelled() => {
                    tokio::spawn(async move { link.cancel(&own, headers).await });
                    Ok::<_, Fault>(None)
                }
            }
        };
        match timeout(PATIENCE, work).await {
            Err(_) => Err(Cut::unreachable(server, &"it took too long to tell of the task").into_stop()),
            Ok(Ok(answer)) => answer.ok_or(Stop::Withdrawn),
            Ok(Err(fault)) => Err(Cut::from_fault(self.inner.understood(server, fault), server).into_stop()),
        }
    }

    /// Whether what began the task would still be allowed.
    fn is_granted(&self, task: &Task) -> bool {
        let now = self.inner.clock.now();
        self.may_use(&task.server).is_ok()
            && self.delegations().iter().any(|delegation| {
                delegation.state(now) == domain::DelegationState::Active
                    && delegation.grant(&task.server).is_some_and(|grant| grant.names(&task.target))
            })
    }

    fn refuse_task(&self, method: &str, reason: &str, stop: Stop) -> Stop {
        let decision = receipt::Decision {
            outcome: Verdict::Denied,
            reason: Some(reason.to_owned()),
            rule: Some("policy".to_owned()),
            approval: None,
        };
        let body = Body {
            agent: Some(self.agent.clone()),
            session: Some(self.id.clone()),
            peer: Some(self.peer.clone()),
            decision: Some(decision),
            note: Some(method.to_owned()),
            ..self.inner.body(receipt::Kind::CallDenied)
        };
        self.refused(body).map_or_else(Stop::Denied, |()| stop)
    }
}
