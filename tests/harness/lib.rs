//! What every journey needs: a home of its own, real servers and clients, a desktop without a screen.

pub mod agent;
mod approvals;
pub mod bridged;
mod browser;
pub mod caller;
pub mod canary;
pub mod conformance;
pub mod desktop;
pub mod desktop_app;
pub mod desktop_browser;
mod desktop_hand;
pub mod desktop_notes;
pub mod desktop_tray;
pub mod json;
pub mod odd;
pub mod parts;
mod process;
pub mod puppet;
pub mod wallet;
pub mod wire;

pub use agent::{Agent, Sdk};
pub use caller::Caller;
pub use parts::Protected;
pub use process::{children, listening, until, until_async};
pub use wallet::Wallet;

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A program of this workspace, built next to the test.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().find(|dir| dir.join(name).is_file());
    target
        .unwrap_or_else(|| panic!("{name} is not built; run `make test`, or `cargo build --workspace`"))
        .join(name)
}

/// Where the parts from the registries are.
#[must_use]
pub fn parts_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("parts")
}

/// The interpreter of a Python environment that `scripts/setup.sh test` made.
///
/// # Panics
/// When it has not been made.
#[must_use]
pub fn python(environment: &str) -> PathBuf {
    let home = || Path::new(&std::env::var_os("HOME").unwrap()).join(".cache/countersign");
    let cache = std::env::var_os("COUNTERSIGN_CACHE").map_or_else(home, PathBuf::from);
    let python = cache.join(environment).join("bin/python");
    assert!(python.is_file(), "{} is missing; run `scripts/setup.sh test`", python.display());
    python
}

/// Says that a journey can't be made here, past the runner that keeps the words of passing tests to itself: on the terminal, and
/// in the file that `scripts/rust.sh journeys` reads out at the end.
pub fn skipped(journey: &str, why: &str) {
    let line = format!("skipped: {journey}: {why}\n");
    let mut places: Vec<Box<dyn Write>> = vec![Box::new(std::io::stderr())];
    if let Some(path) = std::env::var_os("COUNTERSIGN_SKIPPED") {
        places.push(Box::new(std::fs::File::options().create(true).append(true).open(path).unwrap()));
    }
    for mut place in places {
        place.write_all(line.as_bytes()).unwrap();
    }
}

/// The first text a tool answered with.
///
/// # Panics
/// When it did not answer with text.
#[must_use]
pub fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {answer}"))
}

/// Why a call was refused, as the agent is told.
///
/// # Panics
/// When it was not.
pub fn refusal(answer: &Value) -> &str {
    let said = answer["error"]["message"].as_str();
    let said = said.or_else(|| answer["result"]["isError"].as_bool()?.then(|| text(answer)));
    said.unwrap_or_else(|| panic!("not refused: {answer}"))
}
