//! What the broker is made of, put together.

use crate::approval::Desk;
use crate::book::{Books, Unreadable};
use crate::budget::Budget;
use crate::clock::Clock;
use crate::door::Door;
use crate::gate::Gate;
use crate::held::lock;
use crate::keys::Keys;
use crate::login::LoggedOut;
use crate::looks::Looks;
use crate::sessions::Sessions;
use crate::{BrokerError, CreateWallet, Event, Home, KeyChoice, OpenError};
use domain::{AgentName, Denial, ServerName};
use ledger::{Entry, Ledger, Recovery};
use oauth::{OAuth, OAuthOptions};
use proof::receipt::{Body, Kind};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use vault::{KeyName, KeyRingError, Secret, Vault, VaultError};

/// How many different things the owner is told to read; what comes after is in the log alone.
const NOTICES: usize = 100;
/// How many events a slow listener may be behind before it has to read the snapshots again.
const EVENTS: usize = 1024;

pub(crate) struct Inner {
    pub(crate) home: Home,
    pub(crate) vault: Vault,
    pub(crate) keys: Arc<Keys>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) oauth: OAuth,
    pub(crate) http: mcp::upstream::http::Client,
    pub(crate) books: Books,
    pub(crate) budget: Budget,
    pub(crate) desk: Desk,
    pub(crate) sessions: Sessions,
    pub(crate) looks: Looks,
    pub(crate) clock: Clock,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) windows: AtomicBool,
    pub(crate) gate: Gate,
    pub(crate) door: Door,
    pub(crate) logged_out: LoggedOut,
    pub(crate) closing: CancellationToken,
    /// Held while the wallet is made, unlocked or locked.
    pub(crate) turning: tokio::sync::Mutex<()>,
    /// Held while a checkpoint is kept, so that a newer one is not overwritten.
    pub(crate) keeping: tokio::sync::Mutex<()>,
    notices: Mutex<Vec<String>>,
    /// Set while the wallet is locked by a human's act: whether a passphrase can show that it is they who open it again.
    shut: Mutex<Option<bool>>,
    lock: Mutex<Option<File>>,
}

impl Inner {
    pub(crate) fn open(home: Home) -> Result<Self, OpenError> {
        let lock = home.take()?;
        let clock = Clock::default();
        let keys = Arc::new(Keys::new(home.passphrase_path(), home.profile()));
        let vault = Vault::open(&home.vault_dir(), keys.clone(), clock.now())?;
        let (ledger, recovery) = Ledger::open(&home.ledger_dir(), clock.now())?;
        if let Some(newest) = ledger.newest() {
            clock.seen(newest);
        }
        if let Err(error) = mcp::upstream::stdio::reap_leftovers(&home.children_dir()) {
            tracing::warn!(%error, "children of an earlier run could not be looked for");
        }
        let ledger = Arc::new(ledger);
        let (events, _) = broadcast::channel(EVENTS);
        let inner = Self {
            oauth: OAuth::new(vault.clone(), OAuthOptions::default()),
            http: mcp::upstream::http::client().map_err(|e| OpenError::Network(e.to_string()))?,
            books: Books::new(&vault),
            budget: Budget::new(ledger.clone()),
            desk: Desk::new(events.clone()),
            sessions: Sessions::default(),
            looks: Looks::default(),
            windows: AtomicBool::new(false),
            gate: Gate::default(),
            door: Door::default(),
            logged_out: LoggedOut::default(),
            closing: CancellationToken::new(),
            turning: tokio::sync::Mutex::default(),
            keeping: tokio::sync::Mutex::default(),
            notices: Mutex::default(),
            shut: Mutex::default(),
            lock: Mutex::new(Some(lock)),
            home,
            vault,
            keys,
            ledger,
            clock,
            events,
        };
        inner.report(recovery);
        Ok(inner)
    }

