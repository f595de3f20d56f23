//! What a tool is, and how the tools are listed and called.

use crate::content::says;
use crate::dialogue::{Dialogue, Turn};
use crate::jobs::Job;
use crate::methods::{Pending, now};
use crate::rpc::{Era, Eras, Failure};
use crate::server::Call;
use crate::toolbox::TOOLS;
use serde_json::{Value, json};

/// A tool: its name, what it takes, and what does its work.
pub struct Tool {
    pub name: &'static str,
    pub description: &'static str,
    pub eras: Eras,
    pub input: fn() -> Value,
    pub run: Run,
}

/// How a tool works.
pub enum Run {
    /// At once.
    Plain(fn(&Call) -> Result<Value, Failure>),
    /// In its own time, with words in between.
    Live(fn(Call) -> Pending),
    /// After it has asked the client.
    Dialogue(Dialogue),
    /// As a task.
    Job(Job),
}

pub fn list(era: Era) -> Value {
    let described = TOOLS.iter().filter(|tool| tool.eras.include(era)).map(
        |tool| json!({"name": tool.name, "description": tool.description, "inputSchema": (tool.input)()}),
    );
    json!({"tools": described.collect::<Vec<_>>()})
}

pub fn call(call: Call) -> Pending {
    let found = TOOLS.iter().find(|it| call.params["name"] == it.name && it.eras.include(call.era));
    match found.map(|tool| &tool.run) {
        Some(Run::Plain(run)) => now(run(&call)),
        Some(Run::Live(run)) => run(call),
        Some(Run::Dialogue(dialogue)) => now(dialogue.turn(&call).map(|turn| match turn {
            Turn::Asks(result) => result,
            Turn::Ends(words) => says(words),
        })),
        Some(Run::Job(job)) => job.run(call),
        None => now(Err(Failure::params(format!("no tool {}", call.params["name"])))),
    }
}
