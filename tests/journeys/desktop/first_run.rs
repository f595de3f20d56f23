//! The first five minutes, by clicks alone: an identity, the playground, an agent, a delegation, a call.

use crate::desk::{answer, connect, make_identity, meanwhile, skip_first_run};
use anyhow::Result;
use journeys::desktop::{Desktop, Keyring};
use journeys::desktop_app::App;
use journeys::{refusal, text};
use serde_json::json;

/// Signs, in the window, that `scribe` may do what the preset says.
async fn sign(app: &App, preset: &str) -> Result<()> {
    app.follow("Delegate").await?;
    app.pick(preset).await?;
    app.says("read with").await?;
    app.press("Sign").await?;
    app.says("Signed. scribe can use it at once.").await
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_start_to_the_first_call_by_clicks_alone() -> Result<()> {
    let desktop = Desktop::start().await?;
    let app = desktop.open_app(&[]).await?;
    make_identity(&app).await?;
    app.press("Open the playground").await?;
    app.says("playground is added").await?;
    app.press("Log in to playground").await?;
    desktop.browser.agree().await?;
    app.press("Continue").await?;

    app.fill("Name", "scribe").await?;
    app.press("Add agent").await?;
    app.says("mcpServers").await?;
    app.press("Finish").await?;
    sign(&app, "Read only").await?;

    let agent = connect(&desktop)?;
    let hello = meanwhile(agent.initialize(), answer(&app, "Accept")).await?;
    assert!(hello.get("result").is_some(), "{hello}");
    let tools = agent.tools().await;
    assert!(tools.contains(&"playground__list_notes".to_owned()), "{tools:?}");
    let read = agent.call("playground__list_notes", json!({})).await;
    assert!(!text(&read).is_empty(), "{read}");
    let write = agent.call("playground__write_note", json!({"title": "t", "text": "x"})).await;
    assert!(!refusal(&write).is_empty(), "{write}");

    app.gone("approval").await?;
    app.follow("Home").await?;
    app.says("The record is whole.").await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_keyring_can_seal_the_wallet_a_passphrase_does_and_opens_it_again() -> Result<()> {
    const PASSPHRASE: &str = "correct horse battery";
    let desktop = Desktop::start_with(Keyring::Missing).await?;
    let app = desktop.open_app(&[]).await?;
    // Whoever answers on this bus has no open keyring: that is said, and nothing else is done instead.
    make_identity(&app).await?;
    app.find("[role=alert]").await?;
    app.pick("A passphrase").await?;
    app.fill("Passphrase", PASSPHRASE).await?;
    app.fill("The same once more", PASSPHRASE).await?;
    app.press("Make identity").await?;
    skip_first_run(&app).await?;

    app.press("Lock now").await?;
    app.says("Locked").await?;
    app.fill("Passphrase", "not the passphrase").await?;
    app.press("Unlock").await?;
    app.says("That is not the passphrase").await?;
    app.fill("Passphrase", PASSPHRASE).await?;
    app.press("Unlock").await?;
    app.says("Your half is ready").await?;
    app.close().await
}
