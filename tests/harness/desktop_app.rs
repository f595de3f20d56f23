//! The app under WebDriver: its windows, what they say, clicks and keys, screenshots.

use crate::desktop::{Desktop, PATIENCE};
use anyhow::{Context, Result};
use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Child;

/// The running app.
pub struct App {
    /// The WebDriver session, for what is not said here.
    pub client: Client,
    _driver: Child,
}

impl App {
    /// Starts it in `desktop`, by way of a driver of its own.
    pub(crate) async fn start(desktop: &Desktop, program: &Path, args: &[&str]) -> Result<Self> {
        let port = free_port()?;
        let driver = desktop
            .command("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("WebKitWebDriver does not start; is it installed?")?;
        listening(port).await?;
        let options = json!({"binary": program, "args": args});
        let capabilities = [("webkitgtk:browserOptions".to_owned(), options)].into_iter().collect();
        let connector = hyper_util::client::legacy::connect::HttpConnector::new();
        let mut builder = ClientBuilder::new(connector);
        let address = format!("http://127.0.0.1:{port}");
        let client = tokio::time::timeout(PATIENCE, builder.capabilities(capabilities).connect(&address))
            .await
            .context("the app does not come up under WebDriver")??;
        Ok(Self { client, _driver: driver })
    }

    /// Waits for the window with this label, `main` or `approval`, and turns to it.
    ///
    /// # Errors
    /// When there is none.
    pub async fn turn_to(&self, label: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            for window in self.client.windows().await? {
                // A window may close between the two questions.
                if self.client.switch_to_window(window).await.is_ok()
                    && self.label().await.is_ok_and(|l| l == label)
                {
                    return Ok(());
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::bail!("there is no window {label:?}")
    }

    /// Waits until no window has this label, and turns to the main one.
    ///
    /// # Errors
    /// When it stays.
    pub async fn gone(&self, label: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let windows = self.client.windows().await?;
            let mut seen = false;
            for window in windows {
                seen |= self.client.switch_to_window(window).await.is_ok()
                    && self.label().await.is_ok_and(|l| l == label);
            }
            if !seen {
                return self.turn_to("main").await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::bail!("the window {label:?} does not go")
    }

    /// Waits for an element.
    ///
    /// # Errors
    /// When it does not appear.
    pub async fn find(&self, css: &str) -> Result<Element> {
        let waiting = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css));
        waiting.await.with_context(|| format!("the window shows no {css:?}"))
    }

    /// Waits until the window says `words` somewhere.
    ///
    /// # Errors
    /// When it does not.
    pub async fn says(&self, words: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut text = String::new();
        while Instant::now() < deadline {
            text = self.find("body").await?.text().await?;
            if text.contains(words) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::bail!("the window does not say {words:?} but: {text}")
    }

    /// Waits for a button with these words that may be pressed, and presses it.
    ///
    /// # Errors
    /// When there is none.
    pub async fn press(&self, words: &str) -> Result<()> {
        let xpath =
            format!("//button[contains(normalize-space(.), '{words}') and not(@aria-disabled='true')]");
        self.click(&xpath, words).await
    }

    /// Calls a command of the app as the page of this window, past its buttons.
    ///
    /// # Errors
    /// When the call can't be made; a refusal by the app is `Ok(Err(reason))`.
    pub async fn invoke(&self, command: &str, arguments: Value) -> Result<std::result::Result<Value, Value>> {
        const SCRIPT: &str = "const [command, args, done] = arguments;
            window.__TAURI_INTERNALS__.invoke(command, args).then(ok => done({ok}), error => done({error}));";
        let mut answer = self.client.execute_async(SCRIPT, vec![json!(command), arguments]).await?;
        Ok(match answer.get_mut("error") {
            Some(error) => Err(error.take()),
            None => Ok(answer.get_mut("ok").map(Value::take).unwrap_or_default()),
        })
    }

    /// Writes what the window looks like now to a PNG.
    ///
    /// # Errors
    /// When the file can't be written.
    pub async fn picture(&self, path: impl AsRef<Path>) -> Result<()> {
        const TWO_FRAMES: &str =
            "const [done] = arguments; requestAnimationFrame(() => requestAnimationFrame(() => done(null)))";
        self.client.execute_async(TWO_FRAMES, vec![]).await?;
        Ok(std::fs::write(path, self.client.screenshot().await?)?)
    }

    /// Ends the app.
    ///
    /// # Errors
    /// When the driver is gone.
    pub async fn close(self) -> Result<()> {
        Ok(self.client.close().await?)
    }

    async fn label(&self) -> Result<String> {
        const SCRIPT: &str = "return window.__TAURI_INTERNALS__.metadata.currentWindow.label";
        let label = self.client.execute(SCRIPT, vec![]).await?;
        label.as_str().map(str::to_owned).context("no label")
    }
}

/// WebKitWebDriver takes no port 0, so it is given one that was free a moment ago.
pub(crate) fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

pub(crate) async fn listening(port: u16) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        anyhow::ensure!(Instant::now() < deadline, "nothing listens on port {port}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
