//! Opening a login page in the human's browser.

use crate::Out;
use std::process::{Command, Stdio};
use url::Url;

/// Opens a web page. Anything but http(s) is left alone: a page's address came from a server, and `xdg-open` would start
/// what else is named there.
pub(super) fn open(page: &Url, out: &Out) {
    if !matches!(page.scheme(), "http" | "https") {
        return out.note("That is no web page, so it was not opened.");
    }
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started = Command::new(opener)
        .arg(page.as_str())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match started {
        Ok(mut child) => {
            // Reaped in the background; whether a page appeared, the human sees.
            std::thread::spawn(move || child.wait());
        }
        Err(error) => out.note(&format!("{opener} did not start ({error}); open the page yourself.")),
    }
}
