//! A wallet for one test: made, served, and ended with it.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// The passphrase of every wallet here.
pub(crate) const PASSPHRASE: &str = "canary-passphrase-4711";

/// A folder that may hold a wallet, and the process that serves it.
pub(crate) struct Wallet {
    pub(crate) home: TempDir,
    served: Option<Child>,
}

/// What a command said and how it ended.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Wallet {
    /// No wallet yet.
    pub(crate) fn none() -> Self {
        Self { home: TempDir::new().unwrap(), served: None }
    }

    /// Made, under a passphrase, and not running.
    pub(crate) fn made() -> Self {
        let wallet = Self::none();
        wallet.typed(PASSPHRASE, &["init", "--identity", "Test", "--keys", "passphrase"]).done();
        wallet
    }

    /// Made, unlocked and running.
    pub(crate) fn running() -> Self {
        let mut wallet = Self::made();
        wallet.serve();
        wallet
    }

    /// Starts it and waits until it is ready.
    pub(crate) fn serve(&mut self) {
        let mut child = self.spawn(&["serve", "--json", "--passphrase-fd", "0"]);
        writeln!(child.stdin.take().unwrap(), "{PASSPHRASE}").unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        assert!(ready.contains("\"ready\":true"), "{ready}");
        self.served = Some(child);
    }

    /// Ends it as a service manager would, and says how it ended.
    pub(crate) fn end(&mut self) -> i32 {
        let Some(mut child) = self.served.take() else { panic!("it is not running") };
        rustix::process::kill_process(
            rustix::process::Pid::from_child(&child),
            rustix::process::Signal::TERM,
        )
        .unwrap();
        child.wait().unwrap().code().unwrap_or(-1)
    }

    /// The process id of the running wallet.
    pub(crate) fn pid(&self) -> u32 {
        self.served.as_ref().unwrap().id()
    }

    /// Runs a command without a terminal and without any secret.
    pub(crate) fn run(&self, words: &[&str]) -> Said {
        Said::from(self.spawn(words).wait_with_output().unwrap())
    }

    /// Runs a command that reads its passphrase from a descriptor.
    pub(crate) fn typed(&self, passphrase: &str, words: &[&str]) -> Said {
        let mut child = self.spawn(&[words, &["--passphrase-fd", "0"]].concat());
        // A command that fails early has closed its end.
        let _ = writeln!(child.stdin.take().unwrap(), "{passphrase}");
        Said::from(child.wait_with_output().unwrap())
    }

    /// Runs a command that the human confirms, and reads its JSON.
    pub(crate) fn grows(&self, words: &[&str]) -> Value {
        self.typed(PASSPHRASE, &[words, &["--json"]].concat()).json()
    }

    /// The wallet's folder.
    pub(crate) fn path(&self) -> &Path {
        self.home.path()
    }

    /// Starts the binary on this wallet. The flags for all commands stand first: what follows `--` is a server's own.
    pub(crate) fn spawn(&self, words: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_countersign"))
            .arg("--home")
            .arg(self.home.path())
            .args(words)
            // No keyring answers: neither the one of whoever runs the tests, nor another.
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

impl Drop for Wallet {
    fn drop(&mut self) {
        if self.served.is_some() {
            self.end();
        }
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Said {
    /// It was done.
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self
    }

    /// It was done, and answered in JSON.
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.done().out).unwrap()
    }
}
