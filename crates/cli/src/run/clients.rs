//! What an MCP client needs in its configuration. It holds nothing worth stealing: a path and a name.

use crate::Failure;
use crate::args::ClientKind;
use crate::page::words::quoted;
use crate::page::{Page, Tone};
use broker::Home;
use clap::ValueEnum;
use domain::AgentName;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::Path;

/// How a client starts the shim.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    command: String,
    args: Vec<String>,
}

impl Entry {
    /// For `agent`; `home` when the wallet is not in the usual places.
    pub(super) fn new(agent: &AgentName, home: Option<&Home>) -> Result<Self, Failure> {
        let program = std::env::current_exe()
            .map_err(|error| Failure::Failed(format!("can't tell where this program is: {error}")))?;
        let mut args = vec!["connect".to_owned(), "--agent".into(), agent.to_string()];
        // `Home::at` keeps its data one folder below.
        if let Some(dir) = home.and_then(|home| home.data_dir().parent()) {
            args.extend(["--home".into(), text(dir)?]);
        }
        Ok(Self { command: text(&program)?, args })
    }

    fn json(&self) -> Value {
        json!({ "command": self.command, "args": self.args })
    }

    /// The shim as a POSIX shell would take it.
    fn shell_line(&self) -> String {
        [&self.command].into_iter().chain(&self.args).map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }
}

/// Shows the configuration for one client, or for all: over stdio, and at the endpoint if there is one.
pub(super) fn draw(page: &mut Page, entry: &Entry, endpoint: Option<&str>, only: Option<ClientKind>) {
    let all = ClientKind::value_variants().iter().copied();
    let wanted: Vec<_> = all.filter(|client| only.is_none_or(|only| only == *client)).collect();
    wanted.iter().for_each(|client| part(page, snippet(*client, entry)));
    let over_http = |endpoint| wanted.iter().filter_map(move |client| http_snippet(*client, endpoint));
    let over_http: Vec<_> = endpoint.into_iter().flat_map(over_http).collect();
    if !over_http.is_empty() {
        page.gap();
        page.line("Or over HTTP. The client logs in by itself; you are asked, and it becomes the agent of its own name.");
        over_http.into_iter().for_each(|snippet| part(page, snippet));
    }
}

fn part(page: &mut Page, (title, text): (&str, String)) {
    page.gap();
    page.toned(Tone::Strong, title);
    text.lines().for_each(|line| page.line(format!("  {line}")));
}

/// Claude Desktop asks for what is on this machine over stdio alone.
fn http_snippet(client: ClientKind, endpoint: &str) -> Option<(&'static str, String)> {
    match client {
        ClientKind::ClaudeDesktop => None,
        ClientKind::ClaudeCode => Some((
            "Claude Code over HTTP: in a terminal",
            format!("claude mcp add --transport http countersign {endpoint}"),
        )),
        ClientKind::Cursor => Some((
            "Cursor over HTTP: ~/.cursor/mcp.json",
            pretty(&json!({ "mcpServers": { "countersign": { "url": endpoint } } })),
        )),
        ClientKind::VsCode => Some((
            "VS Code over HTTP: mcp.json (MCP: Open User Configuration)",
            pretty(&json!({ "servers": { "countersign": { "type": "http", "url": endpoint } } })),
        )),
    }
}

fn snippet(client: ClientKind, entry: &Entry) -> (&'static str, String) {
    let servers = || pretty(&json!({ "mcpServers": { "countersign": entry.json() } }));
    match client {
        ClientKind::ClaudeDesktop => {
            ("Claude Desktop: claude_desktop_config.json (Settings, Developer)", servers())
        }
        ClientKind::ClaudeCode => {
            ("Claude Code: in a terminal", format!("claude mcp add countersign -- {}", entry.shell_line()))
        }
        ClientKind::Cursor => ("Cursor: ~/.cursor/mcp.json", servers()),
        ClientKind::VsCode => {
            let mut server = json!({ "type": "stdio" });
            if let (Value::Object(server), Value::Object(entry)) = (&mut server, entry.json()) {
                server.extend(entry);
            }
            (
                "VS Code: mcp.json (MCP: Open User Configuration)",
                pretty(&json!({ "servers": { "countersign": server } })),
            )
        }
    }
}

/// A configuration is JSON, which holds text alone.
fn text(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().ok_or_else(|| {
        Failure::Failed(format!("{} is not UTF-8, so no client could be told of it; move it", path.display()))
    })?;
    Ok(text.to_owned())
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Paint;

    fn entry() -> Entry {
        Entry {
            command: "/opt/my tools/countersign".into(),
            args: ["connect", "--agent", "claude", "--home", "/home/me/it's here"].map(Into::into).into(),
        }
    }

    #[test]
    fn every_client_gets_its_own_words() {
        let mut page = Page::new(Paint::NONE);
        draw(&mut page, &entry(), Some("http://127.0.0.1:61234/mcp"), None);
        insta::assert_snapshot!(page.into_text());
    }

    #[test]
    fn one_client_asked_for_is_the_only_one_shown() {
        let mut page = Page::new(Paint::NONE);
        draw(&mut page, &entry(), None, Some(ClientKind::Cursor));
        let text = page.into_text();
        assert!(text.contains("Cursor") && !text.contains("Claude"), "{text}");
    }
}
