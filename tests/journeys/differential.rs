//! What an agent says reaches the server, and what the server says the agent, byte for byte. What the wallet changes by design
//! is this, and nothing else:
//!
//! * in a request for a tool, prompt or resource: `_meta` gets the call's proof, `io.countersign/proof`; where there was no
//!   `_meta` object there is one then. The name of a tool or prompt loses its server's name.
//! * in what the server says: known secrets are struck out. Updates of resources reach those alone who have subscribed to them.
//! * in a question of the server's own: its id, and back again in the answer; its progress token, if it has one.

use journeys::odd::{self, SECRET, known};
use journeys::puppet::{Act, Heard, Puppet};
use journeys::wire::Wire;
use journeys::{Wallet, json};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestCaseResult, TestRunner};
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;

const STRUCK: &str = "[redacted by Countersign]";
/// How many messages go each way.
const CASES: u32 = 250;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Http,
    Stdio,
}

/// What the server is to say next.
#[derive(Clone, Debug, Default)]
struct Lines {
    before: Vec<String>,
    body: Option<Body>,
}

#[derive(Clone, Debug)]
enum Body {
    Result(String),
    Error(String),
}

/// An agent and a server, and the wallet between them.
struct Stage {
    wire: Wire,
    puppet: Puppet,
    lines: Arc<Mutex<Lines>>,
    _wallet: Wallet,
}

/// One request and what comes of it.
#[derive(Clone, Debug)]
struct Exchange {
    request: String,
    /// Notifications of the server's meanwhile.
    before: Vec<String>,
    body: Body,
}

#[test]
fn a_legacy_agent_and_a_server_over_http_hear_each_other_as_they_speak() {
    differ_in_nothing(Way::Http);
}

#[test]
fn a_legacy_agent_and_a_server_over_stdio_hear_each_other_as_they_speak() {
    differ_in_nothing(Way::Stdio);
}

fn differ_in_nothing(way: Way) {
    let runtime = Runtime::new().unwrap();
    let stage = Mutex::new(runtime.block_on(Stage::set(way)));
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..Config::default()
    });
    runner.run(&exchange(), |exchange| runtime.block_on(stage.lock().unwrap().play(&exchange))).unwrap();
}

impl Stage {
    async fn set(way: Way) -> Self {
        let lines: Arc<Mutex<Lines>> = Arc::default();
        let to_say = lines.clone();
        let puppet = Puppet::start(move |heard| script(&to_say.lock().unwrap(), heard)).await;
        let wallet = Wallet::new().await;
        match way {
            Way::Http => {
                let add =
                    ["server", "add", "s", "--url", &puppet.url(), "--header", "x-secret", "--secrets-stdin"];
                wallet.owner_with(&add, &[SECRET]).await;
            }
            Way::Stdio => {
                let command = puppet.command();
                let mut add = vec!["server", "add", "s", "--secret-env", "SECRET", "--secrets-stdin", "--"];
                add.extend(command.iter().map(String::as_str));
                wallet.owner_with(&add, &[SECRET]).await;
            }
        }
        wallet
            .employ("odd", "s", &["do"], &["--ask", "never", "--resource", "puppet://*", "--prompt", "say"])
            .await;
        let hello = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"sampling":{}},"clientInfo":{"name":"odd","version":"1"}}}"#;
        let (mut wire, welcome) = Wire::connect(&wallet, "odd", hello).await;
        assert!(json::get(&welcome, &["result"]).is_some(), "{welcome}");
        wire.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
        puppet.listen();
        Self { wire, puppet, lines, _wallet: wallet }
    }

    async fn play(&mut self, exchange: &Exchange) -> TestCaseResult {
        let Exchange { request, before, body } = exchange;
        *self.lines.lock().unwrap() = Lines { before: before.clone(), body: Some(body.clone()) };
        self.wire.say(request).await;
        for said in before {
            prop_assert_eq!(self.wire.hear().await, struck(said));
        }
        let answer = self.wire.hear().await;
        let method =
            |heard: &Heard| ["tools/call", "prompts/get", "resources/read"].contains(&heard.method.as_str());
        let heard: Vec<_> = self.puppet.heard().into_iter().filter(method).collect();
        let [heard] = heard.as_slice() else {
            return Err(TestCaseError::fail(format!("{} requests arrived: {answer}", heard.len())));
        };
        prop_assert_eq!(undone(&heard.text, request), request.clone());
        prop_assert_eq!(answer, struck(&body.said_to(heard)));
        Ok(())
    }
}

