//! Servers that are down, slow, garbled, huge, or die: the agent gets an answer, and the next call works.

use journeys::{Agent, Protected, Wallet, refusal, text};
use serde_json::json;

async fn at_work() -> (Protected, Wallet, Agent) {
    let (notes, wallet) = (Protected::start(3600).await, Wallet::new().await);
    wallet.add_and_log_in("notes", &notes.mcp).await;
    wallet
        .employ("scribe", "notes", &["read_note", "wait", "big", "die", "garble"], &["--ask", "never"])
        .await;
    let agent = Agent::connect(&wallet, "scribe").await;
    (notes, wallet, agent)
}

async fn still_works(agent: &Agent) {
    let answer = agent.call("notes__read_note", json!({"title": "after"})).await;
    assert_eq!(text(&answer), "The note after is empty.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_is_named_and_works_again_when_it_is_up() {
    let (notes, _wallet, agent) = at_work().await;
    still_works(&agent).await;
    notes.control(json!({"down": true})).await;
    let answer = agent.call("notes__read_note", json!({"title": "a"})).await;
    assert!(refusal(&answer).contains("notes"), "{answer}");
    notes.control(json!({"down": false})).await;
    still_works(&agent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_garbage_or_dies_in_mid_answer_leaves_the_outcome_unknown() {
    let (_notes, wallet, agent) = at_work().await;
    for tool in ["notes__garble", "notes__die"] {
        let answer = agent.call(tool, json!({})).await;
        let said = refusal(&answer);
        assert!(said.contains("sent to notes") && said.contains("may have happened"), "{tool}: {said}");
    }
    still_works(&agent).await;
    let closed = wallet.receipts("call.closed").await;
    let ended: Vec<_> = closed.iter().map(|receipt| receipt["outcome"]["status"].as_str().unwrap()).collect();
    assert!(!ended[..2].contains(&"ok"), "{ended:?}");
    wallet.ledger_verifies().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_ten_megabytes_arrives_whole() {
    let (_notes, _wallet, agent) = at_work().await;
    let answer = agent.call("notes__big", json!({"bytes": 10_000_000})).await;
    assert_eq!(text(&answer).len(), 10_000_000);
    still_works(&agent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_call_holds_up_no_other_and_can_be_cancelled() {
    let (notes, _wallet, agent) = at_work().await;
    let slow = json!({"name": "notes__wait", "arguments": {"ms": 600_000}});
    let (id, _slow) = agent.ask("tools/call", slow).await;
    journeys::until_async(async || !notes.effects("wait").await.is_empty()).await;
    still_works(&agent).await;

    agent.notify("notifications/cancelled", json!({"requestId": id, "reason": "enough"})).await;
    journeys::until_async(async || !notes.effects("cancelled").await.is_empty()).await;
    still_works(&agent).await;
}
