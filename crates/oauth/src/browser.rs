//! Opening the human's own browser. The address is one argument of one program, never a shell line.

use crate::OAuthError;
use async_trait::async_trait;
use std::ffi::OsString;
use std::process::Stdio;
use tokio::process::Command;
use url::Url;

#[cfg(target_os = "macos")]
const OPENER: (&str, &[&str]) = ("open", &[]);
#[cfg(windows)]
const OPENER: (&str, &[&str]) = ("rundll32", &["url.dll,FileProtocolHandler"]);
#[cfg(not(any(target_os = "macos", windows)))]
const OPENER: (&str, &[&str]) = ("xdg-open", &[]);

/// Something that shows the human a web page.
#[async_trait]
pub trait Browser: Send + Sync {
    /// Shows `url`, which is https or http on loopback. May return as late as the browser is closed.
    ///
    /// # Errors
    /// [`OAuthError::Browser`] when no page is shown.
    async fn open(&self, url: &Url) -> Result<(), OAuthError>;
}

/// The desktop's default browser.
#[derive(Clone, Debug, Default)]
pub struct SystemBrowser {
    path: Option<OsString>,
}

impl SystemBrowser {
    /// Looks for the desktop's opener in `path` instead of the wallet's own `PATH`.
    #[must_use]
    pub fn in_path(path: impl Into<OsString>) -> Self {
        Self { path: Some(path.into()) }
    }
}

#[async_trait]
impl Browser for SystemBrowser {
    async fn open(&self, url: &Url) -> Result<(), OAuthError> {
        let (program, args) = OPENER;
        let failed = |why: String| OAuthError::Browser(format!("{program}: {why}"));
        // What follows is the second lock on a door that discovery has locked already.
        if !matches!(url.scheme(), "https" | "http") {
            return Err(failed("only web pages are opened".into()));
        }
        let mut command = Command::new(program);
        command.args(args).arg(url.as_str());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        let ended = command.spawn().map_err(|error| failed(error.to_string()))?.wait().await;
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(failed(status.to_string())),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}
