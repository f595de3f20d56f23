//! Tokens end; the agent never notices.

use journeys::{Agent, Protected, Wallet, text};
use serde_json::json;
use std::time::Duration;

async fn at_work(ttl: u32) -> (Protected, Wallet, Agent) {
    let (notes, wallet) = (Protected::start(ttl).await, Wallet::new().await);
    wallet.add_and_log_in("notes", &notes.mcp).await;
    wallet.employ("scribe", "notes", &["read_note"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "scribe").await;
    (notes, wallet, agent)
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_25_twenty_calls_at_the_token_s_end_refresh_it_once() {
    let (notes, _wallet, agent) = at_work(5).await;
    let before = notes.stats().await["token"]["refresh_token"].as_u64().unwrap_or_default();
    // From now on tokens last, so that a second refresh can only be a race. The server rotates: the loser of a race would
    // take the whole family of tokens with it.
    notes.control(json!({"ttl": 3600, "tokenDelay": 200})).await;
    tokio::time::sleep(Duration::from_secs(6)).await;

    let calls = (0..20).map(|n| {
        let agent = &agent;
        async move { agent.call("notes__read_note", json!({"title": n.to_string()})).await }
    });
    for answer in futures_util::future::join_all(calls).await {
        assert!(text(&answer).starts_with("The note"), "{answer}");
    }
    let stats = notes.stats().await;
    assert_eq!(stats["token"]["refresh_token"].as_u64().unwrap_or_default() - before, 1, "{stats}");
    assert_eq!(stats["refused"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_25_a_crash_in_the_middle_of_a_refresh_leaves_a_wallet_that_asks_for_a_login() {
    let (notes, mut wallet, agent) = at_work(5).await;
    notes.control(json!({"ttl": 3600, "tokenDelay": 3000})).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let (_, _lost) =
        agent.ask("tools/call", json!({"name": "notes__read_note", "arguments": {"title": "a"}})).await;
    journeys::until_async(async || notes.stats().await["token"]["refresh_token"].as_u64() >= Some(1)).await;

    wallet.kill().await;
    notes.control(json!({"tokenDelay": 0})).await;
    wallet.serve().await;

    // The server has rotated, and its answer never arrived: the old refresh token is worthless, and the human is asked to log
    // in again.
    let agent = Agent::connect(&wallet, "scribe").await;
    let answer = agent.call("notes__read_note", json!({"title": "b"})).await;
    assert_eq!(answer["error"]["data"]["reason"], "login_needed", "{answer}");
    assert!(notes.effects("read_note").await.is_empty(), "nothing was sent");
    wallet.owner(&["login", "notes"]).await;
    let answer = agent.call("notes__read_note", json!({"title": "c"})).await;
    assert_eq!(text(&answer), "The note c is empty.");
    wallet.ledger_verifies().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_takes_the_tokens_back_at_the_server() {
    let (notes, wallet, agent) = at_work(3600).await;
    agent.call("notes__read_note", json!({"title": "a"})).await;
    wallet.anyone(&["logout", "notes"]).await;
    assert!(notes.stats().await["revocations"].as_u64() >= Some(1));
    let answer = agent.call("notes__read_note", json!({"title": "b"})).await;
    assert!(journeys::refusal(&answer).len() > 10, "{answer}");
    assert_eq!(notes.effects("read_note").await.len(), 1);
}
