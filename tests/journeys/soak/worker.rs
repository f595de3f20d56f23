//! One agent that calls and calls, and looks at what comes of each.

use super::faults::{Answer, End, Fault};
use journeys::{Agent, Wallet};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the workers share.
pub(super) struct Shift {
    pub(super) wallet: Wallet,
    /// The calls that the server has heard, by number.
    pub(super) arrived: Arc<Mutex<HashSet<u64>>>,
    /// The number of the next call.
    pub(super) next: AtomicU64,
    /// Each call with what the record must say of it.
    pub(super) expected: Mutex<Vec<(u64, Fault, &'static str)>>,
}

/// One agent.
pub(super) struct Worker {
    shift: Arc<Shift>,
    agent: Agent,
    chance: u64,
}

impl Worker {
    pub(super) async fn hired(shift: Arc<Shift>, seed: u64) -> Self {
        let agent = connected(&shift.wallet).await;
        Self { shift, agent, chance: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 }
    }

    /// Makes this many calls.
    pub(super) async fn work(&mut self, calls: u64) {
        for _ in 0..calls {
            let (server, fault) = match self.toss(50) {
                0 => ("pipe", *self.pick(&Fault::DEADLY)),
                1..15 => ("pipe", *self.pick(&Fault::OVER_STDIO)),
                _ => ("web", *self.pick(&Fault::OVER_HTTP)),
            };
            self.call(server, fault).await;
        }
    }

    /// One call, and whether the agent is told of it as it should be.
    pub(super) async fn call(&mut self, server: &str, fault: Fault) {
        let end = if server == "pipe" { fault.end_over_stdio() } else { fault.end() };
        self.call_that(server, fault, end).await;
    }

    /// One call that should end so.
    pub(super) async fn call_that(&mut self, server: &str, fault: Fault, end: End) {
        let number = self.shift.next.fetch_add(1, Ordering::Relaxed);
        let arguments = json!({"n": number, "how": fault.name()});
        let params = json!({"name": format!("{server}__do"), "arguments": arguments});
        let (id, answer) = self.agent.ask("tools/call", params.clone()).await;
        let status = if end.heard == Answer::Nothing {
            self.arrives(number).await;
            self.give_up(id, fault).await;
            end.status
        } else if fault == Fault::IdReused {
            self.agent
                .say(json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}))
                .await;
            let refused = received(answer, number).await;
            assert_eq!(refused["error"]["code"], -32600, "{number}: {refused}");
            let own = self.late_answer(id).await;
            assert!(own.get("result").is_some(), "{number}: {own}");
            end.status
        } else {
            let answer = received(answer, number).await;
            let reason = answer["error"]["data"]["reason"].as_str();
            // What broke as it went out may have arrived.
            let broke = end.heard == Answer::Down && reason == Some("outcome_unknown");
            assert!(broke || reason == end.heard.reason(), "{server} {fault:?}: {answer}");
            if broke { "unknown" } else { end.status }
        };
        self.agent.forget_others().await;
        self.expect(number, fault, status);
    }

    /// Takes a call back, or goes.
    async fn give_up(&mut self, id: u64, fault: Fault) {
        if fault == Fault::Gone {
            self.agent = connected(&self.shift.wallet).await;
        } else {
            self.agent.notify("notifications/cancelled", json!({"requestId": id})).await;
        }
    }

    fn expect(&self, number: u64, fault: Fault, status: &'static str) {
        self.shift.expected.lock().unwrap().push((number, fault, status));
    }

    async fn arrives(&self, number: u64) {
        journeys::until(|| self.shift.arrived.lock().unwrap().contains(&number)).await;
    }

    /// The answer to a request whose id was answered once before.
    async fn late_answer(&self, id: u64) -> Value {
        loop {
            let other = self.agent.other().await;
            if other["id"] == id && other.get("method").is_none() {
                return other;
            }
        }
    }

    fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        let which = self.toss(among.len() as u64);
        &among[usize::try_from(which).unwrap()]
    }

    fn toss(&mut self, sides: u64) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance % sides
    }
}

async fn connected(wallet: &Wallet) -> Agent {
    let agent = Agent::start(wallet, "worker");
    let answer = agent.initialize().await;
    assert!(answer.get("result").is_some(), "{answer}");
    agent
}

async fn received(answer: tokio::sync::oneshot::Receiver<Value>, number: u64) -> Value {
    let answer = tokio::time::timeout(Duration::from_secs(60), answer).await;
    answer.unwrap_or_else(|_| panic!("call {number} is not answered")).expect("the bridge closed")
}
