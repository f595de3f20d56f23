//! A long shift with servers that fail in every way: each call ends as it should, and when all have gone nothing is left of it.

mod faults;
mod worker;

use faults::{Answer, End, Fault};
use journeys::puppet::{Heard, Puppet};
use journeys::{Agent, Wallet};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use worker::{Shift, Worker};

/// How much more memory may be resident after a shift than before, for each thousand calls and at all. What the wallet keeps of a
/// call is its line in the index of the record.
const MARGIN_KIB: i64 = 24 << 10;
const PER_THOUSAND_KIB: i64 = 256;
const WORKERS: u64 = 12;

#[test]
fn after_a_short_shift_with_failing_servers_nothing_is_left() {
    shift(1_200, 2);
}

#[test]
#[ignore = "takes minutes; `make soak` runs it"]
fn after_a_hundred_thousand_calls_to_failing_servers_nothing_is_left() {
    shift(100_000, 20);
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn shift(calls: u64, rounds: u64) {
    let arrived: Arc<Mutex<HashSet<u64>>> = Arc::default();
    let puppet = Puppet::start(noting(arrived.clone())).await;
    let wallet = Wallet::new().await;
    wallet.owner(&["server", "add", "web", "--url", &puppet.url(), "--no-login"]).await;
    wallet.add_stdio("pipe", &puppet.command()).await;
    wallet.employ("worker", "web", &["do"], &["--ask", "never"]).await;
    wallet.delegate("worker", "pipe", &["do"], &["--ask", "never"]).await;
    Agent::connect(&wallet, "worker").await.ended().await;
    let shift = Arc::new(Shift { wallet, arrived, next: 0.into(), expected: Mutex::default() });

    let warm = round(&shift, &puppet, 400, 1).await;
    let before = quiet(&shift.wallet, &puppet, None).await;
    puppet.start_again().await;
    let made = warm + {
        let mut made = 0;
        for number in 0..rounds {
            made += round(&shift, &puppet, calls / rounds, number + 2).await;
        }
        made
    };
    let after = quiet(&shift.wallet, &puppet, Some(&before)).await;

    eprintln!("{made} calls; before: {before}; after: {after}");
    let grown = after["memory_kib"].as_i64().unwrap() - before["memory_kib"].as_i64().unwrap();
    let margin = MARGIN_KIB + PER_THOUSAND_KIB * i64::try_from(made / 1000).unwrap();
    assert!(grown <= margin, "{grown} KiB more are resident, which is more than {margin}");
    recorded(&shift);
    shift.wallet.ledger_verifies().await;
}

fn noting(arrived: Arc<Mutex<HashSet<u64>>>) -> impl Fn(&Heard) -> Vec<journeys::puppet::Act> {
    move |heard| {
        let number = heard.value(&["params", "arguments", "n"]).as_u64();
        arrived.lock().unwrap().extend(number);
        faults::script(heard)
    }
}

/// Has all workers call, then takes the server away and brings it back; how many calls were made.
async fn round(shift: &Arc<Shift>, puppet: &Puppet, calls: u64, seed: u64) -> u64 {
    let first = shift.next.load(std::sync::atomic::Ordering::Relaxed);
    let crew = (0..WORKERS).map(async |number| {
        let mut worker = Worker::hired(shift.clone(), seed * 1000 + number).await;
        worker.work(calls / WORKERS).await;
        worker
    });
    let mut crew: Vec<Worker> = futures_util::future::join_all(crew).await;
    let worker = crew.first_mut().unwrap();
    // A session that the server has forgotten is begun anew, and the agent never knows.
    puppet.forget_sessions();
    worker.call("web", Fault::None).await;
    // A server that is down is named, and works again when it is up.
    puppet.stop();
    let down = End { heard: Answer::Down, status: "failed" };
    worker.call_that("web", Fault::None, down).await;
    // Whatever still lay open is closed by now, on both sides.
    tokio::time::sleep(Duration::from_millis(200)).await;
    puppet.start_again().await;
    worker.call("web", Fault::None).await;
    worker.call("pipe", Fault::None).await;
    shift.arrived.lock().unwrap().clear();
    shift.next.load(std::sync::atomic::Ordering::Relaxed) - first
}

/// What there is when everybody has gone: the same as `before`, memory aside.
async fn quiet(wallet: &Wallet, puppet: &Puppet, before: Option<&Value>) -> Value {
    puppet.stop();
    let deadline = Instant::now() + journeys::wallet::PATIENCE;
    let mut last = Value::Null;
    loop {
        let gauges = wallet.anyone(&["status"]).await["gauges"].clone();
        let rest = |gauges: &Value| {
            let mut rest = gauges.clone();
            rest.as_object_mut().map(|rest| rest.remove("memory_kib"));
            rest
        };
        let empty =
            ["sessions", "links", "calls", "requests", "awaited", "asked", "parked", "questions", "children"];
        let is_quiet = empty.iter().all(|gauge| gauges[gauge] == 0)
            && before.map_or(rest(&gauges) == rest(&last), |before| rest(before) == rest(&gauges));
        if is_quiet {
            return gauges;
        }
        assert!(Instant::now() < deadline, "something is left: {gauges}; before: {before:?}");
        last = gauges;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Fails unless the record says of every call what it should.
fn recorded(shift: &Shift) {
    let (mut numbers, mut ends) = (HashMap::new(), HashMap::new());
    for file in std::fs::read_dir(shift.wallet.dir().join("data/ledger")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap_or_default();
        for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            let body = &line["payload"];
            let call = body["call"].as_str().unwrap_or_default().to_owned();
            if body["kind"] == "call.opened" {
                numbers.insert(call, body["arguments"]["preview"]["n"].as_u64().unwrap());
            } else if body["kind"] == "call.closed" {
                ends.insert(call, body["outcome"]["status"].as_str().unwrap().to_owned());
            }
        }
    }
    let recorded: HashMap<u64, String> = numbers
        .into_iter()
        .map(|(call, number)| (number, ends.remove(&call).unwrap_or_else(|| "open".into())))
        .collect();
    let expected = shift.expected.lock().unwrap();
    let wrong: Vec<_> = expected
        .iter()
        .map(|(number, fault, status)| (fault, status, recorded.get(number).map(String::as_str)))
        .filter(|(_, status, recorded)| recorded.unwrap_or("failed") != **status)
        .collect();
    assert!(wrong.is_empty(), "{} receipts are wrong: {:?}", wrong.len(), &wrong[..wrong.len().min(20)]);
}
