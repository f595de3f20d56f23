//! The real opener, found in `PATH`: a program called `xdg-open` that a test puts there.

use crate::hostile::{Behaviour, hostile};
use crate::world::{FakeBrowser, world};
use async_trait::async_trait;
use oauth::{Browser, OAuthError, SystemBrowser};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;
use url::Url;

/// A folder with an `xdg-open` that writes down what it was called with.
fn opener(exit: u8) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("xdg-open");
    let script =
        format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > '{}/arguments'\nexit {exit}\n", dir.path().display());
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

/// Opens with `system` and goes on as the human at the page would.
struct Human {
    system: SystemBrowser,
    dir: TempDir,
    human: FakeBrowser,
}

#[async_trait]
impl Browser for Human {
    async fn open(&self, url: &Url) -> Result<(), OAuthError> {
        self.system.open(url).await?;
        let arguments = fs::read_to_string(self.dir.path().join("arguments")).unwrap();
        let lines: Vec<_> = arguments.lines().collect();
        assert_eq!(lines, [url.as_str()], "one argument, the address");
        self.human.open(url).await
    }
}

#[tokio::test]
async fn threat_01_the_desktops_opener_gets_the_address_as_its_one_argument() {
    let server = hostile(Behaviour::default()).await;
    let world = world(&server.url);
    let dir = opener(0);
    let human = Human { system: SystemBrowser::in_path(dir.path()), dir, human: FakeBrowser::honest() };
    world.log_in(&human).await.unwrap();
}

#[tokio::test]
async fn threat_01_the_opener_is_not_called_for_anything_but_a_web_page() {
    let dir = opener(0);
    let browser = SystemBrowser::in_path(dir.path());
    for url in ["file:///etc/passwd", "javascript:alert(1)", "mailto:a@example.com"] {
        assert!(browser.open(&Url::parse(url).unwrap()).await.is_err(), "{url}");
    }
    assert!(!dir.path().join("arguments").exists());
}

#[tokio::test]
async fn a_desktop_without_a_browser_ends_the_login_at_once() {
    let server = hostile(Behaviour::default()).await;
    let world = world(&server.url);
    let fails = opener(3);
    let error = world.log_in(&SystemBrowser::in_path(fails.path())).await.unwrap_err();
    assert!(matches!(error, OAuthError::Browser(_)), "{error}");
    let empty = tempfile::tempdir().unwrap();
    let error = world.log_in(&SystemBrowser::in_path(empty.path())).await.unwrap_err();
    assert!(error.to_string().contains("xdg-utils"), "{error}");
}
