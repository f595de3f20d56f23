//! A client that logs in to the playground and calls its tools, byte by byte as a stranger would.

use playground::{Playground, PlaygroundOptions};
use reqwest::header::{ACCEPT, LOCATION};
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde_json::{Value, json};
use std::collections::HashMap;
use url::Url;

/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:4711/callback";

pub(crate) struct World {
    pub(crate) playground: Playground,
    pub(crate) http: Client,
}

pub(crate) async fn world(auto_approve: bool) -> World {
    let options = PlaygroundOptions { auto_approve, ..PlaygroundOptions::default() };
    let playground = playground::start(options).await.unwrap();
    let http = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    World { playground, http }
}

impl World {
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.playground.issuer)
    }

    pub(crate) async fn register(&self) -> String {
        let client = json!({ "client_name": "<b>A & B</b>", "redirect_uris": [REDIRECT] });
        let answer = self.http.post(self.at("/register")).json(&client).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.json::<Value>().await.unwrap()["client_id"].as_str().unwrap().to_owned()
    }

    /// The authorization request of a well-behaved client, with `changes` laid over it; `None` leaves a parameter out.
    pub(crate) fn authorize(&self, client: &str, changes: &[(&str, Option<&str>)]) -> RequestBuilder {
        let mut query: HashMap<&str, &str> = HashMap::from([
            ("client_id", client),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("state", "xyz"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("scope", "tools offline_access"),
            ("resource", self.playground.mcp_url.as_str()),
        ]);
        for (name, value) in changes {
            match value {
                Some(value) => query.insert(name, value),
                None => query.remove(name),
            };
        }
        self.http.get(Url::parse_with_params(&self.at("/authorize"), query).unwrap())
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let answer = self.http.post(self.at("/token")).form(form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn exchange(&self, client: &str, code: &str, verifier: &str) -> (u16, Value) {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", verifier),
            ("resource", self.playground.mcp_url.as_str()),
        ])
        .await
    }

    pub(crate) async fn refresh(&self, client: &str, token: &str) -> (u16, Value) {
        self.token(&[
            ("grant_type", "refresh_token"),
            ("client_id", client),
            ("refresh_token", token),
            ("resource", self.playground.mcp_url.as_str()),
        ])
        .await
    }

    /// Logs in where no click is needed; the client's id and its tokens.
    pub(crate) async fn log_in(&self) -> (String, Value) {
        let client = self.register().await;
        let code = returned(&self.authorize(&client, &[]).send().await.unwrap())["code"].clone();
        let (status, tokens) = self.exchange(&client, &code, VERIFIER).await;
        assert_eq!(status, 200, "{tokens}");
        (client, tokens)
    }

    pub(crate) async fn mcp(&self, token: &str, headers: &[(&str, &str)], message: &Value) -> Response {
        let mut request = self.http.post(self.playground.mcp_url.clone()).bearer_auth(token).json(message);
        request = request.header(ACCEPT, "application/json, text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    /// Whether `token` opens the MCP endpoint.
    pub(crate) async fn opens(&self, token: &str) -> bool {
        self.mcp(token, &[], &initialize()).await.status() == 200
    }
}

pub(crate) fn initialize() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": { "elicitation": {}, "sampling": {}, "roots": {} },
        "clientInfo": { "name": "stranger", "version": "1" } } })
}

/// The query of the address a response sends the browser to.
pub(crate) fn returned(response: &Response) -> HashMap<String, String> {
    assert_eq!(response.status(), 303);
    let url = Url::parse(response.headers()[LOCATION].to_str().unwrap()).unwrap();
    assert!(url.as_str().starts_with(REDIRECT));
    url.query_pairs().into_owned().collect()
}
