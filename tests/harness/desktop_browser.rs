//! The system browser: an `xdg-open` first in `PATH` that hands its argument to the test.

use crate::desktop::PATIENCE;
use anyhow::{Context, Result};
use rustix::fs::{FileType, Mode, mknodat};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::unix::pipe;
use tokio::sync::Mutex;

/// What is opened in the browser.
pub struct Browser {
    opened: Mutex<Lines<BufReader<pipe::Receiver>>>,
}

impl Browser {
    /// Installs it in `home/bin`.
    ///
    /// # Errors
    /// When the files can't be made.
    pub fn install(home: &Path) -> Result<Self> {
        let (bin, fifo) = (home.join("bin"), home.join("opened"));
        std::fs::create_dir(&bin)?;
        mknodat(rustix::fs::CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        let script = format!("#!/bin/sh\nprintf '%s\\n' \"$1\" > '{}'\n", fifo.display());
        std::fs::write(bin.join("xdg-open"), script)?;
        std::fs::set_permissions(bin.join("xdg-open"), std::fs::Permissions::from_mode(0o755))?;
        // Opened for writing too, so that it does not end between two addresses.
        let opened = pipe::OpenOptions::new().read_write(true).open_receiver(&fifo)?;
        Ok(Self { opened: Mutex::new(BufReader::new(opened).lines()) })
    }

    /// Waits for the next address to be opened.
    ///
    /// # Errors
    /// When none is.
    pub async fn next(&self) -> Result<String> {
        let next = async { self.opened.lock().await.next_line().await };
        tokio::time::timeout(PATIENCE, next)
            .await
            .context("nothing was opened in the browser")??
            .context("closed")
    }

    /// Waits for the next address, opens it as a browser does, and agrees where a page asks; the address.
    ///
    /// # Errors
    /// When none is opened, or the login does not come to its end.
    pub async fn agree(&self) -> Result<String> {
        let address = self.next().await?;
        let browser = reqwest::Client::builder().cookie_store(true).build()?;
        let page = browser.get(&address).send().await?.error_for_status()?;
        let at = page.url().clone();
        if let Some(ticket) = ticket(&page.text().await?) {
            let click = [("ticket", ticket.as_str()), ("decision", "allow")];
            browser.post(at.join("/authorize")?).form(&click).send().await?.error_for_status()?;
        }
        Ok(address)
    }
}

/// What the playground's page sends along with a click.
fn ticket(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("name=\"ticket\" value=\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}
