//! The first five minutes, by clicks alone: an identity, the playground, an agent, a delegation, a call.

use crate::desk::{answer, connect, meanwhile};
use anyhow::Result;
use journeys::desktop::Desktop;
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
    app.turn_to("main").await?;
    app.fill("Your name, as receipts show it", "Ada").await?;
    app.press("Make identity").await?;

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
