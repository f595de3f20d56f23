//! Agents of one era at real servers of the other.

use journeys::bridged::alone;
use journeys::{Sdk, Wallet, parts, text};
use serde_json::{Value, json};

fn call(tool: &str, arguments: &Value) -> Value {
    json!({"method": "tools/call", "params": {"name": tool, "arguments": arguments}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modern_agent_answers_what_a_legacy_server_asks_while_it_works() {
    let wallet = Wallet::new().await;
    wallet.add_stdio("everything", &parts::everything()).await;
    let tools = ["trigger-elicitation-request", "trigger-sampling-request", "echo"];
    wallet.employ("tester", "everything", &tools, &["--ask", "never"]).await;
    let requests = [
        call("everything__echo", &json!({"message": "first"})),
        call("everything__trigger-sampling-request", &json!({"prompt": "hello", "maxTokens": 9})),
        call("everything__trigger-elicitation-request", &json!({})),
    ];
    let (work, ()) =
        tokio::join!(Sdk::TypeScript2.work(&wallet, "tester", &requests), wallet.accept_connection("tester"));
    assert_eq!(work["version"], "2026-07-28", "{work}");
    assert!(text(&work["results"][0]).contains("first"), "{work}");
    assert!(work["results"][1].to_string().contains("sampled by the agent"), "{work}");
    assert!(work["results"][2].to_string().contains("accept"), "{work}");
    let (opened, closed) = (wallet.receipts("call.opened").await, wallet.receipts("call.closed").await);
    assert_eq!((opened.len(), closed.len()), (3, 3), "each was one call");
    wallet.ledger_verifies().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legacy_agent_is_asked_what_a_modern_server_wants_over_stdio() {
    let wallet = Wallet::new().await;
    let words = [alone("conformance-server", "stdio"), vec!["modern".into()]].concat();
    wallet.add_stdio("conformance", &words).await;
    asked(&wallet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legacy_agent_is_asked_what_a_modern_server_wants_over_http() {
    let wallet = Wallet::new().await;
    let mut server = tokio::process::Command::new(journeys::program("conformance-server"));
    server.args(["http", "modern"]);
    let server = journeys::conformance::Endpoint::start(server).await;
    wallet.owner(&["server", "add", "conformance", "--url", server.url(), "--no-login"]).await;
    asked(&wallet).await;
}

async fn asked(wallet: &Wallet) {
    let names = [
        "test_input_required_result_elicitation",
        "test_input_required_result_sampling",
        "test_input_required_result_list_roots",
    ];
    wallet.employ("tester", "conformance", &names, &["--ask", "never"]).await;
    let requests: Vec<_> =
        names.iter().map(|tool| call(&format!("conformance__{tool}"), &json!({}))).collect();
    let (work, ()) =
        tokio::join!(Sdk::TypeScript1.work(wallet, "tester", &requests), wallet.accept_connection("tester"));
    for (at, tool) in names.iter().enumerate() {
        let result = &work["results"][at]["result"];
        assert!(result["content"][0]["text"].is_string() && result["isError"] != true, "{tool}: {work}");
    }
    let closed = wallet.receipts("call.closed").await;
    assert_eq!(closed.len(), names.len(), "each was one call");
    assert!(closed.iter().all(|receipt| receipt["proof"].as_array().unwrap().len() == 2), "{closed:#?}");
    wallet.ledger_verifies().await;
}
