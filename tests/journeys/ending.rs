//! Lock, stop and quit in the middle of the work: nothing is decided any more, what runs is taken back, and the record says how
//! each call ended.

use journeys::{Agent, Protected, Wallet, refusal, text};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

async fn at_work() -> (Protected, Wallet, Agent) {
    let (notes, wallet) = (Protected::start(3600).await, Wallet::new().await);
    wallet.add_and_log_in("notes", &notes.mcp).await;
    wallet.employ("scribe", "notes", &["read_note", "wait"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "scribe").await;
    (notes, wallet, agent)
}

/// A call that the server has begun to work on and would work on for ten minutes.
async fn under_way(notes: &Protected, agent: &Agent) -> oneshot::Receiver<Value> {
    let arguments = json!({"name": "notes__wait", "arguments": {"ms": 600_000}});
    let (_, running) = agent.ask("tools/call", arguments).await;
    journeys::until_async(async || !notes.effects("wait").await.is_empty()).await;
    running
}

/// Every call has its end in the record before the lock itself, and it is not "unknown".
async fn ended_before_the_lock(wallet: &Wallet) {
    let (opened, closed) = (wallet.receipts("call.opened").await, wallet.receipts("call.closed").await);
    assert_eq!((opened.len(), closed.len()), (1, 1), "{opened:?} {closed:?}");
    assert_eq!(closed[0]["outcome"]["status"], "cancelled", "{closed:?}");
    assert_eq!(opened[0]["human"], closed[0]["human"]);
    assert!(number_of(wallet, "call.closed").await < number_of(wallet, "vault.locked").await);
    wallet.ledger_verifies().await;
}

/// The number of the newest receipt of a kind.
async fn number_of(wallet: &Wallet, kind: &str) -> u64 {
    let listed = wallet.anyone(&["audit", "list", "--kind", kind, "--limit", "1"]).await;
    listed[0]["seq"].as_u64().unwrap_or_else(|| panic!("no {kind} in {listed}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_26_a_lock_takes_back_what_runs_and_its_end_is_in_the_record() {
    let (notes, wallet, agent) = at_work().await;
    let running = under_way(&notes, &agent).await;

    let began = Instant::now();
    wallet.anyone(&["lock"]).await;
    println!("locked after {:?}", began.elapsed());

    // The agent hears it, or its connection ends; the server is told, with a credential it takes.
    if let Ok(cut_off) = running.await {
        refusal(&cut_off);
    }
    journeys::until_async(async || !notes.effects("cancelled").await.is_empty()).await;
    assert_eq!(notes.stats().await["unauthorized"], json!(1), "only the first request was without a login");

    wallet.owner(&["unlock"]).await;
    ended_before_the_lock(&wallet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_26_the_emergency_stop_takes_back_what_runs_and_lets_nobody_in() {
    let (notes, wallet, agent) = at_work().await;
    let running = under_way(&notes, &agent).await;

    let began = Instant::now();
    wallet.anyone(&["stop"]).await;
    println!("stopped after {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(5));

    if let Ok(cut_off) = running.await {
        refusal(&cut_off);
    }
    journeys::until_async(async || !notes.effects("cancelled").await.is_empty()).await;
    let again = Agent::start(&wallet, "scribe");
    let (_, refused) = again.ask("initialize", json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}})).await;
    if let Ok(refused) = refused.await {
        refusal(&refused);
    }
    assert_eq!(again.ended().await, Some(4), "the wallet is locked");

    wallet.owner(&["unlock"]).await;
    ended_before_the_lock(&wallet).await;
    let agent = Agent::connect(&wallet, "scribe").await;
    let refused = agent.call("notes__read_note", json!({"title": "plan"})).await;
    assert!(refusal(&refused).contains("paused"), "{refused}");
    assert!(notes.effects("read_note").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quit_takes_back_what_runs_and_its_end_is_in_the_record() {
    let (notes, mut wallet, agent) = at_work().await;
    let _running = under_way(&notes, &agent).await;
    wallet.stop().await;
    journeys::until_async(async || !notes.effects("cancelled").await.is_empty()).await;
    wallet.serve().await;
    ended_before_the_lock(&wallet).await;
    assert!(!wallet.log().contains("is not known"), "{}", wallet.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_25_a_lock_in_the_middle_of_a_refresh_waits_for_its_tokens() {
    let (notes, wallet) = (Protected::start(5).await, Wallet::new().await);
    wallet.add_and_log_in("notes", &notes.mcp).await;
    wallet.employ("scribe", "notes", &["read_note"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "scribe").await;
    notes.control(json!({"ttl": 3600, "tokenDelay": 4000})).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let (_, _cut_off) =
        agent.ask("tools/call", json!({"name": "notes__read_note", "arguments": {"title": "a"}})).await;
    journeys::until_async(async || notes.stats().await["token"]["refresh_token"].as_u64() >= Some(1)).await;

    // The server has rotated and takes its time to say so: the old refresh token is worth nothing any more.
    wallet.anyone(&["lock"]).await;
    // Had the lock not waited, the answer would come now, to a locked vault.
    tokio::time::sleep(Duration::from_secs(5)).await;
    notes.control(json!({"tokenDelay": 0})).await;
    wallet.owner(&["unlock"]).await;

    let agent = Agent::connect(&wallet, "scribe").await;
    let answer = agent.call("notes__read_note", json!({"title": "b"})).await;
    assert_eq!(text(&answer), "The note b is empty.", "the login was not lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_23_a_tail_cut_off_while_the_wallet_was_down_shows_from_then_on() {
    let (_notes, mut wallet, agent) = at_work().await;
    for title in ["a", "b", "c"] {
        agent.call("notes__read_note", json!({"title": title})).await;
    }
    // Long enough for the wallet to have kept how far the record has come; no lock comes in between.
    tokio::time::sleep(Duration::from_secs(4)).await;
    wallet.kill().await;
    let file = wallet.dir().join("data/ledger/000001.jsonl");
    let lines = std::fs::read_to_string(&file).unwrap();
    let kept: Vec<_> = lines.lines().take(lines.lines().count() - 2).collect();
    std::fs::write(&file, format!("{}\n", kept.join("\n"))).unwrap();

    for _ in 0..2 {
        wallet.serve().await;
        assert!(wallet.log().contains("cut or rewritten"), "{}", wallet.log());
        let verified = wallet.run(&["audit", "verify"]).await;
        assert!(!verified.status.success(), "{}", journeys::wallet::said(&verified));
        // A lock must not cover it up.
        wallet.stop().await;
    }
}
