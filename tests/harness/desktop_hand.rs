//! What a human does in a window besides pressing buttons: follows links, types into fields, picks from choices.

use crate::desktop::{Desktop, PATIENCE};
use crate::desktop_app::App;
use anyhow::{Context, Result};
use fantoccini::Locator;
use fantoccini::elements::Element;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

impl App {
    /// Waits for a link with these words, and follows it.
    ///
    /// # Errors
    /// When there is none.
    pub async fn follow(&self, words: &str) -> Result<()> {
        self.click(&format!("//a[@href][contains(normalize-space(.), '{words}')]"), words).await
    }

    /// Waits for the field with this label, empties it, and types.
    ///
    /// # Errors
    /// When there is none.
    pub async fn fill(&self, label: &str, text: &str) -> Result<()> {
        let field =
            self.seen(&format!("//*[@id = //label[normalize-space(.) = '{label}']/@for]"), label).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Waits for the choice with these words, a radio in its label, and picks it.
    ///
    /// # Errors
    /// When there is none.
    pub async fn pick(&self, words: &str) -> Result<()> {
        let choice = format!("//label[.//input[@type='radio']][contains(normalize-space(.), '{words}')]");
        self.click(&choice, words).await
    }

    /// Waits for the box with these words, and ticks it.
    ///
    /// # Errors
    /// When there is none.
    pub async fn tick(&self, words: &str) -> Result<()> {
        let choice = format!("//label[.//input[@type='checkbox']][contains(normalize-space(.), '{words}')]");
        self.click(&choice, words).await
    }

    /// Waits for the row of a table that says `words`, and clicks it.
    ///
    /// # Errors
    /// When there is none.
    pub async fn open_row(&self, words: &str) -> Result<()> {
        let cell = format!("//tbody/tr/td[contains(normalize-space(.), '{words}')]");
        self.click(&cell, words).await
    }

    /// Waits for what `xpath` finds, and clicks it. A list that was drawn anew in between has another element in its place, and
    /// on a busy machine the driver may refuse; a window that is gone stays gone.
    pub(crate) async fn click(&self, xpath: &str, words: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let clicked = match self.client.find(Locator::XPath(xpath)).await {
                Ok(element) => element.click().await,
                Err(error) => Err(error),
            };
            match clicked {
                Ok(()) => return Ok(()),
                Err(error) if error.is_no_such_window() || Instant::now() > deadline => {
                    return Err(error).with_context(|| format!("{words:?} takes no click in this window"));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    async fn seen(&self, xpath: &str, words: &str) -> Result<Element> {
        let waiting = self.client.wait().at_most(PATIENCE).for_element(Locator::XPath(xpath));
        waiting.await.with_context(|| format!("the window has no {words:?} to act on"))
    }
}

impl Desktop {
    /// Waits for the desktop's own dialog for folders, types the path, and confirms. What is typed before the dialog
    /// listens is lost, and a path with a hole in it is confirmed in vain: so each try types it anew.
    ///
    /// # Errors
    /// When no dialog opens, or it stays.
    pub async fn choose_folder(&self, folder: &Path) -> Result<()> {
        self.hand(&["search", "--sync", "--onlyvisible", "--name", "^Select"])
            .await
            .context("no dialog for folders opened")?;
        let path = folder.to_string_lossy();
        let open = ["search", "--onlyvisible", "--name", "^Select", "windowfocus"];
        let deadline = Instant::now() + PATIENCE;
        while self.hand(&open).await.is_ok() {
            anyhow::ensure!(Instant::now() < deadline, "the dialog for folders stays");
            self.hand(&["key", "ctrl+a"]).await?;
            self.hand(&["type", "--delay", "20", &path]).await?;
            // The first may only close the list of completions.
            for _ in 0..2 {
                if self.hand(&open).await.is_ok() {
                    self.hand(&["key", "Return"]).await?;
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        }
        Ok(())
    }

    async fn hand(&self, args: &[&str]) -> Result<()> {
        let moving = self.command("xdotool").args(args).stdout(Stdio::null()).status();
        let done = tokio::time::timeout(PATIENCE, moving).await??;
        anyhow::ensure!(done.success(), "xdotool {args:?}: {done}");
        Ok(())
    }
}
