//! The official conformance suite against our own server, which the wallet is measured with: it passes whole, over HTTP and
//! over stdio.

use journeys::conformance::{Endpoint, REVISIONS};
use journeys::program;
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn our_conformance_server_passes_the_official_suite_in_both_eras() {
    let server = Endpoint::http().await;
    for revision in REVISIONS {
        let (report, verdict) = server.examine(revision).await;
        let failed: Vec<_> = ["FAILURE", "WARNING"].iter().flat_map(|it| report.with_status(it)).collect();
        assert_eq!(verdict, Some(0), "{revision:?}: {failed:#?}");
        // What counts for no verdict, such as tasks, passes as well.
        assert!(failed.is_empty(), "{revision:?}: {failed:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_the_front_the_same_server_gives_the_same_report_over_stdio() {
    let stdio = [program("conformance-server").to_string_lossy().into_owned(), "stdio".into()];
    let (http, stdio) = (Endpoint::http().await, Endpoint::front(&stdio, |_| {}).await);
    for revision in REVISIONS {
        let ((direct, _), (through, verdict)) = (http.examine(revision).await, stdio.examine(revision).await);
        let differences: Vec<_> = through.differences(&direct).iter().map(ToString::to_string).collect();
        assert!(differences.is_empty(), "{revision:?}: {differences:#?}");
        assert_eq!(verdict, Some(0), "{revision:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_tells_a_server_that_has_little_from_one_that_has_all() {
    let mut little = Command::new(program("echo-server"));
    little.arg("http");
    let (little, all) = (Endpoint::start(little).await, Endpoint::http().await);
    for revision in REVISIONS {
        let ((direct, _), (other, verdict)) = (all.examine(revision).await, little.examine(revision).await);
        assert_eq!(verdict, Some(1), "{revision:?}");
        assert!(other.differences(&direct).len() > 20, "{revision:?}");
    }
}
