//! A server behind a login is added in the window; the human logs in there, and out again.

use anyhow::Result;
use journeys::Protected;
use journeys::desktop::Desktop;
use journeys::desktop_app::App;
use serde_json::json;

/// A new wallet, with Home in its window.
async fn at_home(desktop: &Desktop) -> Result<App> {
    let app = desktop.open_app(&[]).await?;
    app.turn_to("main").await?;
    app.fill("Your name, as receipts show it", "Ada").await?;
    app.press("Make identity").await?;
    app.says("Try it, or bring your own server").await?;
    app.press("Skip").await?;
    app.says("Name your first agent").await?;
    app.press("Skip").await?;
    app.says("Your half is ready").await?;
    Ok(app)
}

/// Adds the server `notes` in the form, up to where the window asks for its login.
async fn add(app: &App, notes: &Protected) -> Result<()> {
    app.follow("Servers").await?;
    app.press("Add a server").await?;
    app.fill("Name", "notes").await?;
    app.fill("Address", &notes.mcp).await?;
    app.press("Add server").await?;
    app.says("You are not logged in to notes").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_human_adds_a_server_logs_in_to_it_and_out_again_in_the_window() -> Result<()> {
    let (desktop, notes) = (Desktop::start().await?, Protected::start(3600).await);
    let app = at_home(&desktop).await?;
    add(&app, &notes).await?;

    app.press("Log in to notes").await?;
    let opened = desktop.browser.agree().await?;
    assert!(opened.starts_with(&notes.issuer), "{opened}");
    app.says("Your login").await?;
    app.says("delete_notes").await?;
    assert_eq!(notes.stats().await["token"], json!({"authorization_code": 1}));

    app.press("Log out").await?;
    app.says("You are not logged in to notes").await?;
    let stats = notes.stats().await;
    assert!(stats["revocations"].as_u64() > Some(0), "the login was not revoked at the server: {stats}");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_the_human_gives_up_leaves_the_server_as_it_was() -> Result<()> {
    let (desktop, notes) = (Desktop::start().await?, Protected::start(3600).await);
    let app = at_home(&desktop).await?;
    add(&app, &notes).await?;

    app.press("Log in to notes").await?;
    desktop.browser.next().await?;
    app.says("The browser is open").await?;
    app.press("Cancel").await?;
    app.says("You are not logged in to notes").await?;

    app.press("Log in to notes").await?;
    desktop.browser.agree().await?;
    app.says("Your login").await?;
    app.close().await
}
