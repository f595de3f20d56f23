//! What people read, for wallets of every kind.

use super::{delegation, question, server, status};
use crate::page::{Page, Paint};
use broker::control::Presence;
use broker::{DelegationView, ServerView};
use domain::Question;
use serde_json::{Value, json};

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn drawn(draw: impl FnOnce(&mut Page)) -> String {
    let mut page = Page::new(Paint::NONE);
    draw(&mut page);
    page.into_text()
}

fn digest() -> String {
    domain::Digest::new([7; 32]).to_string()
}

#[test]
fn a_deed_says_what_is_allowed_and_last_that_all_else_is_refused() {
    let tool = |name: &str, approval: &str, limits: Value| json!({ "name": name, "definition": digest(), "approval": approval, "limits": limits });
    let view: DelegationView = read(json!({
        "delegation": {
            "id": "d1", "agent": "claude-code", "depth": 0, "parent": null, "revoked": null,
            "issued": "2026-11-20T10:00:00Z", "not_before": "2026-11-20T10:00:00Z", "expires": "2026-11-27T18:00:00Z",
            "grants": [{
                "server": "github", "location": "https://mcp.example.com/mcp",
                "tools": [
                    tool("read_issue", "never", json!({})),
                    tool("create_issue", "once", json!({ "calls": 20 })),
                    tool("merge", "always", json!({ "calls": 3, "per_minute": 1 })),
                ],
                "resources": [{ "uri": "repo://acme/*" }], "prompts": [{ "name": "review\u{202e}" }],
            }],
        },
        "state": "active", "used": [["github", "create_issue", 7], ["github", "read_issue", 2]], "sd_jwt": "",
    }));
    insta::assert_snapshot!(drawn(|page| delegation::deed(page, &view)));
}

#[test]
fn a_question_shows_every_argument_and_what_hides_in_it() {
    let question: Question = read(json!({
        "id": "q1", "asked": "2026-11-20T10:00:00Z", "expires": "1970-01-01T00:00:00Z",
        "subject": {
            "kind": "call", "agent": "scout", "session": "s1", "server": "bank", "delegation": "d1",
            "approval": "session",
            "peer": {
                "pid": 7, "uid": 1000,
                "program": { "path": "/usr/bin/agent\u{1b}[2J", "sha256": digest() },
                "shim": { "path": "/usr/bin/countersign", "sha256": digest() },
            },
            "target": { "kind": "tool", "name": "send_money" }, "definition": null,
            "arguments": { "to": "Ada\u{200b}", "note": "line\nbreak", "amount": 12 }, "digest": digest(),
        },
    }));
    let text = drawn(|page| question::draw(page, &question));
    let steady: Vec<_> = text.lines().filter(|line| !line.starts_with("Ends")).collect();
    insta::assert_snapshot!(steady.join("\n"));
}

#[test]
fn the_status_says_first_whether_to_act() {
    let presence = |wallet: &str, paused: bool, questions: usize| -> Presence {
        read(json!({
            "windows": false,
            "unlock": "keyring",
            "status": {
                "wallet": wallet, "identity": "Work", "did": "did:key:z6Mk", "keyring": true, "passphrase": true,
                "paused": paused, "agents": 2, "servers": 1, "questions": questions, "connected": 1, "version": "0.1.0",
                "endpoint": "http://127.0.0.1:61234/mcp",
                "notices": ["The outcome of 1 call is unknown."],
            },
        }))
    };
    let first =
        |presence: &Presence| drawn(|page| status::draw(page, presence)).lines().next().unwrap().to_owned();
    insta::assert_snapshot!(drawn(|page| status::draw(page, &presence("unlocked", false, 2))));
    assert_eq!(first(&presence("unlocked", false, 0)), "Running. Nothing waits for you.");
    assert!(first(&presence("unlocked", true, 0)).contains("paused"));
    assert!(first(&presence("locked", false, 0)).contains("countersign unlock"));
    assert!(first(&presence("fresh", false, 0)).contains("countersign init"));
}

#[test]
fn a_server_shows_its_command_whole_and_its_secrets_by_name_alone() {
    let view: ServerView = read(json!({
        "server": {
            "name": "files", "added": "2026-11-20T10:00:00Z",
            "transport": {
                "kind": "stdio", "command": "npx", "args": ["-y", "server-filesystem", "/home/me/a b"], "cwd": null,
                "env": [["LOG", { "plain": "debug" }], ["API_KEY", "secret"]],
            },
        },
        "login": { "state": "not_needed" },
    }));
    insta::assert_snapshot!(drawn(|page| server::facts(page, &view)));
}
