//! Logging in: the browser goes where it should, and only the answer to our own question counts.

use journeys::{Agent, Protected, Wallet, refusal, text, wallet};
use serde_json::json;
use std::collections::HashMap;

/// A login that waits for its browser: the wallet, the address that was opened, and the command still running.
async fn waiting() -> (Protected, Wallet, reqwest::Url, tokio::process::Child) {
    let (notes, wallet) = (Protected::start(3600).await, Wallet::new().await);
    wallet.browser.follows(false);
    wallet.owner(&["server", "add", "notes", "--url", &notes.mcp]).await;
    let login = wallet.owner_command(&["login", "notes"]).spawn().unwrap();
    let address = wallet.browser.address(0).await.parse().unwrap();
    (notes, wallet, address, login)
}

fn asked(address: &reqwest::Url) -> HashMap<String, String> {
    address.query_pairs().into_owned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_is_sent_with_everything_the_specifications_ask_for() {
    let (notes, _wallet, address, _login) = waiting().await;
    let asked = asked(&address);
    assert!(address.as_str().starts_with(&notes.issuer));
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["resource"], notes.mcp);
    assert_eq!(asked["response_type"], "code");
    assert!(asked["redirect_uri"].starts_with("http://127.0.0.1:"), "{asked:?}");
    assert!(asked["state"].len() >= 22 && asked["code_challenge"].len() == 43, "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_16_a_callback_with_another_state_logs_nobody_in() {
    let (notes, wallet, address, mut login) = waiting().await;
    let redirect = &asked(&address)["redirect_uri"];
    let forged = format!("{redirect}?code=stolen&state=guessed&iss={}", notes.issuer);
    let answer = reqwest::get(&forged).await;
    assert!(answer.is_err() || !answer.unwrap().status().is_success());
    assert_eq!(notes.stats().await["token"], json!({}), "no code was exchanged");
    login.kill().await.unwrap();
    let shown = wallet.anyone(&["server", "list"]).await;
    assert!(!shown.to_string().contains("logged_in"), "{shown}");
}

/// Where the wallet listens besides the endpoint for agents, which is there all the time.
async fn beside_the_door(wallet: &Wallet) -> Vec<String> {
    let door = format!(":{}", wallet.endpoint().await.port().unwrap());
    journeys::listening(wallet.pid()).into_iter().filter(|address| !address.ends_with(&door)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_16_the_listener_closes_after_the_one_answer_it_waits_for() {
    let (notes, wallet, address, mut login) = waiting().await;
    let redirect = asked(&address)["redirect_uri"].clone();
    let browser = reqwest::Client::builder().cookie_store(true).build().unwrap();
    browser.get(address).send().await.unwrap();
    assert!(login.wait().await.unwrap().success());

    let replayed = reqwest::get(format!("{redirect}?code=again&state=again")).await;
    assert!(replayed.is_err(), "nothing listens any more");
    assert_eq!(beside_the_door(&wallet).await, Vec::<String>::new());
    assert_eq!(notes.stats().await["token"], json!({"authorization_code": 1}));
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_16_a_server_that_does_not_offer_s256_is_refused_before_the_browser() {
    let (notes, wallet) = (Protected::start(3600).await, Wallet::new().await);
    notes.control(json!({"hidePkce": true})).await;
    wallet.owner(&["server", "add", "notes", "--url", &notes.mcp]).await;
    let output = wallet::finished(wallet.owner_command(&["login", "notes"]), "").await;
    assert!(!output.status.success());
    assert!(
        wallet::said(&output).contains("S256") || wallet::said(&output).contains("PKCE"),
        "{}",
        wallet::said(&output)
    );
    assert!(wallet.browser.opened().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_02_beside_its_door_the_wallet_listens_only_while_a_login_waits_and_on_loopback_alone() {
    let (notes, wallet, address, mut login) = waiting().await;
    let redirect: reqwest::Url = asked(&address)["redirect_uri"].parse().unwrap();
    let port = redirect.port().unwrap();
    assert_eq!(beside_the_door(&wallet).await, [format!("127.0.0.1:{port}")]);

    // A page on another site that rebinds its name to this machine shows itself by its Host or Origin.
    let mut rebound = redirect.clone();
    rebound.set_query(Some(&format!("code=x&state={}&iss={}", asked(&address)["state"], notes.issuer)));
    let browser = reqwest::Client::new();
    let foreign = browser.get(rebound).header("Host", "evil.example").send().await;
    assert!(foreign.is_err() || foreign.unwrap().status().is_client_error());
    assert_eq!(notes.stats().await["token"], json!({}), "the code of a foreign page is not exchanged");

    login.kill().await.unwrap();
}

/// A port that is free now.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_program_may_register_itself_the_human_s_own_client_logs_in() {
    let (port, secret) = (free_port(), "canary-client-secret-4711");
    let notes = Protected::start_with(json!({"ttl": 5, "client": {
        "client_id": "my wallet",
        "client_secret": secret,
        "redirect_uris": [format!("http://127.0.0.1:{port}/callback")],
        "grant_types": ["authorization_code", "refresh_token"],
    }}))
    .await;
    let wallet = Wallet::new().await;
    wallet.owner(&["server", "add", "notes", "--url", &notes.mcp]).await;

    let refused = wallet::finished(wallet.owner_command(&["login", "notes"]), "").await;
    assert_eq!(refused.status.code(), Some(1));
    let said = wallet::said(&refused);
    assert!(said.contains("countersign login notes --client-id ID"), "{said}");
    assert!(wallet.browser.opened().is_empty());

    let port = port.to_string();
    let as_client = ["login", "notes", "--client-id", "my wallet", "--redirect-port", &port];
    let without = wallet::finished(wallet.command(&as_client), "").await;
    assert!(!without.status.success(), "a client is entered by a human alone: {}", wallet::said(&without));
    let secretly = [&as_client[..], &["--with-client-secret", "--secrets-stdin"]].concat();
    wallet.owner_with(&secretly, &[secret]).await;

    wallet.employ("scribe", "notes", &["read_note"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "scribe").await;
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    assert_eq!(text(&agent.call("notes__read_note", json!({"title": "a"})).await), "The note a is empty.");
    let stats = notes.stats().await;
    assert!(stats["token"]["refresh_token"].as_u64() >= Some(1), "its client refreshes: {stats}");
    assert_eq!(stats["refused"], json!([]));

    wallet.anyone(&["logout", "notes"]).await;
    wallet.owner(&["login", "notes"]).await;
    let shown = wallet.anyone(&["server", "show", "notes"]).await;
    assert!(!format!("{shown}{}", wallet.log()).contains(secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_more_scope_says_so_and_the_next_login_asks_for_both() {
    let (notes, wallet) = (Protected::start(3600).await, Wallet::new().await);
    wallet.add_and_log_in("notes", &notes.mcp).await;
    wallet.employ("scribe", "notes", &["read_note", "write_note"], &["--ask", "never"]).await;
    let agent = Agent::connect(&wallet, "scribe").await;
    notes.control(json!({"wants": "notes:write"})).await;
    let write = json!({"title": "a", "text": "b"});
    for _ in 0..3 {
        let answer = agent.call("notes__write_note", write.clone()).await;
        assert_eq!(answer["error"]["data"]["reason"], "insufficient_scope", "{answer}");
        let said = refusal(&answer);
        assert!(said.contains("log in again: notes wants the scope \"notes:write\""), "{said}");
    }
    let read = agent.call("notes__read_note", json!({"title": "a"})).await;
    assert_eq!(text(&read), "The note a is empty.", "what the login covers still works");
    assert_eq!(wallet.browser.opened().len(), 1, "no browser opens by itself");
    assert_eq!(wallet.receipts("login.needed").await.len(), 1, "the human is told once");
    assert_eq!(notes.stats().await["token"], json!({"authorization_code": 1}), "no refresh is tried for it");
    let shown = wallet.anyone(&["server", "list"]).await;
    assert_eq!(shown[0]["login"]["wants"], "notes:write", "{shown}");

    wallet.owner(&["login", "notes"]).await;
    let address: reqwest::Url = wallet.browser.address(1).await.parse().unwrap();
    let scopes = asked(&address)["scope"].clone();
    for scope in ["notes", "notes:write"] {
        assert!(scopes.split(' ').any(|asked| asked == scope), "{scopes}");
    }
    assert_eq!(text(&agent.call("notes__write_note", write).await), "Written: a");
    assert_eq!(wallet.anyone(&["server", "list"]).await[0]["login"]["wants"], json!(null));
    wallet.ledger_verifies().await;
}
