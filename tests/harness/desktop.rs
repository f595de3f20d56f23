//! A desktop without a screen: a home, an X server, a session bus and a keyring of its own, all gone when dropped.
//!
//! The test is the rest of the desktop: it hosts the tray, takes the notifications, and is the browser.

use crate::desktop_app::App;
use crate::desktop_browser::Browser;
use crate::desktop_notes::Notes;
use crate::desktop_tray::TrayHost;
use anyhow::{Context, Result};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

/// How long anything on the desktop may take before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What the session's keyring is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyring {
    /// Unlocked, as after a graphical login.
    Open,
    /// There is no Secret Service on the bus.
    Missing,
}

/// One human's session.
pub struct Desktop {
    home: tempfile::TempDir,
    environment: Vec<(String, String)>,
    /// The tray, in which the app's icon appears.
    pub tray: TrayHost,
    /// What the app notified about.
    pub notes: Notes,
    /// What the app opened in the browser.
    pub browser: Browser,
    // Ended when dropped, in this order.
    _keyring: Option<Child>,
    _bus: Child,
    _screen: Child,
}

impl Desktop {
    /// A session with an unlocked keyring.
    ///
    /// # Errors
    /// When a part of the desktop is not installed or does not start.
    pub async fn start() -> Result<Self> {
        Self::start_with(Keyring::Open).await
    }

    /// A session with a keyring of this kind.
    ///
    /// # Errors
    /// When a part of the desktop is not installed or does not start.
    pub async fn start_with(keyring: Keyring) -> Result<Self> {
        let home = tempfile::Builder::new().prefix("desk").tempdir()?;
        let mut environment = environment(home.path())?;
        let browser = Browser::install(home.path())?;
        let (screen, display) = announced(Command::new("Xvfb").args(XVFB), &environment).await?;
        environment.push(("DISPLAY".into(), format!(":{display}")));
        let (bus, address) = announced(Command::new("dbus-daemon").args(BUS), &environment).await?;
        environment.push(("DBUS_SESSION_BUS_ADDRESS".into(), address.clone()));
        let tray = TrayHost::serve(&address).await?;
        let notes = Notes::serve(&address).await?;
        let keyring = match keyring {
            Keyring::Open => Some(unlocked_keyring(&environment, &tray).await?),
            Keyring::Missing => None,
        };
        Ok(Self { home, environment, tray, notes, browser, _keyring: keyring, _bus: bus, _screen: screen })
    }

    /// The human's home folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The whole environment of a program started in this session.
    #[must_use]
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// A program that runs in this session, and ends when its handle is dropped.
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment.iter().cloned()).kill_on_drop(true);
        command
    }

    /// Starts the app under WebDriver.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn open_app(&self, args: &[&str]) -> Result<App> {
        self.open_program("examples/countersign-app-e2e", args).await
    }

    /// Starts a program of this workspace under WebDriver.
    ///
    /// # Errors
    /// When it does not come up, or does not let itself be driven.
    pub async fn open_program(&self, name: &str, args: &[&str]) -> Result<App> {
        App::start(self, &crate::program(name), args).await
    }
}

const XVFB: [&str; 8] = ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"];
const BUS: [&str; 3] = ["--session", "--nofork", "--print-address=1"];

fn environment(home: &Path) -> Result<Vec<(String, String)>> {
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let runtime = home.join("run");
    std::fs::create_dir(&runtime)?;
    std::fs::set_permissions(&runtime, std::fs::Permissions::from_mode(0o700))?;
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".into());
    Ok([
        ("HOME", text(home.into())),
        ("PATH", format!("{}:{path}", text(home.join("bin")))),
        ("LANG", "C.UTF-8".into()),
        ("XDG_RUNTIME_DIR", text(runtime)),
        ("XDG_CONFIG_HOME", text(home.join(".config"))),
        ("XDG_DATA_HOME", text(home.join(".local/share"))),
        ("XDG_STATE_HOME", text(home.join(".local/state"))),
        ("XDG_CACHE_HOME", text(home.join(".cache"))),
        ("GDK_BACKEND", "x11".into()),
        ("NO_AT_BRIDGE", "1".into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into())
}

/// Starts a program and reads the one line by which it says that it is ready.
async fn announced(command: &mut Command, environment: &[(String, String)]) -> Result<(Child, String)> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let command = command.env_clear().envs(environment.iter().cloned());
    let started =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn();
    let mut child = started.with_context(|| format!("{name} does not start; is it installed?"))?;
    let out = child.stdout.take().context("no standard output")?;
    let mut lines = BufReader::new(out).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line())
        .await
        .with_context(|| format!("{name} is silent"))?;
    // Whoever closes the pipe of a running server ends it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((child, line?.with_context(|| format!("{name} ended at once"))?))
}

async fn unlocked_keyring(environment: &[(String, String)], bus: &TrayHost) -> Result<Child> {
    let mut child = Command::new("gnome-keyring-daemon")
        .args(["--foreground", "--unlock", "--components=secrets"])
        .env_clear()
        .envs(environment.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("gnome-keyring-daemon does not start; is it installed?")?;
    let mut password = child.stdin.take().context("no standard input")?;
    password.write_all(b"correct horse").await?;
    drop(password);
    bus.await_name("org.freedesktop.secrets").await?;
    Ok(child)
}
