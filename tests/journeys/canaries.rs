//! Every credential is a canary; after a day's work, the search for them.

use journeys::{Agent, Protected, Wallet, canary, parts};
use serde_json::json;

/// A secret of this wallet alone: other tests run on the same machine.
fn canary(wallet: &Wallet, of: &str) -> String {
    let own = wallet.home().file_name().unwrap().to_string_lossy();
    format!("canary-{of}-5e0c2f77b1-{own}").replace("countersign-", "")
}

async fn a_day_s_work(wallet: &Wallet, notes: &Protected) -> Vec<u8> {
    wallet.add_and_log_in("notes", &notes.mcp).await;
    let add =
        ["server", "add", "static", "--url", &notes.mcp, "--header", "Authorization", "--secrets-stdin"];
    wallet.owner_with(&add, &[&format!("Bearer {}", canary(wallet, "header"))]).await;
    let command = parts::everything();
    let mut add = vec!["server", "add", "everything", "--secret-env", "API_KEY", "--secrets-stdin", "--"];
    add.extend(command.iter().map(String::as_str));
    wallet.owner_with(&add, &[&canary(wallet, "variable")]).await;
    wallet.employ("worker", "notes", &["read_note", "show_authorization"], &["--ask", "never"]).await;
    wallet.delegate("worker", "everything", &["get-env", "echo"], &["--ask", "never"]).await;

    let agent = Agent::connect(wallet, "worker").await;
    agent.call("notes__show_authorization", json!({})).await;
    agent.call("everything__get-env", json!({})).await;
    agent.call("everything__echo", json!({"message": "hello"})).await;
    agent.call("notes__no_such_tool", json!({})).await;
    let servers = journeys::children(wallet.pid());
    canary::absent_from_processes(&canaries(wallet, notes).await, &servers);
    agent.received()
}

async fn canaries(wallet: &Wallet, notes: &Protected) -> Vec<String> {
    let mut canaries = notes.tokens().await;
    canaries.extend(["header", "variable"].map(|of| canary(wallet, of)));
    canaries
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_24_no_secret_is_in_a_file_a_log_a_process_list_or_what_the_agent_saw() {
    let (notes, mut wallet) = (Protected::start(3600).await, Wallet::new().await);
    let received = a_day_s_work(&wallet, &notes).await;
    let canaries = canaries(&wallet, &notes).await;
    assert!(canaries.len() >= 4, "{canaries:?}");

    canary::absent(&canaries, &received, "what the agent received");
    for look in [&["server", "list"][..], &["audit", "list"], &["status"], &["server", "show", "everything"]]
    {
        canary::absent(&canaries, wallet.anyone(look).await.to_string().as_bytes(), &look.join(" "));
    }
    wallet.stop().await;
    canary::absent_below(&canaries, wallet.home());
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_24_a_locked_wallet_s_memory_holds_no_secret() {
    let (notes, wallet) = (Protected::start(3600).await, Wallet::new().await);
    a_day_s_work(&wallet, &notes).await;
    wallet.anyone(&["lock"]).await;
    canary::gone_from_memory(&canaries(&wallet, &notes).await, wallet.pid()).await;
}