    /// Says what was found amiss at start.
    fn report(&self, recovery: Recovery) {
        if let Some(path) = self.vault.set_aside() {
            self.notice(format!(
                "The wallet's store could not be read. It was set aside as {}; restore a backup, or set up anew.",
                path.display()
            ));
        }
        if let Some(path) = recovery.torn {
            self.notice(format!(
                "The record's last line was cut off; the rest of it is in {}.",
                path.display()
            ));
        }
        if self.clock.is_behind() {
            self.notice(format!(
                "This machine's clock stands before the newest receipt, of {}: no call leaves until it is right. If it was once \
                 set ahead by mistake, the known issues say what to do.",
                self.clock.now()
            ));
        }
        if let Some((path, line)) = recovery.suspect {
            self.notice(format!(
                "The record was changed from outside: {} line {line}. `countersign audit verify` tells more.",
                path.display()
            ));
        }
    }

    /// Calls that have no end in the record, though none is on its way any more: their outcome is unknown, and the record says so.
    pub(crate) fn close_unfinished(&self, what_happened: &str) -> Result<(), BrokerError> {
        let unfinished = self.ledger.unfinished().map_err(|error| BrokerError::Storage(error.to_string()))?;
        for entry in &unfinished {
            self.note(Body::unknown_outcome(&entry.body, self.clock.now()))?;
        }
        let calls = match unfinished.len() {
            0 => return Ok(()),
            1 => "One call".into(),
            many => format!("{many} calls"),
        };
        self.notice(format!(
            "{calls} {what_happened}. Whether they happened is not known; the record marks them."
        ));
        Ok(())
    }

    /// Makes the master key in the place the human chose, and the passphrase that confirms changes. Where that was done before
    /// and what comes after it was not, the key that is there serves.
    pub(crate) fn create_vault(&self, new: CreateWallet) -> Result<String, BrokerError> {
        let CreateWallet { identity, keys, passphrase } = new;
        if let Some(passphrase) = &passphrase {
            vault::long_enough(passphrase).map_err(VaultError::from)?;
        }
        let by_passphrase = matches!(keys, KeyChoice::Passphrase);
        let Some(consent) = passphrase.as_ref().map(copy).or((!by_passphrase).then_some(None)) else {
            return Err(BrokerError::Invalid("a wallet without a keyring needs a passphrase".into()));
        };
        if !self.vault.exists() {
            self.keys.choose_passphrase(by_passphrase);
        }
        if let Some(passphrase) = passphrase.filter(|_| !self.keys.in_keyring()) {
            self.keys.offer(passphrase);
        }
        self.vault.unlock()?;
        if let Some(consent) = consent {
            self.vault.set_passphrase(&consent)?;
        }
        Ok(identity)
    }

    /// Opens the book of an unlocked vault. What can't be read of it is told.
    pub(crate) fn open_book(&self) -> Result<(), BrokerError> {
        for Unreadable { id, agent, error } in self.books.load()? {
            self.notice(format!(
                "The delegation {id} of {agent} can't be read and counts as revoked ({error}). Sign a new one if it is needed."
            ));
        }
        Ok(())
    }

    /// Writes a receipt; when this returns it survives the end of the process.
    pub(crate) fn write(&self, body: Body) -> Result<Entry, Denial> {
        let written = match self.vault.signer(&KeyName::Receipt) {
            Ok(signer) => self.ledger.append(body, &signer),
            Err(_) => return Err(Denial::Locked),
        };
        written.map_err(|error| {
            tracing::error!(%error, "the record can't be written");
            Denial::LedgerUnavailable
        })
    }

    /// The same for what the owner does.
    pub(crate) fn note(&self, body: Body) -> Result<(), BrokerError> {
        self.write(body).map(drop).map_err(|denial| {
            if denial == Denial::Locked {
                BrokerError::Locked
            } else {
                BrokerError::Storage(denial.sentence())
            }
        })
    }

    /// Writes a receipt that says only what happened.
    pub(crate) fn record(&self, kind: Kind) -> Result<(), BrokerError> {
        self.note(self.body(kind))
    }

