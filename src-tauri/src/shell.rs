//! What the app keeps besides the wallet itself: how long the approval window is deaf, the settings, logins under way.

use crate::deaf::Deaf;
use crate::playground::Playground;
use crate::settings::Settings;
use crate::tools::KnownTools;
use crate::view::{Failure, Keyring, Stopped};
use broker::{Broker, Home};
use domain::{ApprovalId, ServerName, Timestamp};
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::oneshot;

/// The app's state, managed by Tauri.
pub(crate) struct Shell {
    wallet: Result<Broker, String>,
    home: Home,
    settings: Settings,
    tools: KnownTools,
    playground: Playground,
    deaf: Mutex<Deaf>,
    review: Mutex<Option<ApprovalId>>,
    stopped: Mutex<Option<Stopped>>,
    logins: Mutex<HashMap<ServerName, oneshot::Sender<()>>>,
    locked_since: Mutex<Option<Timestamp>>,
    keyring: Mutex<Keyring>,
    touched: Mutex<Instant>,
    record_whole: Mutex<Option<bool>>,
    told: AtomicU64,
}

impl Shell {
    /// A shell around an open wallet, or around the sentence that says why it did not open.
    pub(crate) fn new(home: Home, wallet: Result<Broker, String>) -> Self {
        Self {
            wallet,
            settings: Settings::load(&home),
            home,
            tools: KnownTools::default(),
            playground: Playground::default(),
            deaf: Mutex::default(),
            review: Mutex::default(),
            stopped: Mutex::default(),
            logins: Mutex::default(),
            locked_since: Mutex::default(),
            keyring: Mutex::new(Keyring::Asked),
            touched: Mutex::new(Instant::now()),
            record_whole: Mutex::default(),
            told: AtomicU64::default(),
        }
    }

    /// The wallet.
    ///
    /// # Errors
    /// When it did not open; says why.
    pub(crate) fn broker(&self) -> Result<&Broker, Failure> {
        self.wallet.as_ref().map_err(|sentence| Failure::new("unusable", sentence.clone()))
    }

    /// The wallet's folders.
    pub(crate) const fn home(&self) -> &Home {
        &self.home
    }

    /// What the command line needs to find this wallet: nothing when it lives in the usual places.
    pub(crate) fn home_argument(&self) -> Vec<String> {
        if self.home == Home::xdg() {
            return vec![];
        }
        let dir = self.home.data_dir().parent().unwrap_or(self.home.data_dir());
        vec!["--home".into(), dir.to_string_lossy().into_owned()]
    }

    /// What the human set.
    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Tools the app has seen listed.
    pub(crate) const fn tools(&self) -> &KnownTools {
        &self.tools
    }

    /// The playground, if it runs.
    pub(crate) const fn playground(&self) -> &Playground {
        &self.playground
    }

    /// The approval window's clock.
    pub(crate) fn deaf(&self) -> MutexGuard<'_, Deaf> {
        lock(&self.deaf)
    }

    /// The question the human wants to look at first.
    pub(crate) fn review(&self) -> MutexGuard<'_, Option<ApprovalId>> {
        lock(&self.review)
    }

    /// What the last emergency stop did, until the wallet is opened again.
    pub(crate) fn stopped(&self) -> MutexGuard<'_, Option<Stopped>> {
        lock(&self.stopped)
    }

    /// Logins that wait for the browser; sending, or dropping, ends one.
    pub(crate) fn logins(&self) -> MutexGuard<'_, HashMap<ServerName, oneshot::Sender<()>>> {
        lock(&self.logins)
    }

    /// Whether the system's keyring can seal a new wallet.
    pub(crate) fn keyring(&self) -> MutexGuard<'_, Keyring> {
        lock(&self.keyring)
    }

    /// When the wallet was locked, if it was while the app runs.
    pub(crate) fn locked_since(&self) -> MutexGuard<'_, Option<Timestamp>> {
        lock(&self.locked_since)
    }

    /// Whether the record was whole when it was verified, if it was.
    pub(crate) fn record_whole(&self) -> MutexGuard<'_, Option<bool>> {
        lock(&self.record_whole)
    }

    /// The windows know every receipt below this number.
    pub(crate) const fn told(&self) -> &AtomicU64 {
        &self.told
    }

    /// When the human last did something here.
    pub(crate) fn touched(&self) -> MutexGuard<'_, Instant> {
        lock(&self.touched)
    }
}

/// A panic elsewhere leaves these values whole: each is written in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
