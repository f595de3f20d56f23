//! An agent that comes in over HTTP, request by request, and the browser that its human uses.

use crate::wallet::{PATIENCE, Wallet};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode, Url, redirect};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::time::Duration;

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An agent: this very process, as a client that registered itself.
pub struct Caller {
    /// The endpoint it uses.
    pub url: Url,
    /// What the token endpoint said last.
    pub tokens: Value,
    /// Its session, once it has one.
    pub session: Option<String>,
    /// Where it wants its answers.
    pub redirect: String,
    client_id: String,
    http: reqwest::Client,
    /// The wallet looks at who listens there.
    _listener: TcpListener,
}

impl Caller {
    /// Registers as the client `name`, for the endpoint at `path`.
    pub async fn register(wallet: &Wallet, name: &str, path: &str) -> Self {
        let url = wallet.endpoint().await.join(path).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let redirect = format!("http://{}/callback", listener.local_addr().unwrap());
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).timeout(PATIENCE);
        let http = http.no_proxy().build().unwrap();
        let metadata = json!({
            "client_name": name,
            "redirect_uris": [redirect],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        });
        let registered =
            http.post(url.join("/oauth/register").unwrap()).json(&metadata).send().await.unwrap();
        assert_eq!(registered.status(), 201);
        let registered: Value = registered.json().await.unwrap();
        let client_id = registered["client_id"].as_str().unwrap().to_owned();
        Self { url, tokens: Value::Null, session: None, redirect, client_id, http, _listener: listener }
    }

    /// Registers, asks, is let in by the human, and has its tokens.
    pub async fn log_in(wallet: &Wallet, name: &str, path: &str) -> Self {
        let mut caller = Self::register(wallet, name, path).await;
        let (answer, ()) = tokio::join!(caller.ask(), wallet.let_in(name));
        let tokens = caller.exchange(&code(&answer)).await;
        assert_eq!(tokens.status(), 200);
        caller.tokens = tokens.json().await.unwrap();
        caller
    }

    /// The address to which the human's browser is sent.
    #[must_use]
    pub fn authorization(&self) -> Url {
        let pairs = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("resource", self.url.as_str()),
            ("scope", "mcp offline_access"),
            ("state", "mine"),
        ];
        Url::parse_with_params(self.url.join("/oauth/authorize").unwrap().as_str(), pairs).unwrap()
    }

    /// Sends the human's browser there, and waits for where it is sent back to.
    pub async fn ask(&self) -> Url {
        let mut at = self.authorization();
        loop {
            let page = self.http.get(at.clone()).send().await.unwrap();
            if let Some(to) = page.headers().get("location") {
                at = at.join(to.to_str().unwrap()).unwrap();
                if at.as_str().starts_with(&self.redirect) {
                    return at;
                }
                continue;
            }
            let (status, text) = (page.status(), page.text().await.unwrap());
            assert!(text.contains("http-equiv=\"refresh\""), "the browser is stuck at {at}: {status} {text}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Exchanges a code.
    pub async fn exchange(&self, code: &str) -> Response {
        self.form("/oauth/token", &self.exchange_form(code)).await
    }

    /// What it says to exchange a code.
    #[must_use]
    pub fn exchange_form(&self, code: &str) -> String {
        query(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect),
            ("code_verifier", VERIFIER),
            ("resource", self.url.as_str()),
        ])
    }

    /// Exchanges a refresh token.
    pub async fn refresh(&self, token: &str) -> Response {
        let form =
            [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", &self.client_id)];
        self.form("/oauth/token", &query(&form)).await
    }

    /// Takes a token back.
    pub async fn revoke(&self, token: &str) -> Response {
        self.form("/oauth/revoke", &query(&[("token", token), ("client_id", &self.client_id)])).await
    }

    async fn form(&self, path: &str, form: &str) -> Response {
        let to = self.url.join(path).unwrap();
        let request = self.http.post(to).header("content-type", "application/x-www-form-urlencoded");
        request.body(form.to_owned()).send().await.unwrap()
    }

    /// Its access token.
    #[must_use]
    pub fn access(&self) -> &str {
        self.tokens["access_token"].as_str().unwrap()
    }

    /// Its refresh token.
    #[must_use]
    pub fn refresh_token(&self) -> &str {
        self.tokens["refresh_token"].as_str().unwrap()
    }

    /// The headers it sends with each message.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            headers.insert(name, HeaderValue::try_from(value).unwrap());
        };
        put("content-type", "application/json");
        put("accept", "application/json, text/event-stream");
        if !self.tokens.is_null() {
            put("authorization", &format!("Bearer {}", self.access()));
        }
        self.session.iter().for_each(|session| put("mcp-session-id", session));
        headers
    }

    /// Sends one message to an endpoint.
    pub async fn post(&self, url: &Url, headers: HeaderMap, message: &Value) -> Response {
        self.http.post(url.clone()).headers(headers).body(message.to_string()).send().await.unwrap()
    }

    /// Begins a legacy session.
    pub async fn initialize(&mut self) -> Value {
        let hello = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "journey", "version": "1.0.0"},
        });
        let message = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello});
        let answer = self.post(&self.url, self.headers(), &message).await;
        assert_eq!(answer.status(), 200);
        self.session = Some(answer.headers()["mcp-session-id"].to_str().unwrap().to_owned());
        let answer = message_in(answer).await;
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        assert_eq!(self.post(&self.url, self.headers(), &ready).await.status(), 202);
        answer
    }

    /// Asks over its session.
    pub async fn request(&self, method: &str, params: Value) -> Result<Value, StatusCode> {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = self.post(&self.url, self.headers(), &message).await;
        if answer.status() == 200 { Ok(message_in(answer).await) } else { Err(answer.status()) }
    }

    /// Calls a tool over its session.
    pub async fn call(&self, tool: &str, arguments: Value) -> Result<Value, StatusCode> {
        self.request("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// The status with which it is refused its tools; 200 when it is not.
    pub async fn tools_or_status(&self) -> u16 {
        self.request("tools/list", json!({})).await.map_or_else(|status| status.as_u16(), |_| 200)
    }

    /// The names of the tools it is shown.
    pub async fn tools(&self) -> Vec<String> {
        let answer = self.request("tools/list", json!({})).await.unwrap();
        let tools = answer["result"]["tools"].as_array().unwrap_or_else(|| panic!("no tools in {answer}"));
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }
}

impl Wallet {
    /// The endpoint for all servers.
    pub async fn endpoint(&self) -> Url {
        let status = self.anyone(&["status"]).await;
        let endpoint = status["status"]["endpoint"].as_str().unwrap_or_else(|| panic!("no door: {status}"));
        Url::parse(endpoint).unwrap()
    }

    /// Waits until a client that calls itself `name` asks, and lets it in.
    pub async fn let_in(&self, name: &str) {
        let question = self.asked_in(name).await;
        self.allow(&question, &[]).await;
    }

    /// The question whether a client that calls itself `name` may come in.
    pub async fn asked_in(&self, name: &str) -> Value {
        let asks = |question: &Value| {
            question["subject"]["kind"] == "authorize" && question["subject"]["client"] == json!(name)
        };
        self.question(asks).await
    }
}

/// The code in an answer.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn code(answer: &Url) -> String {
    said(answer, "code").unwrap_or_else(|| panic!("no code in {answer}"))
}

/// One parameter of an answer.
#[must_use]
pub fn said(answer: &Url, name: &str) -> Option<String> {
    answer.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The last message of an answer, which may be one message or a stream.
async fn message_in(answer: Response) -> Value {
    let text = answer.text().await.unwrap();
    let last = text.lines().rev().find_map(|line| line.strip_prefix("data: "));
    serde_json::from_str(last.unwrap_or(&text)).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn query(pairs: &[(&str, &str)]) -> String {
    Url::parse_with_params("http://form", pairs).unwrap().query().unwrap().to_owned()
}
