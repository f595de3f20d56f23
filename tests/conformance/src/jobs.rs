//! Tools that work as a task for clients that know tasks.

use crate::content::{fails, says};
use crate::dialogue::{Dialogue, Input, Turn, field, given};
use crate::methods::{Pending, now};
use crate::rpc::Failure;
use crate::server::Call;
use crate::tasks::{self, Tasks, Ticket};
use crate::toolbox::USER_NAME;
use serde_json::Value;
use std::time::Duration;

/// The work of a tool, and how it can be done.
pub enum Job {
    /// As a task, or else while the client waits.
    Either(fn(Value) -> Pending),
    /// Only as a task.
    Task(fn(Ticket) -> Pending),
}

const SECOND: Duration = Duration::from_secs(1);

pub const SLOW_COMPUTE: Job = Job::Either(|arguments| {
    Box::pin(async move {
        let seconds = arguments["seconds"].as_f64().unwrap_or(1.0);
        let time =
            Duration::try_from_secs_f64(seconds).map_err(|error| Failure::params(error.to_string()))?;
        tokio::time::sleep(time).await;
        Ok(says(format!("Computed for {seconds} s")))
    })
});

pub const FAILING: Job = Job::Task(|_| {
    Box::pin(async {
        tokio::time::sleep(SECOND).await;
        Ok(fails("The job has failed, as it always does."))
    })
});

pub const PROTOCOL_ERROR: Job = Job::Task(|_| {
    Box::pin(async {
        tokio::time::sleep(SECOND).await;
        Err(Failure::new(Failure::INTERNAL, "the job has come to a bad end"))
    })
});

pub const CONFIRM_DELETE: Job = Job::Task(|ticket| {
    const INPUTS: &[Input] = &[field("confirm", "Delete it?", "confirm", "boolean")];
    Box::pin(async move {
        let answers = ticket.ask(INPUTS).await;
        let sure = answers["confirm"]["content"]["confirm"] == true;
        Ok(says(if sure { "It is deleted." } else { "It is kept." }))
    })
});

pub const MULTI_INPUT: Job = Job::Task(|ticket| {
    const INPUTS: &[Input] = &[
        field("first", "What is it called?", "name", "string"),
        field("second", "And the other?", "name", "string"),
    ];
    Box::pin(async move {
        let answers = ticket.ask(INPUTS).await;
        let (first, second) = (given(&answers, "first", "name"), given(&answers, "second", "name"));
        Ok(says(format!("They are called {first} and {second}.")))
    })
});

/// Asks for a name, then goes on as a task.
pub fn after_dialogue(call: &Call) -> Result<Value, Failure> {
    const DIALOGUE: Dialogue = Dialogue {
        rounds: &[&[USER_NAME]],
        sealed: true,
        finish: |answers| given(answers, "user_name", "name").to_owned(),
    };
    if !call.knows_tasks() {
        return Err(tasks::unknown_to_client());
    }
    Ok(match DIALOGUE.turn(call)? {
        Turn::Asks(result) => result,
        Turn::Ends(name) => Tasks::begin(&call.house, |_| async move {
            tokio::time::sleep(SECOND / 5).await;
            Ok(says(format!("Done for {name}.")))
        }),
    })
}

impl Job {
    pub fn run(&self, mut call: Call) -> Pending {
        let arguments = call.params["arguments"].take();
        match self {
            Self::Either(work) if call.knows_tasks() => {
                now(Ok(Tasks::begin(&call.house, |_| work(arguments))))
            }
            Self::Either(work) => work(arguments),
            Self::Task(work) if call.knows_tasks() => now(Ok(Tasks::begin(&call.house, work))),
            Self::Task(_) => now(Err(tasks::unknown_to_client())),
        }
    }
}
