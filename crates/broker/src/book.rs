//! What the human has decided, in memory while the wallet is unlocked: agents, servers, delegations, answers that hold.
//!
//! Readers take a snapshot and keep it for one decision. A change is written to the vault first and seen afterwards, so what
//! a reader sees is always on disk.

use crate::BrokerError;
use crate::held::lock;
use domain::{
    Agent, AgentName, ApprovalId, Delegation, DelegationId, Program, Server, ServerName, SessionId, Standing,
    Timestamp,
};
use proof::ProofError;
use proof::sd_jwt::{Presentation, SdJwt};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use vault::{Records, Vault};

/// One state of everything the human has decided.
#[derive(Clone, Default)]
pub(crate) struct Book {
    pub(crate) about: About,
    pub(crate) agents: BTreeMap<AgentName, Agent>,
    pub(crate) servers: BTreeMap<ServerName, Server>,
    /// What a server's command ran when the human added it.
    pub(crate) programs: BTreeMap<ServerName, Vec<Program>>,
    pub(crate) delegations: BTreeMap<DelegationId, Arc<Signed>>,
    pub(crate) standing: Vec<Standing>,
}

/// The wallet as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct About {
    /// What the human called this identity.
    pub(crate) identity: String,
    /// The human's `did:key`.
    pub(crate) did: String,
    /// Whether everything is paused.
    pub(crate) paused: bool,
}

/// A delegation with its signed text.
pub(crate) struct Signed {
    pub(crate) delegation: Delegation,
    pub(crate) sd_jwt: SdJwt,
    /// What each server was shown so far, by its address.
    shown: Mutex<HashMap<String, Arc<Presentation>>>,
}

impl Signed {
    pub(crate) fn new(delegation: Delegation, sd_jwt: SdJwt) -> Self {
        Self { delegation, sd_jwt, shown: Mutex::default() }
    }

    /// What the server at `resource` is shown of it, if it names that one.
    pub(crate) fn presentation(&self, resource: &str) -> Option<Arc<Presentation>> {
        let mut shown = lock(&self.shown);
        if let Some(presentation) = shown.get(resource) {
            return Some(presentation.clone());
        }
        let presentation = Arc::new(self.sd_jwt.disclose(resource)?);
        shown.insert(resource.to_owned(), presentation.clone());
        Some(presentation)
    }
}

/// A delegation that can't be read back. It is left out of the book, and so counts as revoked.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) id: DelegationId,
    pub(crate) agent: AgentName,
    pub(crate) error: ProofError,
}

/// A delegation as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    delegation: Delegation,
    sd_jwt: String,
}

/// The book, and the shelf in the vault where its pages are kept.
pub(crate) struct Books {
    current: RwLock<Option<Arc<Book>>>,
    /// The human's `did:key`, also while what is under way ends after the book was shut.
    did: RwLock<Option<String>>,
    writing: Mutex<()>,
    shelf: Shelf,
}

/// Where each kind of page is kept.
pub(crate) struct Shelf {
    about: Records<About>,
    agents: Records<Agent>,
    servers: Records<Server>,
    programs: Records<Vec<Program>>,
    delegations: Records<Stored>,
    standing: Records<Standing>,
}

const ABOUT: &str = "wallet";

impl Books {
    pub(crate) fn new(vault: &Vault) -> Self {
        let shelf = Shelf {
            about: vault.records("about"),
            agents: vault.records("agents"),
            servers: vault.records(vault::SERVERS),
            programs: vault.records("programs"),
            delegations: vault.records("delegations"),
            standing: vault.records("standing"),
        };
        Self { current: RwLock::default(), did: RwLock::default(), writing: Mutex::default(), shelf }
    }

    /// The current state; none while the wallet is locked or fresh.
    pub(crate) fn read(&self) -> Option<Arc<Book>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The current state.
    pub(crate) fn open(&self) -> Result<Arc<Book>, BrokerError> {
        self.read().ok_or(BrokerError::Locked)
    }

