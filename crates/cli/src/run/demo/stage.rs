//! Where the demo plays: a wallet in a temporary folder, and the processes that run on it.

use super::browser;
use super::story::Story;
use crate::page::Tone;
use crate::{Failure, Out};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How often, and how far apart, the demo looks for a question: 15 s in all.
const LOOKS: (u32, Duration) = (150, Duration::from_millis(100));

/// Who is at the keyboard.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Human {
    /// You, with the passphrase.
    Confirms,
    /// You, for a command that needs none.
    Silent,
    /// Somebody who guesses it.
    Impostor,
}

/// The stage, set. Its processes end and its folder goes when it is dropped.
pub(super) struct Stage<'a> {
    pub(super) story: Story<'a>,
    passphrase: String,
    running: Vec<Running>,
    home: TempDir,
}

impl<'a> Stage<'a> {
    /// A folder and a passphrase that nobody had before.
    pub(super) fn set(out: &'a Out, quick: bool) -> Result<Self, Failure> {
        let home = tempfile::Builder::new().prefix("countersign-demo-").tempdir()?;
        let mut random = [0; 16];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
        let passphrase = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { story: Story::new(out, quick), passphrase, running: Vec::new(), home })
    }

    /// Types a command, shows what it says, and stops the story when it fails.
    pub(super) fn command(&mut self, human: Human, words: &[&str]) -> Result<(), Failure> {
        let done = self.play(human, words)?;
        if done {
            Ok(())
        } else {
            Err(Failure::Failed(format!("the demo's `countersign {}` failed", words[0])))
        }
    }

    /// Types a command that is to be refused.
    pub(super) fn attempt(&mut self, human: Human, words: &[&str]) -> Result<(), Failure> {
        let done = self.play(human, words)?;
        if done {
            Err(Failure::Failed("the demo's impostor got through; please report this".into()))
        } else {
            Ok(())
        }
    }

    fn play(&mut self, human: Human, words: &[&str]) -> Result<bool, Failure> {
        self.story.line(Tone::Strong, &format!("$ countersign {}", words.join(" ")));
        let mut child = self.spawn(human, words)?;
        self.type_passphrase(human, &mut child);
        let output = child.wait_with_output()?;
        let tone = if output.status.success() { Tone::Quiet } else { Tone::Stops };
        String::from_utf8_lossy(&output.stderr).lines().for_each(|line| self.story.line(tone, line));
        String::from_utf8_lossy(&output.stdout).lines().for_each(|line| self.story.line(Tone::Plain, line));
        Ok(output.status.success())
    }

    /// Starts `countersign serve` and waits until it is ready.
    pub(super) fn start_wallet(&mut self) -> Result<(), Failure> {
        self.start(Human::Confirms, &["serve", "--json"]).map(drop)
    }

    /// Starts the playground and says where it answers.
    pub(super) fn start_playground(&mut self) -> Result<String, Failure> {
        let ready = self.start(Human::Silent, &["playground", "--auto-approve", "--json"])?;
        ready.get("url").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| broke("the playground"))
    }

    fn start(&mut self, human: Human, words: &[&str]) -> Result<Value, Failure> {
        let mut child = self.spawn(human, words)?;
        self.type_passphrase(human, &mut child);
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let Ok(ready) = serde_json::from_str(&line) else {
            let said = child.wait_with_output()?.stderr;
            return Err(broke(&format!("{}: {}", words[0], String::from_utf8_lossy(&said).trim())));
        };
        self.running.push(Running(child));
        Ok(ready)
    }

    /// Logs in; a browser of a few lines follows the page the wallet names.
    pub(super) fn log_in(&mut self, server: &str) -> Result<(), Failure> {
        self.story.line(Tone::Strong, &format!("$ countersign login {server}"));
        let mut child = self.spawn(Human::Confirms, &["login", server, "--no-browser"])?;
        self.type_passphrase(Human::Confirms, &mut child);
        let notes = BufReader::new(child.stderr.take().ok_or_else(|| broke("login"))?);
        let mut last = "login".to_owned();
        let page = notes.lines().map_while(Result::ok).find(|line| {
            last.clone_from(line);
            line.trim().starts_with("http")
        });
        browser::visit(page.ok_or_else(|| broke(&last))?.trim())?;
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.lines().for_each(|line| self.story.line(Tone::Plain, line));
        if output.status.success() { Ok(()) } else { Err(broke("login")) }
    }

    /// Waits for the agent's question, and says yes; the command shows it first.
    pub(super) fn allow_next(&mut self) -> Result<(), Failure> {
        let id = self.next_question()?;
        self.command(Human::Confirms, &["approvals", "allow", &id])
    }

    fn next_question(&self) -> Result<String, Failure> {
        for _ in 0..LOOKS.0 {
            let questions = self.ask(&["approvals", "list"])?;
            if let Some(id) = questions.pointer("/0/id").and_then(Value::as_str) {
                return Ok(id.to_owned());
            }
            std::thread::sleep(LOOKS.1);
        }
        Err(broke("the question"))
    }

    /// The delegation that names a tool.
    pub(super) fn delegation_of(&self, tool: &str) -> Result<String, Failure> {
        let listed = self.ask(&["delegation", "list"])?;
        let names = |view: &&Value| {
            let tools = view.pointer("/delegation/grants/0/tools").and_then(Value::as_array);
            tools.is_some_and(|tools| tools.iter().any(|granted| granted["name"] == tool))
        };
        let found = listed.as_array().and_then(|views| views.iter().find(names));
        let id = found.and_then(|view| view.pointer("/delegation/id")).and_then(Value::as_str);
        id.map(str::to_owned).ok_or_else(|| broke("the delegation"))
    }

    /// What a command that only looks answers a program.
    fn ask(&self, words: &[&str]) -> Result<Value, Failure> {
        let output = self.spawn(Human::Silent, &[words, &["--json"]].concat())?.wait_with_output()?;
        Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
    }

    /// A child of this very program, on the demo's home.
    pub(super) fn spawn(&self, human: Human, words: &[&str]) -> Result<Child, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(words).arg("--home").arg(self.home.path());
        if human != Human::Silent {
            command.args(["--passphrase-fd", "0"]);
        }
        Ok(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
    }

    /// Ends the processes, removes the folder, and says that that was all.
    pub(super) fn end(self) -> Result<(), Failure> {
        let Self { story, running, home, .. } = self;
        drop(running);
        home.close()?;
        story.finish()
    }

    fn type_passphrase(&self, human: Human, child: &mut Child) {
        let Some(mut stdin) = child.stdin.take() else { return };
        let typed = match human {
            Human::Confirms => &self.passphrase,
            Human::Impostor => "let me in please",
            Human::Silent => return,
        };
        // A child that wants none has closed its end.
        let _ = writeln!(stdin, "{typed}");
    }
}

/// A process that ends with the demo, by the signal that lets it end cleanly.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}

fn broke(what: &str) -> Failure {
    Failure::Failed(format!("the demo stopped at {what}; nothing of it is left, so just run it again"))
}