impl Body {
    fn said_to(&self, heard: &Heard) -> String {
        match self {
            Self::Result(result) => heard.result(result),
            Self::Error(error) => heard.error(error),
        }
    }
}

fn script(lines: &Lines, heard: &Heard) -> Vec<Act> {
    if heard.id.is_none() {
        return vec![];
    }
    let answer = lines.body.as_ref().map(|body| body.said_to(heard));
    lines.before.iter().cloned().chain(answer).map(Act::Say).collect()
}

/// What the server heard, without what the wallet changes by design.
fn undone(heard: &str, sent: &str) -> String {
    let meta = ["params", "_meta"];
    let had_meta = json::get(sent, &meta);
    let heard = match had_meta {
        Some(meta) if meta.starts_with('{') => {
            json::without(heard, &["params", "_meta", "io.countersign/proof"])
        }
        Some(other) => json::with(heard, &meta, other),
        None => json::without(heard, &meta),
    };
    match json::get(sent, &["params", "name"]) {
        Some(name) => json::with(&heard, &["params", "name"], name),
        None => heard,
    }
}

fn struck(said: &str) -> String {
    said.replace(SECRET, STRUCK)
}

fn exchange() -> impl Strategy<Value = Exchange> {
    (request(), prop::collection::vec(notification(), 0..3), body())
        .prop_map(|(request, before, body)| Exchange { request, before, body })
}

fn request() -> impl Strategy<Value = String> {
    let what = prop_oneof![
        6 => arguments().prop_map(|arguments| ("tools/call", vec![known("name", "\"s__do\""), known("arguments", arguments)])),
        1 => arguments().prop_map(|arguments| ("prompts/get", vec![known("name", "\"s__\\u0073ay\""), known("arguments", arguments)])),
        1 => Just(("resources/read", vec![known("uri", "\"puppet:\\/\\/str\\u0069ngs\"")])),
    ];
    (what, odd::unknown(), meta(), odd::id(), odd::unknown()).prop_flat_map(
        |((method, params), more, meta, id, outside)| {
            let meta = meta.map(|meta| known("_meta", meta));
            let params = odd::shuffled(params.into_iter().chain(more).chain(meta).collect());
            params.prop_flat_map(move |params| {
                let envelope = vec![
                    known("jsonrpc", "\"2.0\""),
                    known("id", id.clone()),
                    known("method", format!("\"{method}\"")),
                    known("params", params),
                ];
                odd::shuffled(envelope.into_iter().chain(outside.clone()).collect())
            })
        },
    )
}

fn arguments() -> impl Strategy<Value = String> {
    odd::unknown().prop_flat_map(odd::shuffled)
}

/// `_meta` of all kinds: none, an object, and what is no object at all.
fn meta() -> impl Strategy<Value = Option<String>> {
    let token =
        prop::option::of(odd::id()).prop_map(|token| token.map(|token| known("progressToken", token)));
    let object = (odd::unknown(), token)
        .prop_flat_map(|(members, token)| odd::shuffled(members.into_iter().chain(token).collect()));
    prop_oneof![3 => Just(None), 5 => object.prop_map(Some), 1 => odd::value().prop_map(Some)]
}

fn notification() -> impl Strategy<Value = String> {
    let methods = vec![
        "notifications/message",
        "notifications/elicitation/complete",
        "notifications/of/nobody",
        "notifications/progress",
    ];
    (prop::sample::select(methods), odd::unknown()).prop_flat_map(|(method, params)| {
        odd::shuffled(params).prop_flat_map(move |params| {
            odd::shuffled(vec![
                known("jsonrpc", "\"2.0\""),
                known("method", format!("\"{method}\"")),
                known("params", params),
            ])
        })
    })
}

fn body() -> impl Strategy<Value = Body> {
    let content = odd::unknown().prop_map(|unknown| {
        let content = unknown
            .into_iter()
            .chain([known("type", "\"hologram\""), known("secret", format!("\"it is {SECRET}!\""))]);
        format!("[{}]", odd::object(&content.collect::<Vec<_>>()))
    });
    let result = (odd::unknown(), content).prop_flat_map(|(members, content)| {
        odd::shuffled(members.into_iter().chain([known("content", content)]).collect())
    });
    let error = (odd::unknown(), odd::string(), odd::value()).prop_flat_map(|(members, message, data)| {
        odd::shuffled(
            members
                .into_iter()
                .chain([known("code", "-32099"), known("message", message), known("data", data)])
                .collect(),
        )
    });
    prop_oneof![4 => result.prop_map(Body::Result), 1 => error.prop_map(Body::Error)]
}