    /// A receipt's body with the time and the human filled in.
    pub(crate) fn body(&self, kind: Kind) -> Body {
        let human = self.books.did();
        Body { human, ..Body::new(kind, self.clock.now()) }
    }

    /// Tells whoever listens. Nobody listening is no error.
    pub(crate) fn tell(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// Something the owner should read, now and in the status.
    pub(crate) fn notice(&self, sentence: String) {
        tracing::warn!("{sentence}");
        let mut notices = lock(&self.notices);
        if notices.len() >= NOTICES || notices.contains(&sentence) {
            return;
        }
        notices.push(sentence.clone());
        drop(notices);
        self.tell(Event::Notice { sentence });
    }

    pub(crate) fn notices(&self) -> Vec<String> {
        lock(&self.notices).clone()
    }

    /// Writes the secret with which an agent's shim proves itself, for this user alone.
    #[expect(
        clippy::disallowed_methods,
        reason = "the enrolment secret is written where the agent's shim finds it"
    )]
    pub(crate) fn write_enrolment(&self, agent: &AgentName) -> Result<(), BrokerError> {
        use base64::Engine;
        let secret = self.vault.make_agent_secret(agent)?;
        let path = self.home.enrolment_path(agent);
        let fail =
            |error: std::io::Error| BrokerError::Storage(format!("can't write {}: {error}", path.display()));
        let mut options = File::options();
        let mut file =
            options.create(true).truncate(true).write(true).mode(0o600).open(&path).map_err(fail)?;
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(secret.expose());
        file.write_all(text.as_bytes()).map_err(fail)
    }

    /// Deletes it, here and in the vault.
    pub(crate) fn forget_enrolment(&self, agent: &AgentName) -> Result<(), BrokerError> {
        self.vault.delete_agent_secret(agent)?;
        match std::fs::remove_file(self.home.enrolment_path(agent)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(BrokerError::Storage(error.to_string()))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Forgets what an unlock or a first start that failed has brought into memory.
    pub(crate) fn shut_up(&self) {
        self.books.shut();
        self.vault.lock();
    }

    /// A human locks the wallet, or has opened it again.
    pub(crate) fn shut_by_human(&self, shut: Option<bool>) {
        *lock(&self.shut) = shut;
    }

    /// Whether a human has locked the wallet, and then whether a passphrase opens it again.
    pub(crate) fn was_shut_by_human(&self) -> Option<bool> {
        *lock(&self.shut)
    }

    /// Gives the home free.
    pub(crate) fn release(&self) {
        self.closing.cancel();
        lock(&self.lock).take();
    }

    /// Tells that a server no longer takes its login, or that it wants more scope than the login gives.
    pub(crate) fn login_needed(&self, server: &ServerName, wants: Option<String>) {
        let note = wants.as_ref().map(|scopes| format!("the server wants more scope: {scopes}"));
        self.tell(Event::LoginNeeded { server: server.clone(), wants });
        let body = Body { server: Some(server.clone()), note, ..self.body(Kind::LoginNeeded) };
        if let Err(error) = self.note(body) {
            tracing::warn!(%error, "a lost login was not recorded");
        }
    }
}

/// A second copy of a passphrase, for its second use.
#[expect(clippy::disallowed_methods, reason = "the same passphrase opens the key file and confirms changes")]
fn copy(secret: &Secret) -> Option<Secret> {
    Some(Secret::new(secret.expose().to_vec()))
}

impl From<VaultError> for BrokerError {
    fn from(error: VaultError) -> Self {
        if let VaultError::TooManyAttempts { retry_after } = error {
            return Self::TooManyAttempts(retry_after);
        }
        if matches!(error, VaultError::Locked) {
            Self::Locked
        } else if matches!(
            error,
            VaultError::WrongPassphrase | VaultError::KeyRing(KeyRingError::WrongPassphrase)
        ) {
            Self::WrongPassphrase
        } else if matches!(error, VaultError::NoPassphrase) {
            Self::NoPassphrase
        } else {
            Self::Storage(error.to_string())
        }
    }
}
