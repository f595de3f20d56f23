//! Threat 30: nobody but the human drives the windows.

use anyhow::Result;
use journeys::desktop::Desktop;
use journeys::program;
use std::net::TcpListener;

/// The names of a process's environment, as the system sees them.
fn environment_of(process: u32) -> Result<Vec<String>> {
    let block = std::fs::read(format!("/proc/{process}/environ"))?;
    let names = block.split(|byte| *byte == 0).map(|line| String::from_utf8_lossy(line).into_owned());
    Ok(names.filter_map(|line| line.split_once('=').map(|(name, _)| name.to_owned())).collect())
}

#[tokio::test]
async fn threat_30_the_app_drops_variables_that_would_let_others_drive_or_inspect_it() -> Result<()> {
    let desktop = Desktop::start().await?;
    let inspector = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let app = desktop
        .command(program("countersign-app"))
        .env("TAURI_WEBVIEW_AUTOMATION", "true")
        .env("WEBKIT_INSPECTOR_SERVER", &inspector)
        .env("WEBKIT_INSPECTOR_HTTP_SERVER", &inspector)
        .spawn()?;
    // By the time the icon is there, so are the windows.
    desktop.tray.icon().await?;
    let names = environment_of(app.id().unwrap_or_default())?;
    assert!(names.iter().any(|name| name == "DISPLAY"), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("AUTOMATION") || name.contains("INSPECTOR")), "{names:?}");
    assert!(tokio::net::TcpStream::connect(&inspector).await.is_err(), "something inspects at {inspector}");
    Ok(())
}

#[tokio::test]
async fn threat_30_a_driver_that_starts_the_app_gets_no_session() -> Result<()> {
    let desktop = Desktop::start().await?;
    // The same driver does drive the program that is made for it.
    desktop.open_app(&[]).await?.close().await?;
    let refused = desktop.open_program("countersign-app", &[]).await.err();
    assert!(refused.is_some(), "WebDriver drives the app that people install");
    Ok(())
}
