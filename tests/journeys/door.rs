//! Agents that come in over HTTP: they log in by themselves, the human says yes once, and everything ends with that yes.

use journeys::caller::{code, said};
use journeys::{Agent, Caller, Protected, Sdk, Wallet, parts, parts_dir, text, until_async};
use serde_json::{Value, json};
use tokio::process::Command;

/// A wallet with the reference server, and the agent `tester`, which may use two of its tools.
async fn at_work() -> Wallet {
    let wallet = Wallet::new().await;
    wallet.add_stdio("everything", &parts::everything()).await;
    wallet.employ("tester", "everything", &["echo", "get-sum"], &["--ask", "never"]).await;
    wallet
}

fn echo(tool: &str) -> Value {
    json!({"method": "tools/call", "params": {"name": tool, "arguments": {"message": "over HTTP"}}})
}

async fn an_sdk_logs_in_and_works(sdk: Sdk, path: &str, tool: &str) {
    let wallet = at_work().await;
    let url = wallet.endpoint().await.join(path).unwrap();
    let requests = [json!({"method": "tools/list"}), echo(tool)];
    let (done, ()) =
        tokio::join!(sdk.work_over_http(&wallet, url.as_str(), "Tester", &requests), wallet.let_in("Tester"));
    let tools = done["results"][0]["result"]["tools"].as_array().unwrap_or_else(|| panic!("{done}"));
    let names: Vec<_> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert!(names.len() == 2 && names.contains(&tool), "{names:?}");
    assert_eq!(text(&done["results"][1]), "Echo: over HTTP", "{done}");
    let connected = wallet.receipts("agent.connected").await;
    assert!(connected.iter().all(|receipt| receipt["agent"] == "tester"), "{connected:?}");
    assert!(!connected.is_empty());
    wallet.ledger_verifies().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_sdk_1_logs_in_by_itself() {
    an_sdk_logs_in_and_works(Sdk::TypeScript1, "/mcp", "everything__echo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_sdk_2_logs_in_by_itself() {
    an_sdk_logs_in_and_works(Sdk::TypeScript2, "/mcp", "everything__echo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_logs_in_by_itself() {
    an_sdk_logs_in_and_works(Sdk::Python, "/mcp", "everything__echo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mcp_remote_logs_in_by_itself_for_agents_that_only_speak_stdio() {
    let wallet = at_work().await;
    let mut command = Command::new("node");
    wallet.settle(&mut command);
    // What it brings along to open a browser asks this first.
    command.env("BROWSER", wallet.browser.bin().join("xdg-open"));
    command.arg(parts_dir().join("node_modules/mcp-remote/dist/proxy.js"));
    command.arg(wallet.endpoint().await.as_str());
    let agent = Agent::over(command);
    let letting_in = async {
        let asked = wallet.question(|question| question["subject"]["kind"] == "authorize").await;
        wallet.allow(&asked, &[]).await;
        asked["subject"]["agent"].as_str().unwrap().to_owned()
    };
    let (ready, name) = tokio::join!(agent.initialize(), letting_in);
    assert!(ready.get("result").is_some(), "{ready}");
    wallet.delegate(&name, "everything", &["echo"], &["--ask", "never"]).await;
    let echo = agent.call("everything__echo", json!({"message": "over HTTP"})).await;
    assert_eq!(text(&echo), "Echo: over HTTP", "{echo}");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_endpoint_of_one_server_its_tools_have_their_own_names() {
    an_sdk_logs_in_and_works(Sdk::TypeScript1, "/mcp/everything", "echo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_endpoint_of_one_server_a_modern_sdk_works_as_well() {
    an_sdk_logs_in_and_works(Sdk::TypeScript2, "/mcp/everything", "echo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_yes_makes_the_agent_accepts_its_program_and_is_written_down() {
    let wallet = Wallet::new().await;
    let caller = Caller::register(&wallet, "Brave New Agent", "/mcp").await;
    let asking = caller.ask();
    let answering = async {
        let question = wallet.asked_in("Brave New Agent").await;
        let subject = &question["subject"];
        assert_eq!(subject["agent"], "brave-new-agent");
        assert_eq!(subject["becomes"], "new");
        assert_eq!(subject["redirect"], json!(caller.redirect));
        assert_eq!(subject["pid"], std::process::id());
        let own = std::env::current_exe().unwrap();
        assert_eq!(subject["program"]["path"], own.canonicalize().unwrap().to_str().unwrap());
        wallet.allow(&question, &[]).await;
    };
    let (answer, ()) = tokio::join!(asking, answering);
    assert_eq!(said(&answer, "state").as_deref(), Some("mine"));
    assert_eq!(said(&answer, "iss"), Some(wallet.endpoint().await.origin().ascii_serialization()));

    let agents = wallet.anyone(&["agent", "list"]).await;
    assert_eq!((&agents[0]["name"], &agents[0]["state"]), (&json!("brave-new-agent"), &json!("enrolled")));
    assert_eq!(wallet.receipts("agent.added").await.len(), 1);
    let enrolled = wallet.receipts("agent.enrolled").await;
    assert!(enrolled[0]["note"].as_str().unwrap().contains("/mcp over HTTP"), "{enrolled:?}");
    assert_eq!(caller.exchange(&code(&answer)).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_is_told_to_the_client_and_nothing_is_made() {
    let wallet = Wallet::new().await;
    let caller = Caller::register(&wallet, "Scribe", "/mcp").await;
    let refusing = async { wallet.deny(&wallet.asked_in("Scribe").await).await };
    let (answer, ()) = tokio::join!(caller.ask(), refusing);
    assert_eq!(said(&answer, "error").as_deref(), Some("access_denied"), "{answer}");
    assert_eq!(wallet.anyone(&["agent", "list"]).await, json!([]));
    let refused = wallet.receipts("agent.refused").await;
    assert_eq!(refused[0]["note"], "human_denied", "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_used_once_and_a_second_use_ends_everything() {
    let wallet = at_work().await;
    let mut caller = Caller::log_in(&wallet, "Tester", "/mcp").await;
    let first = caller.refresh_token().to_owned();
    caller.tokens = caller.refresh(&first).await.json().await.unwrap();
    caller.initialize().await;
    assert_eq!(
        text(&caller.call("everything__get-sum", json!({"a": 1, "b": 2})).await.unwrap()),
        "The sum of 1 and 2 is 3."
    );

    let second = caller.refresh_token().to_owned();
    caller.tokens = caller.refresh(&second).await.json().await.unwrap();
    // Not the last but one: whoever shows it lost no answer.
    assert_eq!(caller.refresh(&first).await.status(), 400);
    assert_eq!(caller.request("tools/list", json!({})).await.unwrap_err(), 401);
    until_async(async || wallet.receipts("agent.disconnected").await.len() == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_ends_its_session() {
    let wallet = at_work().await;
    let mut caller = Caller::log_in(&wallet, "Tester", "/mcp").await;
    caller.initialize().await;
    assert_eq!(wallet.anyone(&["status"]).await["status"]["connected"], 1);
    assert_eq!(caller.revoke(caller.access()).await.status(), 200);
    assert_eq!(caller.request("tools/list", json!({})).await.unwrap_err(), 401);
    assert_eq!(caller.refresh(caller.refresh_token()).await.status(), 400);
    until_async(async || wallet.anyone(&["status"]).await["status"]["connected"] == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_outlive_a_restart_and_the_port_is_the_same() {
    let mut wallet = at_work().await;
    let mut caller = Caller::log_in(&wallet, "Tester", "/mcp").await;
    let before = wallet.endpoint().await;
    wallet.stop().await;
    wallet.serve().await;
    assert_eq!(wallet.endpoint().await, before);
    caller.tokens = caller.refresh(caller.refresh_token()).await.json().await.unwrap();
    caller.initialize().await;
    assert!(caller.tools().await.contains(&"everything__echo".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_wallet_says_so_and_clients_come_back_once_it_is_open() {
    let wallet = at_work().await;
    let mut caller = Caller::log_in(&wallet, "Tester", "/mcp").await;
    caller.initialize().await;
    wallet.anyone(&["lock"]).await;
    assert_eq!(caller.request("tools/list", json!({})).await.unwrap_err(), 503);
    assert_eq!(caller.refresh(caller.refresh_token()).await.status(), 503);
    wallet.owner(&["unlock"]).await;
    assert_eq!(caller.request("tools/list", json!({})).await.unwrap_err(), 401);
    caller.tokens = caller.refresh(caller.refresh_token()).await.json().await.unwrap();
    // The session ended with the lock.
    assert_eq!(caller.request("tools/list", json!({})).await.unwrap_err(), 404);
    caller.session = None;
    caller.initialize().await;
    assert!(caller.tools().await.contains(&"everything__echo".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_told_and_agents_come_in_over_stdio() {
    let mut wallet = at_work().await;
    let port = wallet.endpoint().await.port().unwrap();
    wallet.stop().await;
    let squatter = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    wallet.serve().await;
    let status = wallet.anyone(&["status"]).await["status"].clone();
    assert_eq!(status["endpoint"], Value::Null);
    assert!(status["notices"].to_string().contains(&port.to_string()), "{status}");
    let agent = Agent::connect(&wallet, "tester").await;
    assert_eq!(agent.tools().await.len(), 2);

    drop(squatter);
    wallet.stop().await;
    wallet.serve().await;
    assert_eq!(wallet.endpoint().await.port(), Some(port));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_may_choose_the_port_or_shut_the_door() {
    let mut wallet = Wallet::empty();
    wallet.owner(&["init", "--keys", "passphrase"]).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let command = wallet.owner_command(&["serve", "--port", &port.to_string()]);
    wallet.serve_with(command).await;
    assert_eq!(wallet.endpoint().await.port(), Some(port));
    wallet.stop().await;

    let command = wallet.owner_command(&["serve", "--no-http"]);
    wallet.serve_with(command).await;
    assert_eq!(wallet.anyone(&["status"]).await["status"]["endpoint"], Value::Null);
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    wallet.stop().await;

    wallet.serve().await;
    assert_eq!(wallet.endpoint().await.port(), Some(port));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_needs_a_yes_waits_for_it_over_http_too() {
    let (wallet, server) = (Wallet::new().await, Protected::start(3600).await);
    wallet.add_and_log_in("protected", &server.mcp).await;
    wallet.employ("tester", "protected", &["write_note"], &["--ask", "always"]).await;
    let mut caller = Caller::log_in(&wallet, "Tester", "/mcp").await;
    caller.initialize().await;
    let calling = caller.call("protected__write_note", json!({"title": "a", "text": "b"}));
    let answering = async {
        let question = wallet.question_about("write_note").await;
        assert_eq!(server.effects("write_note").await, Vec::<Value>::new());
        wallet.allow(&question, &[]).await;
    };
    let (answer, ()) = tokio::join!(calling, answering);
    assert!(answer.unwrap().get("result").is_some());
}
