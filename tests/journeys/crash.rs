//! The wallet's process is killed under load, fifty times; what an agent was told happened is on record, and what it was not
//! told is on record as unknown.

use journeys::{Agent, Protected, Wallet};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const ROUNDS: u64 = 50;

#[tokio::test(flavor = "multi_thread")]
async fn killed_fifty_times_under_load_the_record_is_whole() {
    let (notes, mut wallet) = (Protected::start(7 * 24 * 3600).await, Wallet::new().await);
    wallet.add_and_log_in("notes", &notes.mcp).await;
    wallet.employ("scribe", "notes", &["write_note"], &["--ask", "never"]).await;
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        let agent = Agent::connect(&wallet, "scribe").await;
        let mut answers = Vec::new();
        for call in 0..24 {
            let title = format!("{round}-{call}");
            let arguments = json!({"title": title, "text": "…"});
            let (_, answer) =
                agent.ask("tools/call", json!({"name": "notes__write_note", "arguments": arguments})).await;
            answers.push((title, answer));
        }
        // Another moment each time.
        tokio::time::sleep(Duration::from_millis(round * 3 % 100)).await;
        wallet.kill().await;
        for (title, answer) in answers {
            if answer.await.is_ok_and(|answer| answer["result"]["content"].is_array()) {
                acknowledged.insert(title);
            }
        }
        wallet.serve().await;
    }

    wallet.ledger_verifies().await;
    let (opened, closed) = (wallet.receipts("call.opened").await, wallet.receipts("call.closed").await);
    assert_eq!(opened.len(), closed.len(), "every call that was opened is closed, if only as unknown");
    let ended = |status: &str| -> Vec<&Value> {
        closed.iter().filter(|receipt| receipt["outcome"]["status"] == status).collect()
    };
    println!(
        "{} acknowledged, {} ok, {} unknown",
        acknowledged.len(),
        ended("ok").len(),
        ended("unknown").len()
    );
    assert!(ended("ok").len() >= acknowledged.len(), "no acknowledged call is missing");
    assert!(!ended("unknown").is_empty(), "some were under way when it was killed");
    let effects = notes.effects("write_note").await;
    let titles: BTreeSet<_> = effects.iter().map(|note| note["title"].as_str().unwrap().to_owned()).collect();
    assert_eq!(titles.len(), effects.len(), "no call was sent twice");
    assert!(acknowledged.is_subset(&titles));
    assert!(effects.len() <= opened.len(), "nothing took effect without having been opened");
}
