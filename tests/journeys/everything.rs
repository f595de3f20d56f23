//! The reference servers through the wallet: all that MCP has passes through, in both directions, unharmed.

use journeys::{Agent, Wallet, parts, text};
use serde_json::{Value, json};

const TOOLS: [&str; 6] = [
    "echo",
    "get-sum",
    "get-tiny-image",
    "trigger-long-running-operation",
    "trigger-sampling-request",
    "trigger-elicitation-request",
];

async fn at_work() -> (Wallet, Agent) {
    let wallet = Wallet::new().await;
    wallet.add_stdio("everything", &parts::everything()).await;
    let terms = ["--ask", "never", "--resource", "demo://*", "--prompt", "simple-prompt"];
    wallet.employ("tester", "everything", &TOOLS, &terms).await;
    let agent = Agent::connect(&wallet, "tester").await;
    (wallet, agent)
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_answer_as_they_do_without_the_wallet() {
    let (_wallet, agent) = at_work().await;
    let mut direct = tokio::process::Command::new("node");
    direct.args(&parts::everything()[1..]);
    let direct = Agent::over(direct);
    direct.initialize().await;
    for (tool, arguments) in [
        ("echo", json!({"message": "ü \u{1f600} \"quoted\" 1.0 and 1e400"})),
        ("get-sum", json!({"a": 1, "b": 2})),
        ("get-tiny-image", json!({})),
    ] {
        let through = agent.call(&format!("everything__{tool}"), arguments.clone()).await;
        assert_eq!(through["result"], direct.call(tool, arguments).await["result"], "{tool}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_reaches_the_agent_under_its_own_token() {
    let (_wallet, agent) = at_work().await;
    let (_, answer) = agent
        .ask(
            "tools/call",
            json!({
                "name": "everything__trigger-long-running-operation",
                "arguments": {"duration": 0.5, "steps": 3},
                "_meta": {"progressToken": "my own token"},
            }),
        )
        .await;
    for step in 1..=3 {
        let progress = said(&agent, "notifications/progress").await;
        assert_eq!(progress["params"]["progressToken"], "my own token");
        assert_eq!(progress["params"]["progress"], step);
    }
    assert!(answer.await.unwrap().get("result").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_s_own_questions_reach_the_agent_and_its_answers_the_server() {
    let (_wallet, agent) = at_work().await;
    let prompt = json!({"name": "everything__trigger-sampling-request", "arguments": {"prompt": "hello", "maxTokens": 9}});
    let (_, answer) = agent.ask("tools/call", prompt).await;

    let asked = said(&agent, "sampling/createMessage").await;
    let reply = json!({"model": "none", "role": "assistant", "content": {"type": "text", "text": "a haiku"}});
    agent.say(json!({"jsonrpc": "2.0", "id": asked["id"], "result": reply})).await;

    assert!(answer.await.unwrap().to_string().contains("a haiku"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_elicitation_the_agent_declines_is_declined() {
    let (_wallet, agent) = at_work().await;
    let call = json!({"name": "everything__trigger-elicitation-request", "arguments": {}});
    let (_, answer) = agent.ask("tools/call", call).await;

    let asked = said(&agent, "elicitation/create").await;
    agent.say(json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"action": "decline"}})).await;

    assert!(answer.await.unwrap().to_string().contains("decline"));
}

#[tokio::test(flavor = "multi_thread")]
async fn granted_resources_and_prompts_can_be_read() {
    let (_wallet, agent) = at_work().await;
    let listed = agent.request("resources/list", json!({})).await;
    let uri = listed["result"]["resources"][0]["uri"].as_str().expect("a resource").to_owned();
    let read = agent.request("resources/read", json!({"uri": uri})).await;
    assert_eq!(read["result"]["contents"][0]["uri"], json!(uri));

    let prompt = agent.request("prompts/get", json!({"name": "everything__simple-prompt"})).await;
    assert!(prompt["result"]["messages"].is_array(), "{prompt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_its_own_process_ends_with_the_session() {
    let (mut wallet, agent) = at_work().await;
    agent.call("everything__echo", json!({"message": "hi"})).await;
    let children = journeys::children(wallet.pid());
    assert!(!children.is_empty(), "the server runs as a child of the wallet");

    wallet.stop().await;

    for child in children {
        journeys::until(|| !std::path::Path::new(&format!("/proc/{child}")).exists()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_server_reads_what_is_granted() {
    let wallet = Wallet::new().await;
    let folder = wallet.home().join("letters");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("hello.txt"), "Dear Ada").unwrap();
    wallet.add_stdio("files", &parts::filesystem(&folder)).await;
    wallet.employ("reader", "files", &["read_text_file"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "reader").await;

    let path = folder.join("hello.txt");
    assert_eq!(text(&agent.call("files__read_text_file", json!({"path": path})).await), "Dear Ada");

    let write = agent.call("files__write_file", json!({"path": path, "content": "gone"})).await;
    assert!(journeys::refusal(&write).contains("not granted"));
    assert_eq!(std::fs::read_to_string(path).unwrap(), "Dear Ada");
}

/// The next message with this method, whatever else the server says meanwhile.
async fn said(agent: &Agent, method: &str) -> Value {
    loop {
        let message = agent.other().await;
        if message["method"] == method {
            return message;
        }
    }
}
