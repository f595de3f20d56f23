//! Servers nobody here wrote.

use crate::parts_dir;
use crate::wallet::PATIENCE;
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// `node`'s arguments for the reference server with one of everything, over stdio.
#[must_use]
pub fn everything() -> Vec<String> {
    package("server-everything")
}

/// `node`'s arguments for the reference file server, over stdio; it shows `dir`.
#[must_use]
pub fn filesystem(dir: &std::path::Path) -> Vec<String> {
    let mut args = package("server-filesystem");
    args.push(dir.to_string_lossy().into_owned());
    args
}

fn package(name: &str) -> Vec<String> {
    let path = parts_dir().join("node_modules/@modelcontextprotocol").join(name).join("dist/index.js");
    vec!["node".into(), path.to_string_lossy().into_owned()]
}

/// An MCP server behind a login: `oidc-provider`, and the official SDK's server. Ended when dropped.
pub struct Protected {
    /// The MCP endpoint.
    pub mcp: String,
    /// The authorization server.
    pub issuer: String,
    control: String,
    stats: String,
    _child: Child,
}

impl Protected {
    /// Starts it; access tokens live for `ttl` seconds.
    pub async fn start(ttl: u32) -> Self {
        Self::start_with(json!({"ttl": ttl})).await
    }

    /// Starts it with these settings; see protected-server.mjs.
    pub async fn start_with(settings: Value) -> Self {
        let mut child = Command::new("node")
            .arg(parts_dir().join("protected-server.mjs"))
            .arg(settings.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line =
            tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("the server is silent").unwrap();
        let said: Value =
            serde_json::from_str(&line.expect("the server ended; is tests/parts installed?")).unwrap();
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        Self {
            mcp: text("mcp"),
            issuer: text("issuer"),
            control: text("control"),
            stats: text("stats"),
            _child: child,
        }
    }

    /// What it has seen; see protected-server.mjs.
    pub async fn stats(&self) -> Value {
        reqwest::get(&self.stats).await.unwrap().json().await.unwrap()
    }

    /// Changes how it behaves; see protected-server.mjs.
    pub async fn control(&self, change: Value) {
        reqwest::Client::new()
            .post(&self.control)
            .json(&change)
            .send()
            .await
            .unwrap()
            .error_for_status()
            .unwrap();
    }

    /// The calls of `tool` that took effect.
    pub async fn effects(&self, tool: &str) -> Vec<Value> {
        let stats = self.stats().await;
        let calls = stats["calls"].as_array().unwrap().iter();
        calls.filter(|call| call["name"] == tool).map(|call| call["arguments"].clone()).collect()
    }

    /// Every access and refresh token it has given out.
    pub async fn tokens(&self) -> Vec<String> {
        let stats = self.stats().await;
        stats["issued"].as_array().unwrap().iter().map(|token| token.as_str().unwrap().to_owned()).collect()
    }
}
