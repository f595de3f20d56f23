//! Servers that tell what they were trusted with: the wallet strikes it out.

use journeys::{Agent, Protected, Wallet, canary, parts, text};
use serde_json::json;

const SECRET: &str = "cs-canary-9f3b\"\\/é-7d41c8e2a605";

#[tokio::test(flavor = "multi_thread")]
async fn threat_29_the_environment_tool_of_the_reference_server_leaks_nothing() {
    let wallet = Wallet::new().await;
    let command = parts::everything();
    let mut add = vec!["server", "add", "everything", "--secret-env", "API_KEY", "--secrets-stdin", "--"];
    add.extend(command.iter().map(String::as_str));
    wallet.owner_with(&add, &[SECRET]).await;
    wallet.employ("curious", "everything", &["get-env", "echo"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "curious").await;

    let answer = agent.call("everything__get-env", json!({})).await;
    let environment = text(&answer);
    assert!(environment.contains("API_KEY"), "the child does have the variable: {environment}");
    // The server writes its environment as JSON, and that into JSON: no spelling of the secret as a whole, and no part of it.
    assert!(environment.contains("[redacted by Countersign]"), "{environment}");
    for part in ["9f3b", "7d41c8e2a605"] {
        assert!(!String::from_utf8_lossy(&agent.received()).contains(part), "{part} is in {environment}");
    }
    canary::absent(&[SECRET.into()], &agent.received(), "what the agent received");
    // What the wallet itself runs with is not the child's.
    assert!(!environment.contains("DBUS") && !environment.contains("PASSPHRASE"), "{environment}");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_29_a_server_that_repeats_its_token_in_many_spellings_leaks_nothing() {
    let (notes, wallet) = (Protected::start(3600).await, Wallet::new().await);
    wallet.add_and_log_in("notes", &notes.mcp).await;
    wallet.employ("curious", "notes", &["show_authorization"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "curious").await;

    let answer = agent.call("notes__show_authorization", json!({})).await;

    assert_eq!(text(&answer).lines().count(), 6, "every spelling came, and was struck out: {answer}");
    canary::absent(&notes.tokens().await, &agent.received(), "what the agent received");
}
