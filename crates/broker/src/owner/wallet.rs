//! The wallet as a whole: open, create, unlock, lock, stop.

use crate::approval::Given;
use crate::book::About;
use crate::checkpoints;
use crate::control;
use crate::inner::Inner;
use crate::{
    Broker, BrokerError, Consent, CreateWallet, Event, Home, OpenError, Status, Unlocking, WalletState,
};
use domain::{Answer, ApprovalId, Subject, Timestamp};
use proof::receipt::Kind;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::broadcast;
use vault::{KeyName, Secret};

/// How long a confirmation waits for the human.
const CONFIRMATION: Duration = Duration::from_secs(300);

impl Broker {
    /// Opens the wallet in `home`, and keeps every other process out. Works on an empty home too: the status then says
    /// [`WalletState::Fresh`]. A wallet whose key is in the operating system's keyring comes up unlocked if the keyring is.
    ///
    /// # Errors
    /// [`OpenError`] when another wallet has this home, or its files can't be used.
    pub async fn open(home: Home) -> Result<Self, OpenError> {
        let inner = tokio::task::block_in_place(|| Inner::open(home))?;
        let broker = Self(Arc::new(inner));
        checkpoints::keep(&broker);
        if broker.0.books.is_whole()
            && broker.0.keys.in_keyring()
            && let Err(error) = broker.unlock(None).await
        {
            broker.0.notice(format!("The wallet stays locked: {error}"));
        }
        Ok(broker)
    }

    /// Makes the wallet: its master key, the human's identity, the key that signs receipts.
    ///
    /// # Errors
    /// [`BrokerError::Exists`] when there is one; [`BrokerError::Invalid`] without a passphrase where one is needed.
    pub async fn create(&self, new: CreateWallet) -> Result<(), BrokerError> {
        let inner = &self.0;
        let _one_at_a_time = inner.turning.lock().await;
        if inner.books.is_whole() {
            return Err(BrokerError::Exists);
        }
        self.make(new).inspect_err(|_| inner.shut_up())?;
        inner.tell(Event::Status);
        Ok(())
    }

    /// What is said about the wallet comes last: without it, making it goes on from where it failed.
    fn make(&self, new: CreateWallet) -> Result<(), BrokerError> {
        let inner = &self.0;
        let identity = tokio::task::block_in_place(|| inner.create_vault(new))?;
        inner.open_book()?;
        let did = proof::did_key(&inner.vault.make_key(&KeyName::Human)?);
        inner.vault.make_key(&KeyName::Receipt)?;
        inner.books.change(|book, shelf| book.put_about(shelf, About { identity, did, paused: false }))?;
        inner.record(Kind::VaultCreated)
    }

    /// Brings the keys into memory: from the keyring, or with the passphrase. When it fails, the wallet is locked.
    ///
    /// # Errors
    /// [`BrokerError::NoWallet`], [`BrokerError::WrongPassphrase`], or what the keyring says.
    pub async fn unlock(&self, passphrase: Option<Secret>) -> Result<(), BrokerError> {
        let inner = &self.0;
        let _one_at_a_time = inner.turning.lock().await;
        if !inner.books.is_whole() {
            return Err(BrokerError::NoWallet);
        }
        if inner.books.read().is_some() {
            return Ok(());
        }
        if let Some(passphrase) = passphrase {
            inner.keys.offer(passphrase);
        }
        self.open_up().inspect_err(|_| inner.shut_up())?;
        inner.tell(Event::Status);
        Ok(())
    }

    fn open_up(&self) -> Result<(), BrokerError> {
        let inner = &self.0;
        tokio::task::block_in_place(|| inner.vault.unlock())?;
        inner.open_book()?;
        inner.compare_record()?;
        inner.record(Kind::VaultUnlocked)?;
        inner.close_unfinished("had not ended when Countersign last did")?;
        inner.shut_by_human(None);
        Ok(())
    }

    /// Ends every session and wipes the keys from memory. From the first moment on nothing is decided; calls under way are
    /// cancelled; they and their connections have two seconds each to end, a login that is being renewed has ten. What was sent
    /// already is not taken back.
    pub async fn lock(&self) {
        let _one_at_a_time = self.0.turning.lock().await;
        if !self.0.vault.is_locked() {
            self.0.put_down().await;
        }
    }

    /// Ends sessions, children and sockets, and gives the home free.
    pub async fn close(&self) {
        self.lock().await;
        self.0.release();
    }

