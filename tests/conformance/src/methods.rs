//! Every method, and what the modern era adds to each result.

use crate::rpc::{self, Era, Eras, Failure, TASKS, meta};
use crate::server::Call;
use crate::{listen, prompts, resources, tasks, tools};
use serde_json::{Value, json};
use std::pin::Pin;

/// What a handler promises.
pub type Pending = Pin<Box<dyn Future<Output = Result<Value, Failure>> + Send>>;

struct Method {
    name: &'static str,
    eras: Eras,
    /// Whether its results carry hints for caches.
    cacheable: bool,
    run: fn(Call) -> Pending,
}

const fn both(name: &'static str, run: fn(Call) -> Pending) -> Method {
    Method { name, eras: Eras::Both, cacheable: false, run }
}

const fn only(era: Era, name: &'static str, run: fn(Call) -> Pending) -> Method {
    Method { name, eras: Eras::Only(era), cacheable: false, run }
}

const fn cacheable(method: Method) -> Method {
    Method { cacheable: true, ..method }
}

const METHODS: &[Method] = &[
    only(Era::Legacy, "initialize", |call| now(Ok(welcome(&call)))),
    only(Era::Legacy, "ping", |_| now(Ok(json!({})))),
    only(Era::Legacy, "logging/setLevel", |_| now(Ok(json!({})))),
    only(Era::Legacy, "resources/subscribe", |call| now(resources::subscribe(&call))),
    only(Era::Legacy, "resources/unsubscribe", |call| now(resources::subscribe(&call))),
    cacheable(only(Era::Modern, "server/discover", |_| now(Ok(discover())))),
    cacheable(both("tools/list", |call| now(Ok(tools::list(call.era))))),
    both("tools/call", tools::call),
    cacheable(both("prompts/list", |call| now(Ok(prompts::list(call.era))))),
    both("prompts/get", |call| now(prompts::get(&call))),
    cacheable(both("resources/list", |_| now(Ok(resources::list())))),
    cacheable(both("resources/templates/list", |_| now(Ok(resources::templates())))),
    cacheable(both("resources/read", |call| now(resources::read(&call)))),
    both("completion/complete", |call| now(prompts::complete(&call))),
    only(Era::Modern, "subscriptions/listen", |call| Box::pin(listen::listen(call))),
    only(Era::Modern, "tasks/get", |call| now(tasks::get(&call))),
    only(Era::Modern, "tasks/update", |call| now(tasks::update(&call))),
    only(Era::Modern, "tasks/cancel", |call| now(tasks::cancel(&call))),
];

/// Runs a request to its end.
pub async fn run(name: &str, call: Call) -> Result<Value, Failure> {
    let era = call.era;
    let method = METHODS.iter().find(|method| method.name == name && method.eras.include(era));
    let method = method.ok_or_else(|| Failure::new(Failure::METHOD, format!("no method {name}")))?;
    let result = (method.run)(call).await?;
    Ok(if era == Era::Modern { dressed(result, method.cacheable) } else { result })
}

pub fn now(outcome: Result<Value, Failure>) -> Pending {
    Box::pin(std::future::ready(outcome))
}

/// A result as the modern era wants it.
fn dressed(mut result: Value, cacheable: bool) -> Value {
    if result.get("resultType").is_none() {
        result["resultType"] = "complete".into();
    }
    if cacheable {
        result["ttlMs"] = 60_000.into();
        result["cacheScope"] = "public".into();
    }
    result["_meta"][meta::SERVER] = identity();
    result
}

fn identity() -> Value {
    json!({"name": "conformance-server", "version": env!("CARGO_PKG_VERSION")})
}

fn welcome(call: &Call) -> Value {
    let wanted = call.params["protocolVersion"].as_str();
    let version = rpc::LEGACY.into_iter().find(|version| Some(*version) == wanted).unwrap_or(rpc::LEGACY[0]);
    let mut capabilities = capabilities();
    capabilities["resources"]["subscribe"] = true.into();
    json!({"protocolVersion": version, "capabilities": capabilities, "serverInfo": identity()})
}

fn discover() -> Value {
    let mut capabilities = capabilities();
    capabilities["extensions"] = json!({TASKS: {}});
    json!({"supportedVersions": [rpc::MODERN], "capabilities": capabilities})
}

fn capabilities() -> Value {
    json!({
        "tools": {"listChanged": true},
        "prompts": {"listChanged": true},
        "resources": {"listChanged": true},
        "logging": {},
        "completions": {},
    })
}
