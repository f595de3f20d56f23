//! Keeps the house as ARCHITECTURE.md draws it: who may see whom, which crate alone uses which library, and who alone
//! may speak for the human.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every room, and the rooms it may see. A room that is not here may not exist.
const EDGES: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("policy", &["domain"]),
    ("proof", &["domain"]),
    ("vault", &["domain", "policy"]),
    ("ledger", &["domain", "proof"]),
    ("oauth", &["domain", "vault"]),
    ("mcp", &["domain"]),
    ("issuer", &["domain"]),
    ("playground", &[]),
    ("broker", &["domain", "issuer", "ledger", "mcp", "oauth", "policy", "proof", "vault"]),
    ("countersign", &["broker", "domain", "ledger", "mcp", "playground", "proof", "vault"]),
    ("countersign-app", &["broker", "domain"]),
    ("journeys", &[]),
    ("conformance-server", &[]),
];

/// What a room may see besides, in its tests alone.
const IN_TESTS: &[(&str, &[&str])] = &[("oauth", &["playground"]), ("broker", &["playground"])];

/// Libraries that only these rooms may use, tests aside. A name that ends in `*` stands for all that begin so.
const OWNERS: &[(&str, &[&str])] = &[
    ("sled", &["vault"]),
    ("keyring*", &["vault"]),
    ("zbus-secret-service-keyring-store", &["vault"]),
    ("tauri*", &["countersign-app"]),
    ("rmcp", &["mcp", "oauth", "playground"]),
    ("oauth2", &["oauth"]),
    ("reqwest", &["mcp", "oauth", "journeys"]),
    ("hyper", &["mcp"]),
    ("hyper-util", &["mcp", "journeys"]),
    ("ed25519-dalek", &["proof", "vault"]),
    ("chacha20poly1305", &["vault"]),
    ("argon2", &["vault"]),
];

struct Room {
    name: String,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    ours: bool,
    in_tests: bool,
}

#[test]
fn every_room_sees_only_whom_it_may() {
    for room in rooms() {
        let allowed = allowance(EDGES, &room.name).unwrap_or_else(|| {
            panic!("{} is not in the table: give it its place in EDGES and ARCHITECTURE.md", room.name)
        });
        let besides = allowance(IN_TESTS, &room.name).unwrap_or_default();
        for dependency in room.dependencies.iter().filter(|dependency| dependency.ours) {
            let name = dependency.name.as_str();
            assert!(
                allowed.contains(&name) || dependency.in_tests && besides.contains(&name),
                "{} may not see {name}",
                room.name
            );
        }
    }
}

#[test]
fn the_edges_have_no_circle_and_no_stranger() {
    let mut placed = BTreeSet::new();
    while let Some((name, _)) = EDGES
        .iter()
        .find(|(name, sees)| !placed.contains(name) && sees.iter().all(|room| placed.contains(room)))
    {
        placed.insert(*name);
    }
    assert_eq!(placed, EDGES.iter().map(|(name, _)| *name).collect());
}

#[test]
fn each_guarded_library_is_used_by_its_owner_alone() {
    for room in rooms() {
        for dependency in room.dependencies.iter().filter(|dependency| !dependency.in_tests) {
            let Some((library, owners)) = OWNERS.iter().find(|(library, _)| means(library, &dependency.name))
            else {
                continue;
            };
            assert!(
                owners.contains(&room.name.as_str()),
                "{} uses {library}, which is for {owners:?}",
                room.name
            );
        }
    }
}

#[test]
fn only_the_window_speaks_for_a_human_at_the_window() {
    // The name itself, wherever it stands: under another name for its type, in a macro, as a value. It is made in one place
    // and used in one, which takes the window as its witness. Put together here, so that this file does not find itself.
    let name = ["at_", "window"].concat();
    let code = |hit: &Hit| !hit.line.trim_start().starts_with("//");
    let hits: Vec<_> = lines_with(&name, &["rs"]).into_iter().filter(code).collect();
    let files: Vec<_> = hits.iter().map(|hit| hit.file.to_string_lossy()).collect();
    assert_eq!(
        files,
        ["crates/broker/src/consent.rs", "src-tauri/src/commands.rs"],
        "consent is given at the window or with the passphrase: {hits:#?}"
    );
}

