//! What the human sets in the window holds, and what is taken away goes from the window.

use crate::desk::{done, make_identity, skip_first_run};
use anyhow::Result;
use journeys::desktop::Desktop;
use journeys::desktop_app::App;
use serde_json::json;

async fn at_home(desktop: &Desktop) -> Result<App> {
    let app = desktop.open_app(&[]).await?;
    make_identity(&app).await?;
    skip_first_run(&app).await?;
    Ok(app)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_settings_changed_one_after_the_other_both_hold() -> Result<()> {
    let desktop = Desktop::start().await?;
    let app = at_home(&desktop).await?;
    app.follow("Settings").await?;
    app.find("select[aria-label^='Lock']").await?.select_by_value("30").await?;
    app.find("select[aria-label='Theme']").await?.select_by_value("dark").await?;
    app.find("html[data-theme='dark']").await?;
    let wallet = done(&app, "snapshot", json!({})).await?;
    assert_eq!(wallet["settings"]["lockAfterMinutes"], 30, "the second change took the first one back");
    assert_eq!(wallet["settings"]["theme"], "dark");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_removed_goes_from_the_window_and_one_named_playground_only_by_the_human()
-> Result<()> {
    let desktop = Desktop::start().await?;
    let app = at_home(&desktop).await?;
    let transport = json!({"kind": "stdio", "command": "cat", "args": [], "cwd": null, "env": []});
    done(&app, "add_server", json!({"server": {"name": "playground", "transport": transport}})).await?;
    app.follow("Servers").await?;
    app.says("playground").await?;

    let refused = app.invoke("start_playground", json!({})).await?.expect_err("it took a server away");
    assert_eq!(refused["code"], "name_taken", "{refused}");
    app.says("playground").await?;

    done(&app, "remove_server", json!({"name": "playground"})).await?;
    app.says("No server yet").await?;
    app.close().await
}
