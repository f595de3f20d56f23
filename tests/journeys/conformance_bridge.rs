//! The official conformance suite through the wallet: what it finds is what it finds without.

use journeys::bridged::{Besides, Bridged, Reach, alone};
use journeys::conformance::{Endpoint, Revision};

/// Prompts are granted by name, and no list of them is pinned.
const OURS: Besides = Besides {
    tools: &[],
    prompts: &[
        "test_simple_prompt",
        "test_prompt_with_arguments",
        "test_prompt_with_embedded_resource",
        "test_prompt_with_image",
        "test_input_required_result_prompt",
    ],
};

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_finds_nothing_else_through_the_bridge_with_a_server_over_http() {
    let (direct, served) = (Endpoint::http().await, Endpoint::http().await);
    let through = Bridged::to(Reach::Url(served.url().to_owned()), &OURS).await;
    same(&direct, &through, &[Revision::Legacy, Revision::Modern]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_finds_nothing_else_through_the_bridge_with_a_server_over_stdio() {
    let direct = Endpoint::http().await;
    let through = Bridged::to(Reach::Command(alone("conformance-server", "stdio")), &OURS).await;
    same(&direct, &through, &[Revision::Legacy, Revision::Modern]).await;
}

async fn same(direct: &Endpoint, through: &Bridged, revisions: &[Revision]) {
    for &revision in revisions {
        let ((direct, _), (through, verdict)) =
            tokio::join!(direct.examine(revision), through.endpoint.examine(revision));
        let differences: Vec<_> = through.differences(&direct).iter().map(ToString::to_string).collect();
        assert!(differences.is_empty(), "{revision:?}: {differences:#?}");
        assert_eq!(verdict, Some(0), "{revision:?}");
    }
    through.wallet.ledger_verifies().await;
}