#[test]
fn the_table_of_attacks_names_every_one_that_has_a_test_and_says_which_kind() {
    let mut tested: BTreeMap<u8, BTreeSet<&str>> = BTreeMap::new();
    for hit in lines_with("threat_", &["rs", "ts"]) {
        let Some(number) = attack_of(&hit.line) else { continue };
        let kind = if hit.file.starts_with("tests/journeys") { "journey" } else { "unit" };
        tested.entry(number).or_default().insert(kind);
    }
    assert!(tested.len() > 20, "the tests are not found: {tested:?}");

    let security = std::fs::read_to_string(house().join("SECURITY.md")).unwrap();
    let (_, table) = security.split_once("## Attacks that are tested").unwrap();
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [number, _, kinds] = cells[..] else { return None };
        Some((number.parse().ok()?, kinds.split(", ").collect()))
    });
    assert_eq!(rows.collect::<BTreeMap<u8, BTreeSet<&str>>>(), tested);
}

/// Which attack of the list the test that begins on this line withstands.
fn attack_of(line: &str) -> Option<u8> {
    let line = line.trim_start();
    let starts = ["fn threat_", "async fn threat_", "it(\"threat_"];
    let rest = starts.iter().find_map(|start| line.strip_prefix(start))?;
    rest.split('_').next()?.parse().ok()
}

#[test]
fn a_clone_works_alone_on_any_machine() {
    // Put together here, so that this file does not find itself.
    let home = ["/ro", "ot/"].concat();
    let outside = ["../sha", "red"].concat();
    for needle in [home, outside] {
        let hits =
            lines_with(&needle, &["rs", "toml", "sh", "ts", "svelte", "mjs", "json", "py", "md", "yml"]);
        assert!(hits.is_empty(), "{needle} leads out of the clone: {hits:#?}");
    }
}

#[test]
fn lock_files_name_no_registry_of_somebody_s_own() {
    let hits = lines_with("\"resolved\": \"http", &["json"]);
    assert!(hits.is_empty(), "run npm with the .npmrc beside the lock file: {:?}", hits.first());
}

fn allowance(table: &[(&str, &'static [&'static str])], name: &str) -> Option<&'static [&'static str]> {
    table.iter().find(|(room, _)| *room == name).map(|(_, rooms)| *rooms)
}

fn means(library: &str, name: &str) -> bool {
    library.strip_suffix('*').map_or(library == name, |start| name.starts_with(start))
}

fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn rooms() -> Vec<Room> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(house())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(room).collect()
}

fn room(package: &Value) -> Room {
    let dependency = |it: &Value| Dependency {
        name: it["name"].as_str().unwrap().to_owned(),
        ours: it["source"].is_null(),
        in_tests: it["kind"] == "dev",
    };
    Room {
        name: package["name"].as_str().unwrap().to_owned(),
        dependencies: package["dependencies"].as_array().unwrap().iter().map(dependency).collect(),
    }
}

#[derive(Debug)]
struct Hit {
    file: PathBuf,
    line: String,
}

/// Lines with `needle` in the project's own text files of these kinds.
fn lines_with(needle: &str, kinds: &[&str]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for file in tracked_files() {
        if !file.extension().is_some_and(|kind| kinds.iter().any(|wanted| kind == *wanted)) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(house().join(&file)) else { continue };
        let found = text.lines().filter(|line| line.contains(needle));
        hits.extend(found.map(|line| Hit { file: file.clone(), line: line.to_owned() }));
    }
    hits
}

/// What git tracks, or would: a file forgotten in the working tree counts.
fn tracked_files() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(house())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(PathBuf::from).collect()
}
