//! A server and its authorization server in one, whose documents a test may bend, and that keeps count.

use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use url::Url;

type Fields = HashMap<String, String>;

/// How the server behaves.
pub(crate) struct Behaviour {
    /// Bends the protected resource metadata.
    pub(crate) resource: fn(&str, &mut Value),
    /// Bends the authorization server metadata.
    pub(crate) authority: fn(&str, &mut Value),
    /// Answers the token endpoint, by the number of the request.
    pub(crate) token: fn(usize) -> (u16, Value),
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { resource: |_, _| {}, authority: |_, _| {}, token: |n| (200, tokens(n)) }
    }
}

/// What a well-behaved token endpoint answers.
pub(crate) fn tokens(n: usize) -> Value {
    json!({ "access_token": format!("access-{n}"), "refresh_token": format!("refresh-{n}"),
            "token_type": "bearer", "expires_in": 3600 })
}

pub(crate) struct Hostile {
    pub(crate) url: Url,
    desk: Arc<Desk>,
}

struct Desk {
    base: String,
    behaviour: Behaviour,
    registrations: Mutex<Vec<Value>>,
    tokens: Mutex<Vec<Fields>>,
    revocations: Mutex<Vec<(Option<String>, Fields)>>,
    gate: Semaphore,
    challenge: Mutex<Option<String>>,
}

pub(crate) async fn hostile(behaviour: Behaviour) -> Hostile {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let desk = Arc::new(Desk {
        base: base.clone(),
        behaviour,
        registrations: Mutex::default(),
        tokens: Mutex::default(),
        revocations: Mutex::default(),
        gate: Semaphore::new(Semaphore::MAX_PERMITS),
        challenge: Mutex::default(),
    });
    let router = Router::new()
        .route("/.well-known/oauth-protected-resource/mcp", get(resource))
        .route("/.well-known/oauth-authorization-server", get(authority))
        .route("/mcp", post(mcp))
        .route("/authorize", get(authorize))
        .route("/register", post(register))
        .route("/token", post(token))
        .route("/revoke", post(revoke))
        .with_state(Arc::clone(&desk));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Hostile { url: Url::parse(&format!("{base}/mcp")).unwrap(), desk }
}

impl Hostile {
    /// Every form the token endpoint was sent.
    pub(crate) fn tokens(&self) -> Vec<HashMap<String, String>> {
        self.desk.tokens.lock().unwrap().clone()
    }

    /// Every revocation: its `Authorization` header and its form.
    pub(crate) fn revocations(&self) -> Vec<(Option<String>, HashMap<String, String>)> {
        self.desk.revocations.lock().unwrap().clone()
    }

    pub(crate) fn registrations(&self) -> Vec<Value> {
        self.desk.registrations.lock().unwrap().clone()
    }

    /// Answers requests without a token with this `WWW-Authenticate`.
    pub(crate) fn challenge(&self, challenge: &str) {
        *self.desk.challenge.lock().unwrap() = Some(challenge.to_owned());
    }

    /// Holds answers of the token endpoint back until [`Hostile::let_go`].
    pub(crate) fn hold(&self) {
        self.desk.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn let_go(&self) {
        self.desk.gate.add_permits(1_000);
    }
}

async fn mcp(State(desk): State<Arc<Desk>>) -> Response {
    match desk.challenge.lock().unwrap().clone() {
        Some(challenge) => (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)]).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn resource(State(desk): State<Arc<Desk>>) -> Response {
    let mut document =
        json!({ "resource": format!("{}/mcp", desk.base), "authorization_servers": [desk.base] });
    (desk.behaviour.resource)(&desk.base, &mut document);
    match document["redirect"].as_str() {
        Some(elsewhere) => Redirect::temporary(elsewhere).into_response(),
        None => Json(document).into_response(),
    }
}

async fn authority(State(desk): State<Arc<Desk>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", desk.base);
    let mut document = json!({
        "issuer": desk.base,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "registration_endpoint": at("/register"),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    (desk.behaviour.authority)(&desk.base, &mut document);
    Json(document)
}

async fn authorize(State(desk): State<Arc<Desk>>, Query(query): Query<Fields>) -> Redirect {
    let mut back = Url::parse(&query["redirect_uri"]).unwrap();
    back.query_pairs_mut()
        .append_pair("code", "the-code")
        .append_pair("state", &query["state"])
        .append_pair("iss", &desk.base);
    Redirect::to(back.as_str())
}

async fn register(State(desk): State<Arc<Desk>>, Json(client): Json<Value>) -> (StatusCode, Json<Value>) {
    desk.registrations.lock().unwrap().push(client);
    (StatusCode::CREATED, Json(json!({ "client_id": "the-client" })))
}

async fn token(State(desk): State<Arc<Desk>>, Form(form): Form<Fields>) -> (StatusCode, Json<Value>) {
    let n = {
        let mut tokens = desk.tokens.lock().unwrap();
        tokens.push(form);
        tokens.len()
    };
    drop(desk.gate.acquire().await.unwrap());
    let (status, answer) = (desk.behaviour.token)(n);
    (StatusCode::from_u16(status).unwrap(), Json(answer))
}

/// Takes no refresh token back.
async fn revoke(
    State(desk): State<Arc<Desk>>,
    headers: axum::http::HeaderMap,
    Form(form): Form<Fields>,
) -> StatusCode {
    let status =
        if form["token_type_hint"] == "access_token" { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let shown = headers.get(AUTHORIZATION).map(|shown| shown.to_str().unwrap().to_owned());
    desk.revocations.lock().unwrap().push((shown, form));
    status
}
