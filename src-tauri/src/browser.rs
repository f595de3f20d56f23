//! Opens the system's browser, for logins.

use std::process::{Command, Stdio};
use url::Url;

/// Opens an address. The wallet's own check comes first; this one makes sure that no other scheme ever gets this far, and
/// that the address can't be read as an option.
pub(crate) fn open(address: &Url) {
    if !matches!(address.scheme(), "https" | "http") {
        tracing::warn!(scheme = address.scheme(), "not opened: neither https nor http");
        return;
    }
    let opening =
        Command::new("xdg-open").arg(address.as_str()).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    match opening {
        // Waited for, so that no dead process stays behind.
        Ok(mut child) => drop(std::thread::spawn(move || child.wait())),
        Err(error) => tracing::warn!(%error, "xdg-open does not start; is a browser installed?"),
    }
}
