//! Streamable HTTP in front of lines: what belongs to HTTP and not to the server. A legacy session is a line of its own; all
//! modern requests share one.

mod guard;
mod headers;
mod legacy;
mod modern;
mod routes;
mod sse;

use crate::line::Source;
use crate::rpc::{self, Failure, LEGACY, meta};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::Value;
use std::sync::Arc;
use tokio::io::AsyncReadExt;

struct Edge {
    source: Arc<Source>,
    legacy: legacy::Sessions,
    modern: modern::Requests,
}

/// Serves, prints the address, and ends when standard input does.
pub async fn serve(source: Source) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/mcp", listener.local_addr()?);
    let edge = Edge { source: Arc::new(source), legacy: Default::default(), modern: Default::default() };
    let app = Router::new()
        .route("/mcp", any(endpoint))
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::new(edge));
    let mut nothing = Vec::new();
    let mut parent = tokio::io::stdin();
    tokio::select! {
        served = axum::serve(listener, app) => served,
        _ = parent.read_to_end(&mut nothing) => Ok(()),
    }
}

async fn endpoint(
    State(edge): State<Arc<Edge>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !guard::is_local(&headers) {
        return (StatusCode::FORBIDDEN, "not a local request").into_response();
    }
    match method {
        Method::POST => edge.post(&headers, &body).await,
        Method::GET => edge.legacy.listen(&headers),
        Method::DELETE => edge.legacy.end(&headers),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

impl Edge {
    async fn post(&self, headers: &HeaderMap, body: &[u8]) -> Response {
        let message: Value = match serde_json::from_slice(body) {
            Ok(message @ Value::Object(_)) => message,
            Ok(_) => return refuse(&Value::Null, Failure::new(Failure::REQUEST, "one message at a time")),
            Err(error) => return refuse(&Value::Null, Failure::new(Failure::PARSE, error.to_string())),
        };
        if is_modern(headers, &message) || !self.source.knows_legacy() {
            self.modern.post(&self.source, headers, message).await
        } else {
            self.legacy.post(&self.source, headers, message).await
        }
    }
}

/// Whether a request is of the modern era, by its `_meta` or by a version that is of no earlier revision.
fn is_modern(headers: &HeaderMap, message: &Value) -> bool {
    let version = headers::value(headers, headers::VERSION);
    message["params"]["_meta"].get(meta::VERSION).is_some()
        || version.is_some_and(|version| !LEGACY.contains(&version))
}

/// One message as the whole answer; an error has its own status.
fn whole(message: &Value, modern: bool) -> Response {
    /// The statuses of the modern era, where an error has one.
    const STATUSES: [(i64, StatusCode); 7] = [
        (Failure::PARSE, StatusCode::BAD_REQUEST),
        (Failure::REQUEST, StatusCode::BAD_REQUEST),
        (Failure::PARAMS, StatusCode::BAD_REQUEST),
        (Failure::HEADER, StatusCode::BAD_REQUEST),
        (Failure::CAPABILITY, StatusCode::BAD_REQUEST),
        (Failure::VERSION, StatusCode::BAD_REQUEST),
        (Failure::METHOD, StatusCode::NOT_FOUND),
    ];
    let code = message["error"]["code"].as_i64().filter(|_| modern);
    let status = STATUSES.iter().find(|(known, _)| Some(*known) == code).map(|(_, status)| *status);
    let json = [("content-type", "application/json")];
    (status.unwrap_or(StatusCode::OK), json, message.to_string()).into_response()
}

fn refuse(id: &Value, failure: Failure) -> Response {
    whole(&rpc::answer(id, Err(failure)), true)
}

/// The server has gone without an answer.
fn gone(id: &Value) -> Response {
    let failure = Failure::new(Failure::INTERNAL, "the server has ended");
    (StatusCode::BAD_GATEWAY, rpc::answer(id, Err(failure)).to_string()).into_response()
}
