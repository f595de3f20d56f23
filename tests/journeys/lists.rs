//! Many servers behind one bridge: a dead one holds up none, what the human changes is seen at once, and an agent with many tools
//! searches for them.

use journeys::{Agent, Wallet, parts, program, text};
use serde_json::{Value, json};

/// Waits until the agent is told that its tools changed.
async fn changed(agent: &Agent) {
    while agent.other().await["method"] != "notifications/tools/list_changed" {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_server_is_left_out_and_there_again_when_it_lives() {
    let (wallet, place) = (Wallet::new().await, tempfile::tempdir().unwrap());
    let life = place.path().join("alive");
    std::fs::write(&life, "").unwrap();
    let script = r#"test -e "$1" && exec "$2" stdio"#;
    let (flag, echo) =
        (life.to_string_lossy().into_owned(), program("echo-server").to_string_lossy().into_owned());
    let mortal = ["/bin/sh", "-c", script, "sh", &flag, &echo].map(str::to_owned);
    wallet.add_stdio("mortal", &mortal).await;
    wallet.add_stdio("everything", &parts::everything()).await;
    wallet.add_stdio("files", &parts::filesystem(place.path())).await;
    wallet.employ("worker", "everything", &["echo"], &["--ask", "never"]).await;
    wallet.delegate("worker", "mortal", &["echo"], &["--ask", "never"]).await;
    let files = wallet.delegate("worker", "files", &["list_directory"], &["--ask", "never"]).await;

    std::fs::remove_file(&life).unwrap();
    let agent = Agent::connect(&wallet, "worker").await;
    // A server that starts slowly is told of when it is there.
    let mut shown = agent.tools().await;
    while shown.len() < 2 {
        changed(&agent).await;
        shown = agent.tools().await;
    }
    assert_eq!(shown, ["everything__echo", "files__list_directory"]);
    assert_eq!(text(&agent.call("everything__echo", json!({"message": "hi"})).await), "Echo: hi");

    std::fs::write(&life, "").unwrap();
    while agent.tools().await.len() < 3 {
        changed(&agent).await;
    }
    assert_eq!(text(&agent.call("mortal__echo", json!({"message": "alive"})).await), "alive");

    wallet.anyone(&["delegation", "revoke", &files]).await;
    while agent.tools().await != ["everything__echo", "mortal__echo"] {
        changed(&agent).await;
    }
    wallet.anyone(&["server", "remove", "mortal"]).await;
    while agent.tools().await != ["everything__echo"] {
        changed(&agent).await;
    }
    wallet.ledger_verifies().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_searches_finds_what_it_may_use_and_calls_it_with_the_same_receipt() {
    let wallet = Wallet::new().await;
    wallet.add_stdio("everything", &parts::everything()).await;
    wallet.employ("worker", "everything", &["echo", "get-sum"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "worker").await;
    while agent.tools().await != ["everything__echo", "everything__get-sum"] {
        changed(&agent).await;
    }
    wallet.owner(&["agent", "search", "worker", "--on"]).await;
    changed(&agent).await;
    assert_eq!(agent.tools().await, ["find_tools", "call_tool"]);
    let found = agent.call("find_tools", json!({"query": "sum of two numbers"})).await;
    let tools = found["result"]["structuredContent"]["tools"].as_array().unwrap();
    assert_eq!(tools[0]["name"], "everything__get-sum", "{found}");
    assert!(tools.iter().all(|tool| tool["name"] != "everything__get-env"), "{found}");

    let arguments = json!({"a": 1, "b": 2});
    let sum = agent.call("call_tool", json!({"name": "everything__get-sum", "arguments": arguments})).await;
    assert!(text(&sum).contains('3'), "{sum}");
    let direct = agent.call("everything__get-sum", arguments).await;
    assert_eq!(direct["result"], sum["result"]);
    let refused = agent.call("call_tool", json!({"name": "everything__get-env", "arguments": {}})).await;
    assert_eq!(refused["error"]["data"]["reason"], "not_granted");
    let opened = wallet.receipts("call.opened").await;
    let tools: Vec<&Value> = opened.iter().map(|receipt| &receipt["tool"]).collect();
    assert_eq!((tools.len(), tools[0]), (2, tools[1]));
    assert_eq!(opened[0]["arguments"]["digest"], opened[1]["arguments"]["digest"]);
    wallet.ledger_verifies().await;
}
