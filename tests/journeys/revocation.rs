//! Taking it back: at once, also in the middle of a call, and for good.

use journeys::{Agent, Protected, Wallet, refusal};
use serde_json::json;
use std::time::{Duration, Instant};

async fn at_work() -> (Protected, Wallet, Agent, String) {
    let (notes, wallet) = (Protected::start(3600).await, Wallet::new().await);
    wallet.add_and_log_in("notes", &notes.mcp).await;
    let delegation = wallet.employ("scribe", "notes", &["read_note", "wait"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "scribe").await;
    (notes, wallet, agent, delegation)
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_26_revoking_a_delegation_cancels_what_runs_and_survives_a_restart() {
    let (notes, mut wallet, agent, delegation) = at_work().await;
    let (_, running) =
        agent.ask("tools/call", json!({"name": "notes__wait", "arguments": {"ms": 600_000}})).await;
    journeys::until_async(async || !notes.effects("wait").await.is_empty()).await;

    wallet.anyone(&["delegation", "revoke", &delegation]).await;

    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let began = Instant::now();
        let next = agent.call("notes__read_note", json!({"title": "plan"})).await;
        fastest = fastest.min(began.elapsed());
        assert_eq!(next["error"]["data"]["reason"], "revoked", "{next}");
    }
    // Every one is refused; the time is the best of five, for the machine may be busy with other tests.
    assert!(fastest < Duration::from_millis(100), "a refusal takes {fastest:?}");
    let cut_off = running.await.unwrap();
    assert!(refusal(&cut_off).len() > 10, "the running call is told why: {cut_off}");
    journeys::until_async(async || !notes.effects("cancelled").await.is_empty()).await;
    assert!(agent.tools().await.is_empty());

    wallet.kill().await;
    wallet.serve().await;
    let agent = Agent::connect(&wallet, "scribe").await;
    assert!(agent.tools().await.is_empty());
    refusal(&agent.call("notes__read_note", json!({"title": "plan"})).await);
    assert!(notes.effects("read_note").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_26_a_revoked_agent_never_connects_again() {
    let (_notes, mut wallet, agent, _) = at_work().await;
    wallet.anyone(&["agent", "revoke", "scribe"]).await;
    // The open connection ends, or refuses.
    let (_, answer) =
        agent.ask("tools/call", json!({"name": "notes__read_note", "arguments": {"title": "a"}})).await;
    if let Ok(answer) = answer.await {
        refusal(&answer);
    }
    wallet.stop().await;
    wallet.serve().await;
    let agent = Agent::start(&wallet, "scribe");
    let (_, answer) = agent.ask("initialize", json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}})).await;
    let answer = answer.await.expect("the shim answers before it ends");
    assert!(refusal(&answer).contains("scribe"), "{answer}");
    assert_eq!(agent.ended().await, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_agent_waits_until_a_human_lets_it_go_on() {
    let (notes, wallet, agent, _) = at_work().await;
    wallet.anyone(&["agent", "pause", "scribe"]).await;
    let refused = agent.call("notes__read_note", json!({"title": "plan"})).await;
    assert!(refusal(&refused).contains("paused"), "{refused}");

    let bare = wallet.run(&["agent", "resume", "scribe"]).await;
    assert!(!bare.status.success(), "letting it go on needs a human");
    wallet.owner(&["agent", "resume", "scribe"]).await;
    let agent = Agent::connect(&wallet, "scribe").await;
    agent.call("notes__read_note", json!({"title": "plan"})).await;
    assert_eq!(notes.effects("read_note").await.len(), 1);
}
