//! Agents that come in: one question for all connections of a program, and none for those that have gone.

use journeys::{Agent, Wallet};
use serde_json::{Value, json};

async fn knocking(wallet: &Wallet) -> (Agent, tokio::sync::oneshot::Receiver<Value>) {
    let agent = Agent::start(wallet, "scribe");
    let hello = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "journey", "version": "1.0.0"},
    });
    let (_, answer) = agent.ask("initialize", hello).await;
    (agent, answer)
}

async fn connections_waiting(wallet: &Wallet) -> usize {
    let waiting = wallet.questions().await;
    waiting.iter().filter(|question| question["subject"]["kind"] == "connect").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_21_a_program_that_connects_again_and_again_asks_once() {
    let wallet = Wallet::new().await;
    wallet.owner(&["agent", "add", "scribe"]).await;
    let first = knocking(&wallet).await;
    let question = wallet.question(|question| question["subject"]["kind"] == "connect").await;
    let second = knocking(&wallet).await;
    let third = knocking(&wallet).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(connections_waiting(&wallet).await, 1);

    // Who asked first has gone; the others still wait for the same answer.
    drop(first);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(connections_waiting(&wallet).await, 1);
    wallet.allow(&question, &[]).await;

    for (_agent, answer) in [second, third] {
        let answer = answer.await.unwrap();
        assert!(answer["result"].is_object(), "{answer}");
    }
    assert_eq!(connections_waiting(&wallet).await, 0);
    let enrolled = wallet.receipts("agent.enrolled").await;
    assert_eq!(enrolled.len(), 1, "{enrolled:?}");
    assert_eq!(enrolled[0]["note"], "confirmed by passphrase");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_question_about_a_connection_goes_with_it() {
    let wallet = Wallet::new().await;
    wallet.owner(&["agent", "add", "scribe"]).await;
    let (agent, _answer) = knocking(&wallet).await;
    wallet.question(|question| question["subject"]["kind"] == "connect").await;
    drop(agent);
    journeys::until_async(async || connections_waiting(&wallet).await == 0).await;
}
