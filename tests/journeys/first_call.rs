//! From an empty home to a first call: log in once, hand out one tool, and let an agent that nobody changed use it.

use journeys::{Agent, Protected, Sdk, Wallet, canary, text};
use serde_json::{Value, json};

const WEEK: u32 = 7 * 24 * 3600;

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_works_behind_a_real_login_and_never_holds_a_token() {
    let (notes, wallet) = (Protected::start(WEEK).await, Wallet::new().await);
    wallet.add_and_log_in("notes", &notes.mcp).await;
    wallet.employ("scribe", "notes", &["read_note"], &["--ask", "never"]).await;

    let agent = Agent::connect(&wallet, "scribe").await;
    assert_eq!(agent.tools().await, ["notes__read_note"]);
    let answer = agent.call("notes__read_note", json!({"title": "plan"})).await;

    assert_eq!(text(&answer), "The note plan is empty.");
    assert_eq!(notes.effects("read_note").await, [json!({"title": "plan"})]);
    let tokens = notes.tokens().await;
    assert!(!tokens.is_empty());
    canary::absent(&tokens, &agent.received(), "what the agent received");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_carries_its_proof_and_leaves_a_receipt() {
    let (notes, wallet) = (Protected::start(WEEK).await, Wallet::new().await);
    wallet.add_and_log_in("notes", &notes.mcp).await;
    wallet.employ("scribe", "notes", &["read_note"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "scribe").await;

    agent.call("notes__read_note", json!({"title": "plan"})).await;

    let stats = notes.stats().await;
    let sent = &stats["proofs"][0];
    let proof = sent["meta"]["io.countersign/proof"].as_str().expect("a proof in _meta");
    assert_eq!(sent["header"], json!(proof), "the header carries the same proof");
    assert!(
        proof.matches('~').count() >= 2,
        "an SD-JWT, at least one disclosure, and a key binding: {proof}"
    );
    let (opened, closed) = (wallet.receipts("call.opened").await, wallet.receipts("call.closed").await);
    assert_eq!((opened.len(), closed.len()), (1, 1));
    assert_eq!(closed[0]["outcome"]["status"], "ok");
    assert_eq!(closed[0]["agent"], "scribe");
    wallet.ledger_verifies().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_official_sdk_works_unchanged() {
    let (notes, wallet) = (Protected::start(WEEK).await, Wallet::new().await);
    wallet.add_and_log_in("notes", &notes.mcp).await;
    let requests = [
        json!({"method": "tools/list"}),
        json!({"method": "tools/call", "params": {"name": "notes__read_note", "arguments": {"title": "plan"}}}),
        json!({"method": "tools/call", "params": {"name": "notes__delete_notes", "arguments": {}}}),
    ];
    for (name, sdk) in [("one", Sdk::TypeScript1), ("two", Sdk::TypeScript2), ("three", Sdk::Python)] {
        wallet.employ(name, "notes", &["read_note"], &["--ask", "never"]).await;
        let (work, ()) = tokio::join!(sdk.work(&wallet, name, &requests), wallet.accept_connection(name));

        let results = &work["results"];
        assert_eq!(names(&results[0]), ["notes__read_note"], "{sdk:?}");
        assert_eq!(text(&results[1]), "The note plan is empty.", "{sdk:?}");
        assert!(journeys::refusal(&results[2]).contains("not granted"), "{sdk:?}: {}", results[2]);
    }
    assert_eq!(notes.effects("read_note").await.len(), 3);
    assert!(notes.effects("delete_notes").await.is_empty());
}

fn names(listed: &Value) -> Vec<&str> {
    let tools = listed["result"]["tools"].as_array().unwrap_or_else(|| panic!("no tools in {listed}"));
    tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}
