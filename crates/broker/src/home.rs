//! Where a wallet lives on disk: the XDG places, or one folder for everything.

use std::path::{Path, PathBuf};

/// The folders of one wallet. Made 0700 when first needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    data: PathBuf,
    runtime: PathBuf,
}

impl Home {
    /// Everything in one folder: `DIR/data`, `DIR/run`. For tests, for a second wallet, for a stick.
    #[must_use]
    pub fn at(dir: &Path) -> Self {
        Self { data: dir.join("data"), runtime: dir.join("run") }
    }

    /// The XDG places: `$XDG_DATA_HOME/countersign`, `$XDG_RUNTIME_DIR/countersign` (Base Directory Specification 0.8).
    /// Without a runtime folder, `run` below the data.
    #[must_use]
    pub fn xdg() -> Self {
        let dir = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = dir("HOME").unwrap_or_else(|| PathBuf::from("/"));
        let data = dir("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share")).join("countersign");
        let runtime = dir("XDG_RUNTIME_DIR").map_or_else(|| data.join("run"), |run| run.join("countersign"));
        Self { data, runtime }
    }

    /// Vault, ledger, enrolments.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// The sealed store.
    #[must_use]
    pub fn vault_dir(&self) -> PathBuf {
        self.data.join("vault")
    }

    /// The receipts.
    #[must_use]
    pub fn ledger_dir(&self) -> PathBuf {
        self.data.join("ledger")
    }

    /// The secret with which an agent's shim proves itself: `agents/NAME.key`.
    #[must_use]
    pub fn enrolment_path(&self, agent: &domain::AgentName) -> PathBuf {
        self.data.join("agents").join(format!("{agent}.key"))
    }

    /// The file whose lock makes one wallet per home.
    #[must_use]
    pub fn lock_path(&self) -> PathBuf {
        self.data.join("wallet.lock")
    }

    /// Sockets and what else ends with the process.
    #[must_use]
    pub fn runtime_dir(&self) -> &Path {
        &self.runtime
    }

    /// Where agents connect.
    #[must_use]
    pub fn agent_socket(&self) -> PathBuf {
        self.runtime.join("agent.sock")
    }

    /// Where the command line connects.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.runtime.join("control.sock")
    }
}
