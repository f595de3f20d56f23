//! What a list of five thousand tools costs that is cut down to what one agent was granted.

use super::{echo_server, percentile};
use crate::route::Route;
use journeys::{Agent, Wallet};
use std::time::Duration;

/// How many tools the server has, and how many of them the agent was granted.
const TOOLS: usize = 5000;
const GRANTED: usize = 4995;
/// How many one delegation names.
const EACH: usize = 999;
/// How often the list is asked for.
const TIMES: usize = 60;

/// Prints the time of a list straight from the server, of the first one through the wallet, and of those that follow.
pub(super) async fn measure(wallet: &Wallet) {
    let (server, url) = echo_server(&(TOOLS - 1).to_string());
    wallet.owner(&["server", "add", "many", "--url", &url, "--no-login"]).await;
    let names: Vec<_> = (1..=GRANTED).map(|number| format!("tool_{number}")).collect();
    for (number, names) in names.chunks(EACH).enumerate() {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        match number {
            0 => wallet.employ("lister", "many", &names, &["--ask", "never"]).await,
            _ => wallet.delegate("lister", "many", &names, &["--ask", "never"]).await,
        };
    }
    Agent::connect(wallet, "lister").await.ended().await;
    let shim = wallet.command(&["connect", "--agent", "lister"]);
    let shim = shim.as_std();
    let (mut straight, _) = Route::http(&url, None, "echo");
    let (mut through, _) =
        Route::stdio(std::process::Command::new(shim.get_program()).args(shim.get_args()), "echo");
    tokio::task::block_in_place(|| {
        let first = through.list();
        let mut times: [Vec<Duration>; 2] = Default::default();
        for _ in 0..TIMES {
            times[0].push(straight.list().0);
            times[1].push(through.list().0);
        }
        println!("\ntools/list of {TOOLS} tools, {GRANTED} granted, {TIMES} times; in ms\n");
        println!("| {:<36} | {:>6} | {:>6} | {:>6} | {:>6} |", "", "first", "p50", "p99", "MB");
        println!("|{:-<38}|{:->8}|{:->8}|{:->8}|{:->8}|", "", ":", ":", ":", ":");
        for (name, first, times) in
            [("straight, HTTP", None, &times[0]), ("Countersign, stdio → HTTP", Some(first), &times[1])]
        {
            let began = first.map_or(String::new(), |(took, _)| format!("{:.1}", took.as_secs_f64() * 1e3));
            let size = first.map_or(String::new(), |(_, bytes)| format!("{:.2}", bytes as f64 / 1e6));
            println!(
                "| {name:<36} | {began:>6} | {:>6.2} | {:>6.2} | {size:>6} |",
                percentile(times, 50),
                percentile(times, 99)
            );
        }
    });
    drop(server);
}