    /// The human's `did:key`, once the book was open.
    pub(crate) fn did(&self) -> Option<String> {
        self.did.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there is a whole wallet, also while it is locked: what is said about it is written last when one is made.
    pub(crate) fn is_whole(&self) -> bool {
        self.shelf.about.has(ABOUT)
    }

    /// Reads everything from the unlocked vault, and says what could not be read.
    pub(crate) fn load(&self) -> Result<Vec<Unreadable>, BrokerError> {
        let _one_at_a_time = self.one_at_a_time();
        let (book, unreadable) = self.shelf.read()?;
        self.put(Some(book));
        Ok(unreadable)
    }

    /// Forgets everything in memory, after a change that is being written.
    pub(crate) fn shut(&self) {
        let _one_at_a_time = self.one_at_a_time();
        self.put(None);
    }

    /// Makes one change: `act` changes a copy and writes what it changed. If that fails, what is on disk counts: of several
    /// records some may be written.
    pub(crate) fn change<T>(
        &self,
        act: impl FnOnce(&mut Book, &Shelf) -> Result<T, BrokerError>,
    ) -> Result<T, BrokerError> {
        let _one_at_a_time = self.one_at_a_time();
        let before = self.open()?;
        let mut book = Book::clone(&before);
        let result = act(&mut book, &self.shelf);
        match &result {
            Ok(_) => self.put(Some(book)),
            Err(_) => self.reread(&before),
        }
        result
    }

    /// Takes what is on disk for the book. Where that can't be read either, the book stays as it was.
    fn reread(&self, before: &Book) {
        match self.shelf.read() {
            Ok((mut book, _)) => {
                let of_sessions = before.standing.iter().filter(|yes| yes.session.is_some());
                book.standing.extend(of_sessions.cloned());
                self.put(Some(book));
            }
            Err(error) => tracing::error!(%error, "what was written of a change could not be read"),
        }
    }

    fn one_at_a_time(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, book: Option<Book>) {
        if let Some(book) = &book {
            *self.did.write().unwrap_or_else(PoisonError::into_inner) = Some(book.about.did.clone());
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = book.map(Arc::new);
    }
}

impl Book {
    /// The delegations of one agent.
    pub(crate) fn of<'a>(&'a self, agent: &'a AgentName) -> impl Iterator<Item = &'a Arc<Signed>> {
        self.delegations.values().filter(move |signed| signed.delegation.agent == *agent)
    }

    /// The delegations that name a server.
    pub(crate) fn on(&self, server: &ServerName) -> Vec<DelegationId> {
        let names =
            |signed: &&Arc<Signed>| signed.delegation.grants.iter().any(|grant| grant.server == *server);
        self.delegations.values().filter(names).map(|signed| signed.delegation.id.clone()).collect()
    }

    /// An agent's delegations, as what was signed.
    pub(crate) fn delegations_of(&self, agent: &AgentName) -> Vec<Delegation> {
        self.of(agent).map(|signed| signed.delegation.clone()).collect()
    }

    /// The agent, or why not.
    pub(crate) fn agent(&self, name: &AgentName) -> Result<&Agent, BrokerError> {
        self.agents.get(name).ok_or_else(|| BrokerError::NoAgent(name.clone()))
    }

    /// The server, or why not.
    pub(crate) fn server(&self, name: &ServerName) -> Result<&Server, BrokerError> {
        self.servers.get(name).ok_or_else(|| BrokerError::NoServer(name.clone()))
    }

    /// The delegation, or why not.
    pub(crate) fn delegation(&self, id: &DelegationId) -> Result<&Arc<Signed>, BrokerError> {
        self.delegations.get(id).ok_or_else(|| BrokerError::NoDelegation(id.clone()))
    }

    /// Writes what is said about the wallet as a whole.
    pub(crate) fn put_about(&mut self, shelf: &Shelf, about: About) -> Result<(), BrokerError> {
        shelf.about.put(ABOUT, &about)?;
        self.about = about;
        Ok(())
    }

    /// Writes an agent.
    pub(crate) fn put_agent(&mut self, shelf: &Shelf, agent: Agent) -> Result<(), BrokerError> {
        shelf.agents.put(agent.name.as_str(), &agent)?;
        self.agents.insert(agent.name.clone(), agent);
        Ok(())
    }

    /// Writes a server, and what its command runs.
    pub(crate) fn put_server(
        &mut self,
        shelf: &Shelf,
        server: Server,
        programs: Vec<Program>,
    ) -> Result<(), BrokerError> {
        shelf.programs.put(server.name.as_str(), &programs)?;
        shelf.servers.put(server.name.as_str(), &server)?;
        self.programs.insert(server.name.clone(), programs);
        self.servers.insert(server.name.clone(), server);
        Ok(())
    }

    /// Deletes a server.
    pub(crate) fn remove_server(&mut self, shelf: &Shelf, name: &ServerName) -> Result<(), BrokerError> {
        shelf.servers.delete(name.as_str())?;
        shelf.programs.delete(name.as_str())?;
        self.servers.remove(name);
        self.programs.remove(name);
        Ok(())
    }

    /// Writes a delegation.
    pub(crate) fn put_delegation(&mut self, shelf: &Shelf, signed: Signed) -> Result<(), BrokerError> {
        let stored = Stored { delegation: signed.delegation.clone(), sd_jwt: signed.sd_jwt.to_text() };
        let id = signed.delegation.id.clone();
        shelf.delegations.put(id.as_str(), &stored)?;
        self.delegations.insert(id, Arc::new(signed));
        Ok(())
    }

    /// Writes that a delegation is revoked, and forgets the answers given under it.
    pub(crate) fn revoke(
        &mut self,
        shelf: &Shelf,
        id: &DelegationId,
        now: Timestamp,
    ) -> Result<(), BrokerError> {
        let signed = self.delegation(id)?;
        if signed.delegation.revoked.is_some() {
            return Ok(());
        }
        let delegation = Delegation { revoked: Some(now), ..signed.delegation.clone() };
        let sd_jwt = signed.sd_jwt.clone();
        self.put_delegation(shelf, Signed::new(delegation, sd_jwt))?;
        self.forget_standing(shelf, |yes| yes.delegation == *id)
    }

    /// [`Book::revoke`] for several; those that were in force until now.
    pub(crate) fn revoke_all(
        &mut self,
        shelf: &Shelf,
        ids: Vec<DelegationId>,
        now: Timestamp,
    ) -> Result<Vec<Arc<Signed>>, BrokerError> {
        let mut revoked = vec![];
        for id in ids {
            let signed = self.delegation(&id)?.clone();
            self.revoke(shelf, &id, now)?;
            revoked.extend(signed.delegation.revoked.is_none().then_some(signed));
        }
        Ok(revoked)
    }

    /// Remembers a yes. One that holds only for a session stays in memory.
    pub(crate) fn remember(&mut self, shelf: &Shelf, yes: Standing) -> Result<(), BrokerError> {
        if yes.session.is_none() {
            shelf.standing.put(yes.approval.as_str(), &yes)?;
        }
        self.standing.push(yes);
        Ok(())
    }

    /// Forgets the answers `which` says.
    pub(crate) fn forget_standing(
        &mut self,
        shelf: &Shelf,
        which: impl Fn(&Standing) -> bool,
    ) -> Result<(), BrokerError> {
        let gone: Vec<ApprovalId> =
            self.standing.iter().filter(|yes| which(yes)).map(|yes| yes.approval.clone()).collect();
        for approval in &gone {
            shelf.standing.delete(approval.as_str())?;
        }
        self.standing.retain(|yes| !gone.contains(&yes.approval));
        Ok(())
    }

    /// Forgets what held only for one session.
    pub(crate) fn end_session(&mut self, session: &SessionId) {
        self.standing.retain(|yes| yes.session.as_ref() != Some(session));
    }
}

impl Shelf {
    fn read(&self) -> Result<(Book, Vec<Unreadable>), BrokerError> {
        let mut book = Book { about: self.about.get(ABOUT)?.unwrap_or_default(), ..Book::default() };
        book.agents = self.agents.list()?.into_iter().map(|(_, agent)| (agent.name.clone(), agent)).collect();
        book.servers =
            self.servers.list()?.into_iter().map(|(_, server)| (server.name.clone(), server)).collect();
        book.programs = self
            .programs
            .list()?
            .into_iter()
            .filter_map(|(name, programs)| Some((ServerName::parse(&name).ok()?, programs)))
            .collect();
        book.standing = self.standing.list()?.into_iter().map(|(_, yes)| yes).collect();
        let mut unreadable = vec![];
        for (_, Stored { delegation, sd_jwt }) in self.delegations.list()? {
            let id = delegation.id.clone();
            match SdJwt::parse(&sd_jwt) {
                Ok(sd_jwt) => drop(book.delegations.insert(id, Arc::new(Signed::new(delegation, sd_jwt)))),
                Err(error) => unreadable.push(Unreadable { id, agent: delegation.agent, error }),
            }
        }
        Ok((book, unreadable))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use vault::MemoryKeyRing;

    fn delegation(id: &str, agent: &AgentName) -> Delegation {
        let issued = Timestamp::from_seconds(1);
        Delegation {
            id: DelegationId::new(id),
            agent: agent.clone(),
            grants: vec![],
            issued,
            not_before: issued,
            expires: Timestamp::from_seconds(100),
            depth: 0,
            parent: None,
            revoked: None,
        }
    }

    fn signed(id: &str, agent: &AgentName) -> Signed {
        let (delegation, key) = (delegation(id, agent), proof::SigningKey::from_seed(&[1; 32]));
        let agent_key = domain::Signer::public_key(&key);
        let sd_jwt = proof::sd_jwt::issue(&delegation, &agent_key, crate::random::make_bytes, &key).unwrap();
        Signed::new(delegation, sd_jwt)
    }

    fn open() -> (tempfile::TempDir, Vault, Books) {
        let dir = tempfile::tempdir().unwrap();
        let vault =
            Vault::open(dir.path(), Arc::new(MemoryKeyRing::default()), Timestamp::from_seconds(0)).unwrap();
        vault.unlock().unwrap();
        let books = Books::new(&vault);
        books.load().unwrap();
        (dir, vault, books)
    }

    #[test]
    fn one_delegation_that_can_not_be_read_does_not_keep_the_wallet_shut() {
        let (_dir, _vault, books) = open();
        let scout = AgentName::parse("scout").unwrap();
        let good = signed("good", &scout);
        books.change(|book, shelf| book.put_delegation(shelf, good)).unwrap();
        let bad = Stored { delegation: delegation("bad", &scout), sd_jwt: "rubbish".into() };
        books.shelf.delegations.put("bad", &bad).unwrap();

        let unreadable = books.load().unwrap();

        assert_eq!(unreadable.len(), 1);
        assert_eq!((unreadable[0].id.as_str(), &unreadable[0].agent), ("bad", &scout));
        let book = books.open().unwrap();
        assert_eq!(book.delegations.keys().map(DelegationId::as_str).collect::<Vec<_>>(), ["good"]);
        books
            .change(|book, shelf| book.revoke(shelf, &DelegationId::new("good"), Timestamp::from_seconds(9)))
            .unwrap();
    }

    #[test]
    fn a_change_that_fails_half_way_leaves_what_is_on_disk() {
        let (_dir, _vault, books) = open();
        let scout = AgentName::parse("scout").unwrap();
        let (one, two) = (signed("one", &scout), signed("two", &scout));
        books.change(|book, shelf| book.put_delegation(shelf, one)).unwrap();
        books.change(|book, shelf| book.put_delegation(shelf, two)).unwrap();
        let now = Timestamp::from_seconds(9);

        let failed: Result<(), _> = books.change(|book, shelf| {
            book.revoke(shelf, &DelegationId::new("one"), now)?;
            Err(BrokerError::Storage("the disk is full".into()))
        });

        failed.unwrap_err();
        let book = books.open().unwrap();
        let revoked = |id: &str| book.delegations[&DelegationId::new(id)].delegation.revoked;
        assert_eq!((revoked("one"), revoked("two")), (Some(now), None), "what was written holds at once");
    }

    #[test]
    fn a_lock_waits_for_the_change_that_is_being_written_and_is_not_undone_by_it() {
        let (_dir, _vault, books) = open();
        std::thread::scope(|scope| {
            let (begun, wait) = std::sync::mpsc::channel();
            let change = scope.spawn({
                let books = &books;
                move || {
                    books.change(|_, _| {
                        begun.send(()).unwrap();
                        std::thread::sleep(std::time::Duration::from_millis(100));
                        Ok(())
                    })
                }
            });
            wait.recv().unwrap();
            books.shut();
            change.join().unwrap().unwrap();
        });
        assert!(books.read().is_none(), "the book is shut after the change as well");
    }
}
