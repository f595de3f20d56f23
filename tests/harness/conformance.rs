//! The official conformance suite, run against an MCP server by its address, and two of its reports compared.

use crate::wallet::{PATIENCE, said};
use crate::{parts_dir, program};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A revision of the specification that the suite has requirements for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// 2025-11-25, with sessions.
    Legacy,
    /// 2026-07-28, without.
    Modern,
}

/// Both.
pub const REVISIONS: [Revision; 2] = [Revision::Legacy, Revision::Modern];

/// How long the suite may take: some fifteen seconds, most of them spent waiting, on an idle machine.
const WHOLE_RUN: Duration = Duration::from_secs(300);

/// Something the suite can reach: a program that prints its address. Ended when dropped.
pub struct Endpoint {
    url: String,
    _child: Child,
}

/// What the suite found: each scenario's checks, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report(BTreeMap<String, Vec<Check>>);

/// One finding. The same check may be made more than once in a scenario, and under more than one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Check {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `SUCCESS`, `FAILURE`, `WARNING`, `SKIPPED` or `INFO`.
    pub status: String,
}

/// A finding that one run made more often than the other.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference<'a> {
    /// Where it was made.
    pub scenario: &'a str,
    /// The finding.
    pub check: &'a Check,
    /// How often the direct run made it.
    pub direct: usize,
    /// How often the other run did.
    pub through: usize,
}

impl Revision {
    /// Its date.
    #[must_use]
    pub fn date(self) -> &'static str {
        match self {
            Self::Legacy => "2025-11-25",
            Self::Modern => "2026-07-28",
        }
    }
}

impl Endpoint {
    /// Our own server, over Streamable HTTP.
    pub async fn http() -> Self {
        let mut server = Command::new(program("conformance-server"));
        server.arg("http");
        Self::start(server).await
    }

    /// Streamable HTTP in front of `words`, a command that speaks MCP over stdio, in the environment of `settle`.
    pub async fn front(words: &[String], settle: impl FnOnce(&mut Command)) -> Self {
        let mut front = Command::new(program("conformance-server"));
        settle(&mut front);
        front.arg("front").args(words);
        Self::start(front).await
    }

    /// Whatever `command` serves, at the address it prints first.
    ///
    /// # Panics
    /// When it prints none.
    pub async fn start(mut command: Command) -> Self {
        // It ends with its input, and so with the journey.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url =
            tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("it prints no address").unwrap();
        Self { url: url.expect("it ended at once"), _child: child }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs the suite against it: what was found, and the suite's own verdict.
    ///
    /// # Panics
    /// When the suite did not run.
    pub async fn examine(&self, revision: Revision) -> (Report, Option<i32>) {
        let out = tempfile::tempdir().unwrap();
        let modules = parts_dir().join("conformance/node_modules");
        let mut suite = Command::new(node(&modules));
        suite.arg(modules.join("@modelcontextprotocol/conformance/dist/index.js"));
        suite.args(["server", "--url", &self.url, "--requirements", revision.date(), "--output-dir"]);
        suite.arg(out.path()).stdin(Stdio::null()).kill_on_drop(true);
        let ended =
            tokio::time::timeout(WHOLE_RUN, suite.output()).await.expect("the suite does not end").unwrap();
        let report = Report::read(out.path());
        assert!(!report.0.is_empty(), "the suite found nothing: {}", said(&ended));
        (report, ended.status.code())
    }
}

impl Report {
    /// What differs between this run and a direct one.
    #[must_use]
    pub fn differences<'a>(&'a self, direct: &'a Self) -> Vec<Difference<'a>> {
        let scenarios: BTreeSet<&str> = self.0.keys().chain(direct.0.keys()).map(String::as_str).collect();
        scenarios.into_iter().flat_map(|scenario| difference(scenario, self, direct)).collect()
    }

    /// The findings with this status.
    pub fn with_status(&self, status: &str) -> impl Iterator<Item = (&str, &Check)> {
        let all =
            self.0.iter().flat_map(|(scenario, checks)| checks.iter().map(|it| (scenario.as_str(), it)));
        all.filter(move |(_, check)| check.status == status)
    }

    fn read(out: &Path) -> Self {
        let folders = std::fs::read_dir(out).unwrap().map(|folder| folder.unwrap().path());
        let scenarios = folders.filter_map(|folder| {
            let scenario = scenario(folder.file_name()?.to_str()?)?.to_owned();
            let checks = std::fs::read(folder.join("checks.json")).ok()?;
            let checks: Vec<Value> = serde_json::from_slice(&checks).ok()?;
            Some((scenario, checks.iter().map(Check::read).collect()))
        });
        Self(scenarios.collect())
    }
}

impl Check {
    fn read(check: &Value) -> Self {
        let text = |name: &str| check[name].as_str().unwrap_or_default().to_owned();
        Self { id: text("id"), name: text("name"), status: text("status") }
    }
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Check { id, name, status } = self.check;
        let Self { scenario, direct, through, .. } = self;
        write!(f, "{scenario}: {id} ({name}) {status}: {direct} × directly, {through} × through")
    }
}

fn difference<'a>(scenario: &'a str, through: &'a Report, direct: &'a Report) -> Vec<Difference<'a>> {
    let mut counts: BTreeMap<&Check, (usize, usize)> = BTreeMap::new();
    for check in direct.0.get(scenario).into_iter().flatten() {
        counts.entry(check).or_default().0 += 1;
    }
    for check in through.0.get(scenario).into_iter().flatten() {
        counts.entry(check).or_default().1 += 1;
    }
    let unequal = counts.into_iter().filter(|(_, (direct, through))| direct != through);
    unequal.map(|(check, (direct, through))| Difference { scenario, check, direct, through }).collect()
}

/// The scenario whose findings are in a folder: `server-SCENARIO-TIME`.
fn scenario(folder: &str) -> Option<&str> {
    const TIME: usize = "-2026-01-01T00-00-00-000Z".len();
    let named = folder.strip_prefix("server-")?;
    named.get(..named.len().checked_sub(TIME)?)
}

/// The Node that the suite runs on: newer than the one the other parts need.
fn node(modules: &Path) -> std::path::PathBuf {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let node = modules.join(format!("node-linux-{arch}/bin/node"));
    assert!(node.is_file(), "{} is missing; run `scripts/setup.sh test`", node.display());
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(statuses: &[&str]) -> Report {
        let check = |status: &&str| Check { id: "id".into(), name: "Name".into(), status: (*status).into() };
        Report(BTreeMap::from([("ping".to_owned(), statuses.iter().map(check).collect())]))
    }

    #[test]
    fn a_run_differs_by_what_it_found_more_or_less_often_and_not_by_order() {
        let direct = report(&["SUCCESS", "SUCCESS", "INFO"]);
        assert_eq!(report(&["INFO", "SUCCESS", "SUCCESS"]).differences(&direct), []);
        let through = report(&["SUCCESS", "FAILURE", "INFO"]);
        let said: Vec<String> = through.differences(&direct).iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "ping: id (Name) FAILURE: 0 × directly, 1 × through",
                "ping: id (Name) SUCCESS: 2 × directly, 1 × through"
            ]
        );
        assert_eq!(Report::default().differences(&direct).len(), 2);
    }

    #[test]
    fn a_folder_names_its_scenario() {
        assert_eq!(scenario("server-tools-list-2026-11-20T15-27-31-697Z"), Some("tools-list"));
        assert_eq!(scenario("tools-list"), None);
        assert_eq!(scenario("server-x"), None);
    }
}
