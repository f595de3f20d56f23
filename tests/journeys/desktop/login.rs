//! A server behind a login is added in the window; the human logs in there, and out again.

use crate::desk::{make_identity, skip_first_run};
use anyhow::Result;
use journeys::Protected;
use journeys::desktop::Desktop;
use journeys::desktop_app::App;
use serde_json::json;

/// A new wallet, with Home in its window.
async fn at_home(desktop: &Desktop) -> Result<App> {
    let app = desktop.open_app(&[]).await?;
    make_identity(&app).await?;
    skip_first_run(&app).await?;
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

/// Ends, at the authorization server, every login of the client that opened `address`.
async fn end_logins(notes: &Protected, address: &str) -> Result<()> {
    let address: reqwest::Url = address.parse()?;
    let client = address.query_pairs().find(|(name, _)| name == "client_id").map(|(_, id)| id.into_owned());
    let client = client.unwrap_or_default();
    for token in notes.tokens().await {
        let ended = [("token", token.as_str()), ("client_id", &client)];
        let revocation = format!("{}/token/revocation", notes.issuer);
        reqwest::Client::new().post(revocation).form(&ended).send().await?.error_for_status()?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_the_server_ended_is_told_as_such_and_the_human_logs_in_again() -> Result<()> {
    let (desktop, notes) = (Desktop::start().await?, Protected::start(3600).await);
    let app = at_home(&desktop).await?;
    add(&app, &notes).await?;
    app.press("Log in to notes").await?;
    let opened = desktop.browser.agree().await?;
    app.says("Your login").await?;

    end_logins(&notes, &opened).await?;
    app.follow("Home").await?;
    app.follow("Servers").await?;
    app.says("notes no longer accepts this login").await?;
    app.says("The server wants a login").await?;
    app.follow("Home").await?;
    app.says("notes ended the login").await?;
    app.press("Log in").await?;
    desktop.browser.agree().await?;
    app.follow("Servers").await?;
    app.says("Your login").await?;
    app.close().await
}