    /// Lets agents and the command line in, until the wallet closes.
    ///
    /// # Errors
    /// [`OpenError`] when a socket can't be made.
    pub async fn serve(&self) -> Result<(), OpenError> {
        crate::gate::listen(&self.0)?;
        let path = self.0.home.control_socket();
        let socket = control::bind(&path).map_err(|source| OpenError::Io { path, source })?;
        let (broker, closing) = (self.clone(), self.0.closing.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = control::serve(broker, socket) => {}
                () = closing.cancelled() => {}
            }
        });
        Ok(())
    }

    /// Where everything stands.
    #[must_use]
    pub fn status(&self) -> Status {
        let inner = &self.0;
        let book = inner.books.read();
        let wallet = match (&book, inner.books.is_whole()) {
            (Some(_), _) => WalletState::Unlocked,
            (None, true) => WalletState::Locked,
            (None, false) => WalletState::Fresh,
        };
        let book = book.unwrap_or_default();
        let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Status {
            wallet,
            identity: said(&book.about.identity),
            did: said(&book.about.did),
            keyring: inner.keys.in_keyring(),
            passphrase: inner.vault.has_passphrase().unwrap_or(false),
            paused: book.about.paused,
            agents: book.agents.len(),
            servers: book.servers.len(),
            questions: inner.desk.questions().len(),
            connected: inner.sessions.connected().len(),
            endpoint: self.endpoint(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            notices: inner.notices(),
        }
    }

    /// What it takes to unlock the wallet from outside its windows. A wallet that nobody locked opens through the keyring as it
    /// does at start; one that a human locked wants the human again.
    #[must_use]
    pub fn unlocking(&self) -> Unlocking {
        match self.0.was_shut_by_human() {
            _ if !self.0.keys.in_keyring() => Unlocking::Passphrase,
            None => Unlocking::Keyring,
            Some(_) if self.has_windows() => Unlocking::Window,
            Some(true) => Unlocking::Passphrase,
            Some(false) => Unlocking::App,
        }
    }

    /// Whether the system's keyring could hold a new wallet's key. Waits for it, ten seconds at most: not for an async task.
    ///
    /// # Errors
    /// [`BrokerError::Storage`] says why it can't, and what to do.
    pub fn keyring_answers(&self) -> Result<(), BrokerError> {
        self.0.keys.try_keyring().map_err(|error| BrokerError::Storage(error.to_string()))
    }

    /// Where the wallet lives.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.0.home
    }

    /// What happens from now on. A listener that is too slow is told how much it missed and reads the snapshots again.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.0.events.subscribe()
    }

    /// The wallet's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Whether the app's windows can show confirmations.
    #[must_use]
    pub fn has_windows(&self) -> bool {
        self.0.windows.load(Ordering::Relaxed)
    }

    /// The app says whether its windows can show confirmations.
    pub fn set_windows(&self, windows: bool) {
        self.0.windows.store(windows, Ordering::Relaxed);
    }

    /// A human's yes, shown by the passphrase.
    ///
    /// # Errors
    /// [`BrokerError::NoPassphrase`] when none was set, [`BrokerError::WrongPassphrase`] when it is another.
    pub async fn consent_by_passphrase(&self, passphrase: &Secret) -> Result<Consent, BrokerError> {
        tokio::task::block_in_place(|| self.0.vault.verify_passphrase(passphrase, self.now()))?;
        Ok(Consent::by_passphrase())
    }

    /// A human's yes, asked for in the app's own window.
    ///
    /// # Errors
    /// [`BrokerError::NotConfirmed`] when the human said no, or nothing for five minutes.
    pub async fn ask_consent(&self, sentence: String, details: Vec<String>) -> Result<Consent, BrokerError> {
        let id = ApprovalId::new(crate::random::make_id());
        let subject = Subject::Confirm { sentence, details };
        let ticket = self.0.desk.ask(id, subject, self.now(), CONFIRMATION);
        let ticket = ticket.map_err(|_| BrokerError::Invalid("too many questions wait already".into()))?;
        match ticket.answered().await {
            Some(Given { answer: Answer::Allow { .. }, .. }) => Ok(Consent::by_confirmation()),
            Some(Given { answer: Answer::Deny, .. }) | None => Err(BrokerError::NotConfirmed),
        }
    }

    /// Refuses every agent until further notice.
    ///
    /// # Errors
    /// [`BrokerError::Locked`], or the disk's.
    pub async fn pause_all(&self) -> Result<(), BrokerError> {
        let paused = self.set_paused(true);
        self.0.sessions.cancel_calls(|_| true);
        paused?;
        self.0.record(Kind::VaultAllPaused)
    }

    /// Lets agents work again.
    ///
    /// # Errors
    /// [`BrokerError::Locked`], or the disk's.
    pub async fn resume_all(&self, _consent: Consent) -> Result<(), BrokerError> {
        self.set_paused(false)?;
        self.0.record(Kind::VaultAllResumed)
    }

    /// Stops everything at once: calls in flight are cancelled, all agents paused, the wallet locked.
    ///
    /// # Errors
    /// When the pause could not be written; the wallet is locked all the same.
    pub async fn emergency_stop(&self) -> Result<(), BrokerError> {
        let paused = self.pause_all().await;
        self.lock().await;
        paused
    }

    fn set_paused(&self, paused: bool) -> Result<(), BrokerError> {
        self.0.books.change(|book, shelf| {
            let about = About { paused, ..book.about.clone() };
            book.put_about(shelf, about)
        })?;
        self.0.sessions.all_lists_changed();
        self.0.tell(Event::Status);
        Ok(())
    }
}
