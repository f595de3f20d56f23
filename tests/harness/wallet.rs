//! A real wallet: the `countersign` program on a home of its own, with a passphrase and without a window.

use crate::browser::Browser;
use crate::program;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

/// How long a part may take to do what it is asked before the journey ends as failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Proves that a human is there.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// A wallet, and the process that serves it. Both end with it.
pub struct Wallet {
    home: TempDir,
    served: Option<Child>,
    /// Whoever opens an address for it.
    pub browser: Browser,
}

impl Wallet {
    /// Makes a wallet and serves it.
    pub async fn new() -> Self {
        let mut wallet = Self::empty();
        wallet.owner(&["init", "--keys", "passphrase"]).await;
        wallet.serve().await;
        wallet
    }

    /// A home with nothing in it.
    #[must_use]
    pub fn empty() -> Self {
        let home = tempfile::Builder::new().prefix("countersign-").tempdir().unwrap();
        let browser = Browser::install(home.path());
        std::fs::write(home.path().join("passphrase"), format!("{PASSPHRASE}\n")).unwrap();
        Self { home, served: None, browser }
    }

    /// Where everything of this wallet is.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The wallet's own folder in its home.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.home.path().join("wallet")
    }

    /// What the serving process has said so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("serve.log")).unwrap_or_default()
    }

    /// The serving process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.served.as_ref().and_then(Child::id).expect("the wallet is not served")
    }

    /// Serves it, and waits until agents and commands are heard.
    pub async fn serve(&mut self) {
        let command = self.owner_command(&["serve"]);
        self.serve_with(command).await;
    }

    /// Serves it by `command`, and waits until it says that it is ready.
    pub async fn serve_with(&mut self, mut command: Command) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.home.path().join("serve.log"))
            .unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first =
            tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("serve is silent").unwrap();
        assert!(first.is_some(), "serve ended at once: {}", self.log());
        // Whoever closes the pipe of a running program ends it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        self.served = Some(child);
    }

    /// Ends the serving process as a crash does.
    pub async fn kill(&mut self) {
        let mut child = self.served.take().expect("the wallet is not served");
        child.kill().await.unwrap();
    }

    /// Ends the serving process as a logout does.
    pub async fn stop(&mut self) {
        let pid = rustix::process::Pid::from_raw(self.pid().cast_signed()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut child = self.served.take().unwrap();
        tokio::time::timeout(PATIENCE, child.wait()).await.expect("serve does not end").unwrap();
    }

    /// The program on this home, in an environment where nothing of the machine's own is found.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program("countersign"));
        self.settle(&mut command);
        command.arg("--home").arg(self.dir()).args(args);
        command
    }

    /// The same with the human's passphrase at descriptor 3.
    #[must_use]
    pub fn owner_command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("sh");
        self.settle(&mut command);
        command.args(["-c", r#"exec 3<"$0"; exec "$@""#]).arg(self.home.path().join("passphrase"));
        let end = args.iter().position(|arg| *arg == "--").unwrap_or(args.len());
        command.arg(program("countersign")).arg("--home").arg(self.dir()).arg("--json");
        command.args(&args[..end]).args(["--passphrase-fd", "3"]).args(&args[end..]);
        command
    }

    /// Gives a command this home's environment.
    pub fn settle(&self, command: &mut Command) {
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", format!("{}:{path}", self.browser.bin().display()))
            .env("LANG", "C.UTF-8")
            .kill_on_drop(true);
    }

    /// Runs a command that needs a human, who is there; it must succeed, and this is its JSON.
    pub async fn owner(&self, args: &[&str]) -> Value {
        json(args, &finished(self.owner_command(args), "").await)
    }

    /// The same, with secrets to read from standard input.
    pub async fn owner_with(&self, args: &[&str], secrets: &[&str]) -> Value {
        json(args, &finished(self.owner_command(args), &secrets.join("\n")).await)
    }

    /// Runs a command that needs no human; it must succeed, and this is its JSON.
    pub async fn anyone(&self, args: &[&str]) -> Value {
        json(args, &self.run(&[args, &["--json"]].concat()).await)
    }

    /// Runs a command that needs no human, and waits for its end.
    pub async fn run(&self, args: &[&str]) -> Output {
        finished(self.command(args), "").await
    }
}

/// Runs a command to its end.
pub async fn finished(mut command: Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that wants nothing may have closed it already.
    let _ = stdin.write_all(format!("{input}\n").as_bytes()).await;
    drop(stdin);
    tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("the command does not end").unwrap()
}

/// How many bytes the files below `dir` have.
pub fn size_below(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { size_below(&path) } else { path.metadata().unwrap().len() }).sum()
}

/// Everything a command said, for people.
#[must_use]
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn json(args: &[&str], output: &Output) -> Value {
    assert!(output.status.success(), "{args:?} failed, {}: {}", output.status, said(output));
    if output.stdout.trim_ascii().is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{args:?}: {error}: {}", said(output)))
}
