//! The human's part, headless: looks at what waits, and answers with the passphrase.

use crate::wallet::{PATIENCE, Wallet, said};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

impl Wallet {
    /// Waits for a question that `fits`.
    pub async fn question(&self, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let waiting = self.questions().await;
            if let Some(question) = waiting.into_iter().find(&fits) {
                return question;
            }
            assert!(Instant::now() < deadline, "no such question came");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Waits for a question about a call of `tool`, by the server's own name for it.
    pub async fn question_about(&self, tool: &str) -> Value {
        self.question(|question| question["subject"]["target"]["name"] == json!(tool)).await
    }

    /// The questions that wait.
    pub async fn questions(&self) -> Vec<Value> {
        self.anyone(&["approvals", "list"]).await.as_array().unwrap().clone()
    }

    /// Waits for the first connection of an agent, or one from another program, and accepts it.
    pub async fn accept_connection(&self, agent: &str) {
        let connects = |question: &Value| {
            question["subject"]["kind"] == "connect" && question["subject"]["agent"] == json!(agent)
        };
        let question = self.question(connects).await;
        self.allow(&question, &[]).await;
    }

    /// Says yes.
    pub async fn allow(&self, question: &Value, reach: &[&str]) {
        let id = question["id"].as_str().unwrap();
        self.owner(&[&["approvals", "allow", id][..], reach].concat()).await;
    }

    /// Says no.
    pub async fn deny(&self, question: &Value) {
        self.anyone(&["approvals", "deny", question["id"].as_str().unwrap()]).await;
    }

    /// Adds a server that `command` starts.
    pub async fn add_stdio(&self, name: &str, command: &[String]) {
        let mut args = vec!["server", "add", name, "--"];
        args.extend(command.iter().map(String::as_str));
        self.owner(&args).await;
    }

    /// Adds a server behind a login, and logs in.
    pub async fn add_and_log_in(&self, name: &str, url: &str) {
        self.owner(&["server", "add", name, "--url", url]).await;
        self.owner(&["login", name]).await;
    }

    /// Adds an agent and lets it use `tools` of `server`; the delegation's id.
    pub async fn employ(&self, agent: &str, server: &str, tools: &[&str], terms: &[&str]) -> String {
        self.owner(&["agent", "add", agent]).await;
        self.delegate(agent, server, tools, terms).await
    }

    /// Lets an agent use `tools` of `server`; the delegation's id.
    pub async fn delegate(&self, agent: &str, server: &str, tools: &[&str], terms: &[&str]) -> String {
        let mut args = vec!["delegate", agent, "--server", server];
        args.extend(tools.iter().flat_map(|tool| ["--tool", tool]));
        args.extend(terms);
        let view = self.owner(&args).await;
        view["delegation"]["id"].as_str().unwrap_or_else(|| panic!("no id in {view}")).to_owned()
    }

    /// The receipts of one kind, the oldest first.
    pub async fn receipts(&self, kind: &str) -> Vec<Value> {
        let listed = self.anyone(&["audit", "list", "--kind", kind, "--limit", "100000"]).await;
        listed.as_array().unwrap().iter().map(|receipt| receipt["body"].clone()).collect()
    }

    /// Fails unless the ledger verifies.
    pub async fn ledger_verifies(&self) {
        let output = self.run(&["audit", "verify"]).await;
        assert!(output.status.success(), "{}", said(&output));
    }
}
