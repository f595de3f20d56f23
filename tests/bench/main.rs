//! What the wallet adds to a call, beside its peers. One table from one run: the ways take turns, round by round, since the
//! straight way itself moves by a tenth of a millisecond while one looks at it.
//!
//! `make bench`, or `make bench ARGS="--rounds 40 --calls 100"`, or with `--without-peers` in them to see ours alone.

mod lists;
mod route;

use journeys::{Agent, Caller, Wallet, children, parts_dir, program, python};
use route::Route;
use std::io::BufRead;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How often each way is opened to see how soon it is ready.
const STARTS: usize = 5;
/// Calls before anything is measured.
const WARM_UP: usize = 200;
/// So many calls are under way at once when their number a second is measured, in so many rounds of so many calls.
const AT_ONCE: usize = 32;
const RUSHES: usize = 5;
const RUSH: usize = 2000;

/// So many of the ways are the straight ones and ours.
const OURS: usize = 5;

struct Contender {
    name: &'static str,
    start: Box<dyn Fn() -> (Route, Duration)>,
    /// A process that is part of the way besides the one that is started.
    besides: Option<u32>,
}

struct Measured {
    name: &'static str,
    calls: Vec<Duration>,
    ready: Duration,
    /// How many calls a second, in each rush.
    rushes: Vec<f64>,
    memory: Option<u64>,
}

#[tokio::main]
async fn main() {
    let (rounds, calls) = (option("--rounds", 20), option("--calls", 200));
    let (server, url) = echo_server("0");
    let wallet = wallet_before(&url).await;
    let caller = Caller::log_in(&wallet, "Bench", "/mcp").await;
    let mut contenders = contenders(&url, &wallet, &caller);
    if std::env::args().any(|arg| arg == "--without-peers") {
        contenders.truncate(OURS);
    }
    let idle = memory_alone(wallet.pid());
    let measured = tokio::task::block_in_place(|| measure(&contenders, rounds, calls));
    print(&measured, rounds * calls);
    println!("\nThe headless wallet alone, before its first call: {:.0} MB", idle as f64 / 1e6);
    lists::measure(&wallet).await;
    drop((server, wallet));
}

fn option(name: &str, otherwise: usize) -> usize {
    let mut args = std::env::args().skip_while(|arg| arg != name);
    args.nth(1).map_or(otherwise, |value| value.parse().expect("a number"))
}

fn echo_server(more: &str) -> (Child, String) {
    let mut server = Command::new(program("echo-server"))
        .args(["http", more])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    std::io::BufReader::new(server.stdout.take().unwrap()).read_line(&mut url).unwrap();
    (server, url.trim().to_owned())
}

/// A wallet with the same server twice, over HTTP and as its own child, and an agent whose program the human has accepted.
async fn wallet_before(url: &str) -> Wallet {
    let wallet = Wallet::new().await;
    wallet.owner(&["server", "add", "http", "--url", url, "--no-login"]).await;
    let echo = program("echo-server").to_string_lossy().into_owned();
    wallet.add_stdio("stdio", &[echo, "stdio".into()]).await;
    wallet.employ("bench", "http", &["echo"], &["--ask", "never"]).await;
    wallet.delegate("bench", "stdio", &["echo"], &["--ask", "never"]).await;
    Agent::connect(&wallet, "bench").await.ended().await;
    wallet
}

fn contenders(url: &str, wallet: &Wallet, caller: &Caller) -> Vec<Contender> {
    let modules = parts_dir().join("node_modules");
    let node = |script: &str, args: &[&str]| {
        let mut words = vec!["node".to_owned(), modules.join(script).to_string_lossy().into_owned()];
        words.extend(args.iter().map(|arg| (*arg).to_owned()));
        words
    };
    let python = python("mcp-proxy").with_file_name("mcp-proxy").to_string_lossy().into_owned();
    let echo = program("echo-server").to_string_lossy().into_owned();
    let straight = url.to_owned();
    let (endpoint, token) = (caller.url.to_string(), caller.access().to_owned());
    vec![
        Contender {
            name: "straight, HTTP",
            start: Box::new(move || Route::http(&straight, None, "echo")),
            besides: None,
        },
        Contender { name: "straight, stdio", ..peer("", vec![echo, "stdio".into()]) },
        Contender {
            name: "Countersign, HTTP → HTTP",
            start: Box::new(move || Route::http(&endpoint, Some(&token), "http__echo")),
            besides: Some(wallet.pid()),
        },
        through_wallet("Countersign, stdio → HTTP", wallet, "http__echo"),
        through_wallet("Countersign, stdio → stdio", wallet, "stdio__echo"),
        peer("mcp-remote 0.15.1, stdio → HTTP", node("mcp-remote/dist/proxy.js", &[url, "--allow-http"])),
        peer(
            "supergateway 4.0.0, stdio → HTTP",
            node("supergateway/dist/index.js", &["--streamableHttp", url, "--logLevel", "none"]),
        ),
        peer(
            "PyPI mcp-proxy 0.13.0, stdio → HTTP",
            vec![python, "--transport".into(), "streamablehttp".into(), url.into()],
        ),
    ]
}

