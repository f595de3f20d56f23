//! The owner's own looks at a server use its login: each is in the record, and a crowd of them is one.

use journeys::{Protected, Wallet};

#[tokio::test(flavor = "multi_thread")]
async fn threat_04_looks_at_a_server_are_recorded_and_a_crowd_of_them_is_one() {
    let (notes, wallet) = (Protected::start(3600).await, Wallet::new().await);
    wallet.add_and_log_in("notes", &notes.mcp).await;
    let before = notes.stats().await["headers"].as_array().unwrap().len();

    let crowd = (0..8).map(|_| wallet.anyone(&["server", "show", "notes"]));
    let shown = futures_util::future::join_all(crowd).await;

    assert!(shown.iter().all(|shown| shown.to_string().contains("read_note")), "{shown:?}");
    let looks = wallet.receipts("server.looked").await;
    assert_eq!(looks.len(), 1, "{looks:?}");
    assert_eq!(looks[0]["server"], "notes");
    let requests = notes.stats().await["headers"].as_array().unwrap().len() - before;
    assert!(requests <= 5, "one greeting, one list and one farewell, not {requests} requests");
}
