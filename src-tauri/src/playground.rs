//! The playground, run by the `countersign` program next to this one, and ended with the app.

use crate::failure::Answered;
use crate::view::Failure;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use url::Url;

/// What the playground is called among the servers.
pub(crate) const NAME: &str = "playground";

/// How long it may take to say where it is.
const PATIENCE: Duration = Duration::from_secs(20);

/// The playground, once it was started.
#[derive(Default)]
pub(crate) struct Playground(Mutex<Option<Running>>);

struct Running {
    url: Url,
    // Ended when dropped.
    child: Child,
}

impl Playground {
    /// Starts it unless it runs; says where its MCP server is.
    ///
    /// # Errors
    /// When the program is missing or does not come up.
    pub(crate) async fn start(&self) -> Answered<Url> {
        let mut held = self.0.lock().await;
        if let Some(running) = held.as_mut()
            && matches!(running.child.try_wait(), Ok(None))
        {
            return Ok(running.url.clone());
        }
        let running = tokio::time::timeout(PATIENCE, launch()).await;
        let running = running.map_err(|_| failure("it does not say where it is"))??;
        Ok(held.insert(running).url.clone())
    }
}

/// Whether a server's address is one that a playground has: a port of this machine, and its path.
pub(crate) fn is_one(url: &Url) -> bool {
    url.scheme() == "http" && url.host_str() == Some("127.0.0.1") && url.path() == "/mcp"
}

/// The command-line program, which lies next to this one, or one folder up when this is the example of a build.
pub(crate) fn shim() -> PathBuf {
    let here = std::env::current_exe().unwrap_or_default();
    let found =
        here.ancestors().skip(1).take(2).map(|dir| dir.join("countersign")).find(|path| path.is_file());
    found.unwrap_or_else(|| here.with_file_name("countersign"))
}

async fn launch() -> Answered<Running> {
    let mut command = Command::new(shim());
    command.args(["playground", "--json"]).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| failure(&format!("{}: {error}", shim().display())))?;
    let out = child.stdout.take().ok_or_else(|| failure("it has no output"))?;
    let mut lines = BufReader::new(out).lines();
    let line = lines.next_line().await?.ok_or_else(|| failure("it ended at once"))?;
    let url = address(&line).ok_or_else(|| failure(&format!("it said: {line}")))?;
    // Read on, or a full pipe would stop it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(Running { url, child })
}

fn address(line: &str) -> Option<Url> {
    let said: Value = serde_json::from_str(line).ok()?;
    said.get("url").and_then(Value::as_str)?.parse().ok()
}

fn failure(why: &str) -> Failure {
    Failure::new("internal", format!("The playground did not start: {why}."))
}