fn peer(name: &'static str, words: Vec<String>) -> Contender {
    let start = move || Route::stdio(Command::new(&words[0]).args(&words[1..]), "echo");
    Contender { name, start: Box::new(start), besides: None }
}

/// Every call with its decision, its proof and its two receipts.
fn through_wallet(name: &'static str, wallet: &Wallet, tool: &'static str) -> Contender {
    let shim = wallet.command(&["connect", "--agent", "bench"]);
    let shim = shim.as_std();
    let words: Vec<_> =
        std::iter::once(shim.get_program()).chain(shim.get_args()).map(ToOwned::to_owned).collect();
    let start = move || Route::stdio(Command::new(&words[0]).args(&words[1..]), tool);
    Contender { name, start: Box::new(start), besides: Some(wallet.pid()) }
}

fn measure(contenders: &[Contender], rounds: usize, calls: usize) -> Vec<Measured> {
    let mut open: Vec<_> = contenders.iter().map(open).collect();
    for (route, _) in &mut open {
        route.take_turn();
        for _ in 0..WARM_UP {
            route.call();
        }
    }
    for round in 0..rounds {
        eprint!("\rround {} of {rounds}", round + 1);
        for (route, measured) in &mut open {
            route.take_turn();
            measured.calls.extend((0..calls).map(|_| route.call()));
        }
        // What one way leaves the machine to do falls on the next: every other round goes backwards.
        open.reverse();
    }
    if rounds % 2 == 1 {
        open.reverse();
    }
    eprintln!();
    for _ in 0..RUSHES {
        for (route, measured) in &mut open {
            measured.rushes.push(rush(route));
        }
    }
    let with_memory = open.into_iter().zip(contenders).map(|((route, measured), contender)| Measured {
        memory: route
            .pid()
            .map(memory)
            .into_iter()
            .chain(contender.besides.map(memory_alone))
            .reduce(|a, b| a + b),
        ..measured
    });
    with_memory.collect()
}

/// How many calls a second when many are under way at once: over one line, or over as many connections.
fn rush(route: &mut Route) -> f64 {
    route.take_turn();
    let mut beside: Vec<_> = (1..AT_ONCE).map_while(|number| route.beside(number)).collect();
    let mut routes = vec![route];
    routes.extend(&mut beside);
    Route::calls_a_second(&mut routes, AT_ONCE, RUSH)
}

fn open(contender: &Contender) -> (Route, Measured) {
    eprintln!("{}", contender.name);
    let mut starts: Vec<_> = (1..STARTS).map(|_| (contender.start)().1).collect();
    let (route, ready) = (contender.start)();
    starts.push(ready);
    starts.sort();
    let ready = starts[STARTS / 2];
    let measured =
        Measured { name: contender.name, calls: Vec::new(), ready, rushes: Vec::new(), memory: None };
    (route, measured)
}

/// Resident bytes of a process and all it has started.
fn memory(pid: u32) -> u64 {
    std::iter::once(pid).chain(children(pid)).map(memory_alone).sum()
}

fn memory_alone(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024
}

fn print(measured: &[Measured], calls: usize) {
    println!(
        "\n{calls} sequential calls each, in turns; times in ms, memory in MB. Calls a second: {AT_ONCE} at once, the median of \
         {RUSHES} rushes and the least and most\n"
    );
    println!(
        "| {:<36} | {:>6} | {:>6} | {:>9} | {:>9} | {:>6} | {:>6} | {:>18} |",
        "", "p50", "p99", "added p50", "added p99", "ready", "memory", "calls/s"
    );
    println!(
        "|{:-<38}|{:->8}|{:->8}|{:->11}|{:->11}|{:->8}|{:->8}|{:->20}|",
        "", ":", ":", ":", ":", ":", ":", ":"
    );
    for (row, one) in measured.iter().enumerate() {
        let straight = &measured[usize::from(one.name.ends_with("→ stdio"))].calls;
        let added = [50, 99].map(|percent| match row {
            0 | 1 => String::new(),
            _ => format!("{:.3}", percentile(&one.calls, percent) - percentile(straight, percent)),
        });
        let mut rushes = one.rushes.clone();
        rushes.sort_by(f64::total_cmp);
        let rushes = match rushes.as_slice() {
            [least, .., most] => format!("{:.0} ({least:.0}–{most:.0})", rushes[rushes.len() / 2]),
            _ => String::new(),
        };
        let memory = one
            .memory
            .filter(|_| row > 1)
            .map_or(String::new(), |bytes| format!("{:.0}", bytes as f64 / 1e6));
        println!(
            "| {:<36} | {:>6.3} | {:>6.3} | {:>9} | {:>9} | {:>6.0} | {memory:>6} | {rushes:>18} |",
            one.name,
            percentile(&one.calls, 50),
            percentile(&one.calls, 99),
            added[0],
            added[1],
            one.ready.as_secs_f64() * 1e3,
        );
    }
}

/// In milliseconds.
fn percentile(calls: &[Duration], percent: usize) -> f64 {
    let mut calls = calls.to_vec();
    calls.sort();
    calls[(calls.len() - 1) * percent / 100].as_secs_f64() * 1e3
}
