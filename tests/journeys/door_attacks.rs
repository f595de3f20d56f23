//! What withstands an attack on the way in over HTTP, on the whole wallet.

use journeys::caller::{code, said};
use journeys::{Caller, Protected, Wallet, parts, refusal, text, until_async};
use reqwest::Url;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio::process::Command;

async fn at_work() -> Wallet {
    let wallet = Wallet::new().await;
    wallet.add_stdio("everything", &parts::everything()).await;
    wallet.employ("tester", "everything", &["echo"], &["--ask", "never"]).await;
    wallet
}

fn message(method: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": {}})
}

fn with(mut headers: HeaderMap, name: &'static str, value: &str) -> HeaderMap {
    headers.remove(name);
    if !value.is_empty() {
        headers.insert(name, value.parse().unwrap());
    }
    headers
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_02_a_web_page_reaches_nothing_by_a_name_of_its_own() {
    let wallet = at_work().await;
    let caller = Caller::log_in(&wallet, "Tester", "/mcp").await;
    let port = caller.url.port().unwrap();
    let register = caller.url.join("/oauth/register").unwrap();
    for url in [&caller.url, &register] {
        for (name, value) in [
            ("host", format!("evil.example:{port}")),
            ("host", "evil.example".into()),
            ("origin", "http://evil.example".into()),
            ("origin", "null".into()),
            ("origin", format!("https://127.0.0.1:{port}")),
        ] {
            let headers = with(caller.headers(), name, &value);
            let answer = caller.post(url, headers, &message("tools/list")).await;
            assert_eq!(answer.status(), 403, "{url} {name}: {value}");
            assert_eq!(answer.headers().get("access-control-allow-origin"), None);
        }
    }
    // Bound to this machine alone: no other address of it answers.
    let listening = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let wildcard = format!("00000000:{port:04X}");
    assert!(!listening.contains(&wildcard), "{listening}");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_03_without_a_token_nothing_is_told() {
    let wallet = at_work().await;
    let caller = Caller::register(&wallet, "Tester", "/mcp").await;
    for path in ["/mcp", "/mcp/everything", "/mcp/unknown"] {
        let url = caller.url.join(path).unwrap();
        for method in ["initialize", "tools/list", "server/discover", "ping"] {
            for token in ["", "Bearer wrong", "Basic dTpw", "Bearer", "DPoP wrong"] {
                let headers = with(caller.headers(), "authorization", token);
                let answer = caller.post(&url, headers, &message(method)).await;
                assert_eq!(answer.status(), 401, "{path} {method} {token}");
                let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
                assert!(
                    challenge.contains(&format!("/.well-known/oauth-protected-resource{path}")),
                    "{challenge}"
                );
                assert_eq!(answer.text().await.unwrap(), "");
            }
        }
    }
    for path in ["/", "/health", "/status", "/oauth", "/oauth/wait?guessed", "/metrics"] {
        let answer = reqwest::get(caller.url.join(path).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_04_a_copied_token_is_worth_nothing_to_another_program() {
    let wallet = at_work().await;
    let caller = Caller::log_in(&wallet, "Tester", "/mcp").await;
    let (token, said) =
        (format!("authorization: Bearer {}", caller.access()), message("initialize").to_string());
    let headers = ["content-type: application/json", "accept: application/json, text/event-stream"];
    let args = ["-H", &token, "-H", headers[0], "-H", headers[1], "-d", &said];
    assert_eq!(curl(&caller.url, &args).await, "401");
    let refresh = format!("grant_type=refresh_token&refresh_token={}", caller.refresh_token());
    let token = caller.url.join("/oauth/token").unwrap();
    assert_eq!(curl(&token, &["-d", &refresh]).await, "400");
    let refused = wallet.receipts("agent.refused").await;
    let programs: Vec<_> =
        refused.iter().map(|receipt| receipt["peer"]["program"]["path"].as_str().unwrap()).collect();
    assert!(programs.len() == 2 && programs.iter().all(|path| path.ends_with("curl")), "{refused:?}");
    // Whose they are still uses them.
    assert_eq!(caller.refresh(caller.refresh_token()).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_04_a_stolen_code_is_worth_nothing_to_another_program() {
    let wallet = Wallet::new().await;
    let caller = Caller::register(&wallet, "Tester", "/mcp").await;
    let (answer, ()) = tokio::join!(caller.ask(), wallet.let_in("Tester"));
    let code = code(&answer);
    let token = caller.url.join("/oauth/token").unwrap();
    assert_eq!(curl(&token, &["-d", &caller.exchange_form(&code)]).await, "400");
    assert_eq!(caller.exchange(&code).await.status(), 200);
    assert_eq!(wallet.receipts("agent.refused").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_04_where_no_program_listens_for_the_answer_nobody_is_asked() {
    let wallet = Wallet::new().await;
    let caller = Caller::register(&wallet, "Tester", "/mcp").await;
    let listening = caller.redirect.clone();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let asked = caller
        .authorization()
        .as_str()
        .replace(&query(&listening), &query(&format!("http://{free}/callback")));
    let page = reqwest::get(asked).await.unwrap();
    assert_eq!(page.status(), 400);
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert!(page.text().await.unwrap().contains("can&#39;t see which program"));
    assert_eq!(wallet.questions().await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_05_what_is_not_granted_is_refused_over_http_with_a_receipt() {
    let wallet = at_work().await;
    let mut caller = Caller::log_in(&wallet, "Tester", "/mcp").await;
    caller.initialize().await;
    assert_eq!(caller.tools().await, ["everything__echo"]);
    for (method, params) in [
        ("tools/call", json!({"name": "everything__get-env", "arguments": {}})),
        ("tools/call", json!({"name": "get-env", "arguments": {}})),
        ("resources/read", json!({"uri": "demo://resource/static/document/architecture.md"})),
        ("prompts/get", json!({"name": "everything__simple-prompt"})),
    ] {
        let answer = caller.request(method, params.clone()).await.unwrap();
        assert!(!refusal(&answer).is_empty(), "{method} {params}: {answer}");
    }
    assert_eq!(wallet.receipts("call.denied").await.len(), 4);

    let mut one = Caller::log_in(&wallet, "Tester", "/mcp/everything").await;
    one.initialize().await;
    assert_eq!(one.tools().await, ["echo"]);
    let answer = one.call("get-env", json!({})).await.unwrap();
    assert!(!refusal(&answer).is_empty(), "{answer}");
    assert_eq!(wallet.receipts("call.denied").await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_12_the_same_tool_of_two_servers_is_two_tools_at_every_endpoint() {
    let wallet = at_work().await;
    wallet.add_stdio("other", &parts::everything()).await;
    let mut caller = Caller::log_in(&wallet, "Tester", "/mcp").await;
    caller.initialize().await;
    let arguments = json!({"message": "hello"});
    assert_eq!(text(&caller.call("everything__echo", arguments.clone()).await.unwrap()), "Echo: hello");
    refusal(&caller.call("other__echo", arguments.clone()).await.unwrap());

    let mut other = Caller::log_in(&wallet, "Tester", "/mcp/other").await;
    other.initialize().await;
    assert_eq!(other.tools().await, Vec::<String>::new());
    for name in ["echo", "everything__echo", "other__echo"] {
        refusal(&other.call(name, arguments.clone()).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_13_one_agent_can_t_use_another_s_session_grant_or_code() {
    let wallet = at_work().await;
    wallet.owner(&["agent", "add", "mallory"]).await;
    let mut tester = Caller::log_in(&wallet, "Tester", "/mcp").await;
    let mut mallory = Caller::log_in(&wallet, "Mallory", "/mcp").await;
    tester.initialize().await;
    mallory.initialize().await;
    let own = mallory.session.replace(tester.session.clone().unwrap());
    assert_eq!(mallory.tools_or_status().await, 404);
    mallory.session = own;
    assert_eq!(mallory.tools().await, Vec::<String>::new());
    refusal(&mallory.call("everything__echo", json!({"message": "hello"})).await.unwrap());

    // A code is for the client that asked.
    let asking = Caller::register(&wallet, "Tester", "/mcp").await;
    let (answer, ()) = tokio::join!(asking.ask(), wallet.let_in("Tester"));
    assert_eq!(mallory.exchange(&code(&answer)).await.status(), 400);
    assert_eq!(tester.tools().await, ["everything__echo"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_14_a_token_is_good_at_its_own_endpoint_and_goes_no_further() {
    let (wallet, server) = (at_work().await, Protected::start(3600).await);
    wallet.add_and_log_in("protected", &server.mcp).await;
    wallet.delegate("tester", "protected", &["show_authorization"], &["--ask", "never"]).await;
    let mut one = Caller::log_in(&wallet, "Tester", "/mcp/protected").await;
    one.initialize().await;
    for path in ["/mcp", "/mcp/everything"] {
        let url = one.url.join(path).unwrap();
        let headers = with(one.headers(), "mcp-session-id", "");
        assert_eq!(one.post(&url, headers, &message("initialize")).await.status(), 401, "{path}");
    }
    let answer = one.call("show_authorization", json!({})).await.unwrap();
    let seen = format!("{answer} {}", server.stats().await);
    assert!(answer.get("result").is_some(), "{answer}");
    assert!(!seen.contains(one.access()), "the server was shown the agent's own token");

    // Nor can one be had for somebody else's resource.
    let asked =
        one.authorization().as_str().replace(&query(one.url.as_str()), &query("http://127.0.0.1:1/mcp"));
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let back = client.get(asked).send().await.unwrap();
    let back = Url::parse(back.headers()["location"].to_str().unwrap()).unwrap();
    assert_eq!(said(&back, "error").as_deref(), Some("invalid_target"));
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_21_a_page_that_is_loaded_again_and_again_is_one_question() {
    let wallet = Wallet::new().await;
    let caller = Caller::register(&wallet, "Tester", "/mcp").await;
    let loads: Vec<_> = (0..8).map(|_| tokio::spawn(reqwest::get(caller.authorization()))).collect();
    let question = wallet.asked_in("Tester").await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(wallet.questions().await.len(), 1);
    wallet.deny(&question).await;
    loads.iter().for_each(tokio::task::JoinHandle::abort);
    // And one answer.
    assert_eq!(said(&caller.ask().await, "error").as_deref(), Some("access_denied"));
    assert_eq!(wallet.questions().await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_26_a_revoked_agent_is_out_at_once_and_stays_out() {
    let mut wallet = at_work().await;
    let mut caller = Caller::log_in(&wallet, "Tester", "/mcp").await;
    caller.initialize().await;
    wallet.anyone(&["agent", "revoke", "tester"]).await;
    assert_eq!(caller.tools_or_status().await, 401);
    assert_eq!(caller.refresh(caller.refresh_token()).await.status(), 400);
    until_async(async || wallet.anyone(&["status"]).await["status"]["connected"] == 0).await;
    wallet.stop().await;
    wallet.serve().await;
    assert_eq!(caller.refresh(caller.refresh_token()).await.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_26_an_agent_revoked_while_the_door_was_shut_holds_nothing_when_it_opens() {
    let mut wallet = at_work().await;
    let caller = Caller::log_in(&wallet, "Tester", "/mcp").await;
    wallet.stop().await;
    let command = wallet.owner_command(&["serve", "--no-http"]);
    wallet.serve_with(command).await;
    wallet.anyone(&["agent", "revoke", "tester"]).await;
    wallet.stop().await;
    wallet.serve().await;
    assert_eq!(caller.refresh(caller.refresh_token()).await.status(), 400);
}

/// The status that `curl`, another program, is answered with.
async fn curl(url: &Url, args: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["-s", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}"])
        .args(args)
        .arg(url.as_str())
        .output()
        .await
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// As it stands in a query.
fn query(text: &str) -> String {
    let url = Url::parse_with_params("http://x", [("x", text)]).unwrap();
    url.query().unwrap().trim_start_matches("x=").to_owned()
}
