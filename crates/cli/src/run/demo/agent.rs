//! A very small agent: an MCP client over `countersign connect`, as any other would be.

use super::stage::{Human, Stage};
use crate::Failure;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The agent of the demo.
pub(super) struct Scout {
    shim: Child,
    input: ChildStdin,
    answers: Receiver<Value>,
    asked: u64,
}

impl Scout {
    /// Starts the shim, as an MCP client would.
    pub(super) fn connect(stage: &Stage) -> Result<Self, Failure> {
        let mut shim = stage.spawn(Human::Silent, &["connect", "--agent", "scout"])?;
        let (Some(input), Some(output)) = (shim.stdin.take(), shim.stdout.take()) else { return Err(gone()) };
        let (send, answers) = mpsc::channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            for message in lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok()) {
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        Ok(Self { shim, input, answers, asked: 0 })
    }

    /// Asks for a session; the human may have to answer first.
    pub(super) fn introduce(&mut self) -> Result<(), Failure> {
        let client = json!({ "name": "scout", "version": env!("CARGO_PKG_VERSION") });
        self.request(
            "initialize",
            json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client }),
        )
    }

    /// Takes the session.
    pub(super) fn welcomed(&mut self) -> Result<(), Failure> {
        self.reply()?;
        self.write(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
    }

    /// The names of the tools it is shown.
    pub(super) fn tools(&mut self) -> Result<Vec<String>, Failure> {
        self.request("tools/list", json!({}))?;
        let reply = self.reply()?;
        let tools = reply.pointer("/result/tools").and_then(Value::as_array).ok_or_else(gone)?;
        Ok(tools.iter().filter_map(|tool| Some(tool.get("name")?.as_str()?.to_owned())).collect())
    }

    /// Calls a tool and waits.
    pub(super) fn call(&mut self, tool: &str, arguments: Value) -> Result<String, Failure> {
        self.ask(tool, arguments)?;
        self.answer()
    }

    /// Calls a tool.
    pub(super) fn ask(&mut self, tool: &str, arguments: Value) -> Result<(), Failure> {
        self.request("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// What came of the call: its text, or the refusal.
    pub(super) fn answer(&mut self) -> Result<String, Failure> {
        let reply = self.reply()?;
        let text = reply.pointer("/result/content/0/text").or_else(|| reply.pointer("/error/message"));
        Ok(text.and_then(Value::as_str).unwrap_or("an answer without text").to_owned())
    }

    fn request(&mut self, method: &str, params: Value) -> Result<(), Failure> {
        self.asked += 1;
        self.write(&json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params }))
    }

    fn write(&mut self, message: &Value) -> Result<(), Failure> {
        writeln!(self.input, "{message}").map_err(|_| gone())
    }

    /// The answer to the last request; notifications in between pass by.
    fn reply(&mut self) -> Result<Value, Failure> {
        loop {
            let message = self.answers.recv_timeout(PATIENCE).map_err(|_| gone())?;
            if message.get("id").and_then(Value::as_u64) == Some(self.asked) {
                return Ok(message);
            }
        }
    }
}

impl Drop for Scout {
    fn drop(&mut self) {
        let _ = self.shim.kill();
        let _ = self.shim.wait();
    }
}

fn gone() -> Failure {
    Failure::Refused("the wallet closed the agent's connection".into())
}

/// The part of a long text from a word on.
pub(super) fn from<'t>(text: &'t str, word: &str) -> &'t str {
    text.find(word).and_then(|at| text.get(at..)).unwrap_or(text)
}
