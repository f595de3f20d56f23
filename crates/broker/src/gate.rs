//! Where agents come in: handshake, evidence, the human's yes; then a session.

use crate::approval::{Given, TooMany};
use crate::inner::Inner;
use crate::session::{Guest, Session};
use crate::{Event, OpenError, random};
use domain::{AgentName, AgentState, Answer, ApprovalId, Denial, Peer, Program, Subject};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use mcp::framing::{LineReader, LineWriter};
use mcp::handshake::{self, Applicant, EnrolmentKey, Refusal};
use mcp::local::{Connection, Evidence, Listener, Seen};
use policy::Own;
use proof::receipt::{Body, Kind};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Semaphore;

/// How many connections may be open or waiting to be let in.
const CONNECTIONS: usize = 256;
/// How long the question whether an agent may connect waits for the human.
const QUESTION: Duration = Duration::from_secs(300);

/// What is needed to let agents in.
pub(crate) struct Gate {
    pub(crate) evidence: Arc<Evidence>,
    /// The `countersign` of this installation, by which agents come in.
    shim: PathBuf,
    places: Arc<Semaphore>,
    /// The questions about connections that wait.
    asking: Mutex<HashMap<(AgentName, Program), WeakShared<Answered>>>,
}

/// A question's answer, for everyone who waits for it.
type Asked = Shared<Answered>;
type Answered = BoxFuture<'static, Option<Given>>;
type Applying = Applicant<OwnedReadHalf, OwnedWriteHalf>;

impl Default for Gate {
    fn default() -> Self {
        Self {
            evidence: Arc::default(),
            shim: own_shim(),
            places: Arc::new(Semaphore::new(CONNECTIONS)),
            asking: Mutex::default(),
        }
    }
}

/// The command-line program: the one next to this one, or one folder up when this is the example of a build; or this one.
fn own_shim() -> PathBuf {
    let here = std::env::current_exe().unwrap_or_default();
    let mut beside = here.ancestors().skip(1).take(2).map(|dir| dir.join("countersign"));
    beside.find(|path| path.is_file()).unwrap_or(here)
}

impl Gate {
    /// What a connection is compared with. An update may have changed the shim since the wallet started; what has not changed
    /// is not read again.
    fn own(&self) -> Own {
        let shim = self.evidence.of_file(&self.shim);
        Own { uid: rustix::process::getuid().as_raw(), shim: shim.ok().map(|program| program.sha256) }
    }
}

/// Listens for agents until the wallet closes.
pub(crate) fn listen(inner: &Arc<Inner>) -> Result<(), OpenError> {
    let listener = Listener::bind(&inner.home.agent_socket())?;
    warm(inner);
    let inner = inner.clone();
    tokio::spawn(async move {
        loop {
            let connection = tokio::select! {
                connection = listener.accept() => connection,
                () = inner.closing.cancelled() => break,
            };
            match connection {
                Ok(connection) => receive(&inner, connection),
                Err(error) => {
                    tracing::warn!(%error, "a connection was turned away");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
    });
    Ok(())
}

/// Reads the shim, and the programs that agents are known by, in the background: an agent's first connection need not wait
/// for it.
fn warm(inner: &Inner) {
    let book = inner.books.read();
    let agents = book.iter().flat_map(|book| book.agents.values());
    let known = agents.flat_map(|agent| &agent.programs).map(|program| program.path.clone());
    let programs: Vec<_> = known.chain([inner.gate.shim.clone()]).collect();
    let evidence = inner.gate.evidence.clone();
    tokio::task::spawn_blocking(move || {
        // What can't be read now is read, or reported, when an agent runs it.
        programs.iter().for_each(|path| drop(evidence.of_file(path)));
    });
}

fn receive(inner: &Arc<Inner>, connection: Connection) {
    let Ok(place) = inner.gate.places.clone().try_acquire_owned() else {
        tracing::warn!("too many connections; one was turned away");
        return;
    };
    let inner = inner.clone();
    tokio::spawn(async move {
        serve(&inner, connection).await;
        drop(place);
    });
}

/// Handshake and evidence go side by side: reading a large program for the first time must not use up the shim's patience.
async fn serve(inner: &Arc<Inner>, connection: Connection) {
    let Connection { stream, pid, uid } = connection;
    let (reader, writer) = stream.into_split();
    let evidence = inner.gate.evidence.clone();
    let looked = tokio::task::spawn_blocking(move || evidence.of(pid, uid));
    let greeted = handshake::greet(reader, writer, |agent| key_of(inner, agent));
    let (seen, applicant) = tokio::join!(looked, greeted);
    let mut applicant = match applicant {
        Ok(applicant) => applicant,
        Err(error) => return tracing::warn!(%error, pid, "a connection was turned away"),
    };
    let seen = match seen {
        Ok(Ok(seen)) => Arc::new(seen),
        Ok(Err(error)) => {
            tracing::warn!(%error, pid, "a connection without evidence was turned away");
            return applicant.refuse(Refusal::Refused).await;
        }
        Err(_) => return,
    };
    let name = applicant.agent.clone();
    let welcome = tokio::select! {
        welcome = let_in(inner, &name, &seen) => welcome,
        () = applicant.gone() => return tracing::info!(agent = %name, pid, "a connection went before it was let in"),
    };
    match welcome {
        Ok(()) => converse(inner, applicant, seen.peer.clone()).await,
        Err(denial) => turn_away(inner, applicant, &seen.peer, &denial).await,
    }
}

/// Welcome, and still what it was when it connected: before the human is asked, and once more after the answer.
async fn let_in(inner: &Arc<Inner>, name: &AgentName, seen: &Arc<Seen>) -> Result<(), Denial> {
    still(inner, seen).await?;
    if let Some(shim) = &seen.peer.shim
        && Some(shim.sha256) != inner.gate.own().shim
    {
        let program = shim.path.display();
        tracing::warn!(%program, "what connects is not the countersign of this installation");
    }
    welcome(inner, name, &seen.peer).await?;
    still(inner, seen).await
}

async fn still(inner: &Inner, seen: &Arc<Seen>) -> Result<(), Denial> {
    let (evidence, seen) = (inner.gate.evidence.clone(), seen.clone());
    match tokio::task::spawn_blocking(move || evidence.still(&seen)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a connection was turned away");
            Err(Denial::AgentUnknown)
        }
        Err(_) => Err(Denial::AgentUnknown),
    }
}

async fn turn_away(inner: &Inner, applicant: Applying, peer: &Peer, denial: &Denial) {
    refused(inner, &applicant.agent, peer, denial);
    applicant.refuse(if *denial == Denial::Locked { Refusal::Locked } else { Refusal::Refused }).await;
}

#[expect(clippy::disallowed_methods, reason = "the handshake compares the enrolment secret in constant time")]
fn key_of(inner: &Inner, agent: &AgentName) -> Result<Option<EnrolmentKey>, Refusal> {
    if inner.books.read().is_none() {
        return Err(Refusal::Locked);
    }
    let secret = inner.vault.agent_secret(agent).map_err(|_| Refusal::Locked)?;
    Ok(secret.and_then(|secret| <[u8; 32]>::try_from(secret.expose()).ok()).map(EnrolmentKey::new))
}

/// Known and welcome, or after the human's yes; anything else is a denial.
async fn welcome(inner: &Arc<Inner>, name: &AgentName, peer: &Peer) -> Result<(), Denial> {
    match known(inner, name, peer)? {
        Known::Welcome => Ok(()),
        Known::Ask { changed } => ask(inner, name, peer, changed).await,
    }
}

/// What policy says of a connection that it does not refuse.
enum Known {
    Welcome,
    Ask { changed: bool },
}

fn known(inner: &Inner, name: &AgentName, peer: &Peer) -> Result<Known, Denial> {
    let book = inner.books.read().ok_or(Denial::Locked)?;
    let agent = book.agent(name).map_err(|_| Denial::AgentUnknown)?;
    match policy::connect(agent, peer, inner.gate.own()) {
        policy::Connection::Welcome => Ok(Known::Welcome),
        policy::Connection::Refuse(denial) => Err(denial),
        policy::Connection::Ask { changed } => Ok(Known::Ask { changed }),
    }
}

/// One question for all connections of an agent from one program. It goes when the last of them has gone.
async fn ask(inner: &Arc<Inner>, name: &AgentName, peer: &Peer, changed: bool) -> Result<(), Denial> {
    let answer = inner.gate.question(inner, name, peer, changed).map_err(|_| Denial::TooManyQuestions)?;
    match answer.await {
        Some(Given { answer: Answer::Allow { .. }, how }) => enrol(inner, name, peer, how),
        Some(Given { answer: Answer::Deny, .. }) => Err(Denial::HumanDenied),
        None => Err(Denial::Unanswered),
    }
}

impl Gate {
    fn question(
        &self,
        inner: &Inner,
        name: &AgentName,
        peer: &Peer,
        changed: bool,
    ) -> Result<Asked, TooMany> {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        asking.retain(|_, asked| asked.upgrade().is_some());
        let key = (name.clone(), peer.program.clone());
        let waits = asking.get(&key).and_then(WeakShared::upgrade).filter(|asked| asked.peek().is_none());
        if let Some(asked) = waits {
            return Ok(asked);
        }
        let id = ApprovalId::new(random::make_id());
        let subject = Subject::Connect { agent: name.clone(), peer: peer.clone(), changed };
        let ticket = inner.desk.ask(id, subject, inner.clock.now(), QUESTION)?;
        let asked = ticket.answered().boxed().shared();
        asking.extend(asked.downgrade().map(|asked| (key, asked)));
        Ok(asked)
    }
}

/// Accepts the program, unless another connection has brought that about already.
fn enrol(inner: &Inner, name: &AgentName, peer: &Peer, how: Option<&str>) -> Result<(), Denial> {
    let enrolled = inner.books.change(|book, shelf| {
        let mut agent = book.agent(name)?.clone();
        let is_news = !agent.knows(&peer.program) || agent.state == AgentState::Pending;
        agent.enrol(peer.program.clone()).map_err(|_| crate::BrokerError::NoAgent(name.clone()))?;
        book.put_agent(shelf, agent)?;
        Ok(is_news)
    });
    match enrolled {
        Ok(false) => Ok(()),
        Ok(true) => {
            inner.tell(Event::Agents);
            let note = how.map(|how| format!("confirmed by {how}"));
            inner.write(Body { note, ..about(inner, name, peer, Kind::AgentEnrolled) }).map(drop)
        }
        Err(crate::BrokerError::Locked) => Err(Denial::Locked),
        Err(_) => Err(Denial::AgentRevoked),
    }
}

async fn converse(inner: &Arc<Inner>, applicant: Applying, peer: Peer) {
    let agent = applicant.agent.clone();
    let guest = Guest { agent: agent.clone(), peer: peer.clone(), scope: applicant.scope.clone() };
    let (session, heard) = Session::new(inner.clone(), guest);
    inner.sessions.add(session.clone());
    let _leaves = Leaving { inner, session: &session };
    // A lock or a revocation since the welcome may have come too early to find the session.
    if let Err(denial) = known(inner, &agent, &peer) {
        return turn_away(inner, applicant, &peer, &denial).await;
    }
    if inner.write(about(inner, &agent, &peer, Kind::AgentConnected)).is_err() {
        return applicant.refuse(Refusal::Busy).await;
    }
    let admitted: std::io::Result<(LineReader<_>, LineWriter<_>)> = applicant.admit(mcp::MAX_MESSAGE).await;
    let Ok((reader, writer)) = admitted else { return };
    inner.tell(Event::Agents);
    session.clone().run(reader, writer, heard).await;
    let ended = inner.books.change(|book, _| {
        book.end_session(&session.id);
        Ok(())
    });
    if ended.is_ok() {
        // A wallet that is locked by now has recorded that instead.
        let _ = inner.write(about(inner, &agent, &peer, Kind::AgentDisconnected));
    }
}

/// Takes a session off the list, however it ends.
struct Leaving<'a> {
    inner: &'a Inner,
    session: &'a Session,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.inner.sessions.remove(&self.session.id);
        self.inner.tell(Event::Agents);
    }
}

fn refused(inner: &Inner, agent: &AgentName, peer: &Peer, denial: &Denial) {
    tracing::warn!(%agent, pid = peer.pid, %denial, "a connection was refused");
    let body = Body { note: Some(denial.code().to_owned()), ..about(inner, agent, peer, Kind::AgentRefused) };
    if let Err(error) = inner.write(body) {
        tracing::warn!(%error, "a refused connection was not recorded");
    }
}

fn about(inner: &Inner, agent: &AgentName, peer: &Peer, kind: Kind) -> Body {
    Body { agent: Some(agent.clone()), peer: Some(peer.clone()), ..inner.body(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Broker, Consent, CreateWallet, Home, KeyChoice, Secret};
    use domain::Digest;
    use mcp::handshake::{prove_to_wallet, verdict};
    use std::os::unix::net::UnixStream;

    #[tokio::test(flavor = "multi_thread")]
    async fn threat_26_an_agent_revoked_while_it_is_let_in_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let broker = Broker::open(Home::at(dir.path())).await.unwrap();
        let passphrase = Some(Secret::new("correct horse"));
        let new = CreateWallet { identity: "Test".into(), keys: KeyChoice::Passphrase, passphrase };
        broker.create(new).await.unwrap();
        let (scout, inner) = (AgentName::parse("scout").unwrap(), &broker.0);
        broker.add_agent(Consent::by_confirmation(), scout.clone()).await.unwrap();
        let program = Program { path: "/usr/bin/scout".into(), sha256: Digest::new([1; 32]) };
        let uid = rustix::process::getuid().as_raw();
        let shim = inner.gate.evidence.of_file(&inner.gate.shim).unwrap();
        let peer = Peer { pid: 1, uid, program, shim: Some(shim) };
        enrol(inner, &scout, &peer, None).unwrap();
        welcome(inner, &scout, &peer).await.unwrap();

        let (ours, theirs) = UnixStream::pair().unwrap();
        let key = std::fs::read_to_string(inner.home.enrolment_path(&scout)).unwrap();
        let agent = tokio::task::spawn_blocking({
            let (name, key) = (scout.clone(), EnrolmentKey::parse(&key).unwrap());
            move || {
                prove_to_wallet(&theirs, &name, &domain::Endpoint::All, &key).unwrap();
                verdict(&theirs)
            }
        });
        ours.set_nonblocking(true).unwrap();
        let (reader, writer) = tokio::net::UnixStream::from_std(ours).unwrap().into_split();
        let applicant = handshake::greet(reader, writer, |agent| key_of(inner, agent)).await.unwrap();

        // Between the welcome and the session.
        broker.revoke_agent(&scout).await.unwrap();
        tokio::time::timeout(Duration::from_secs(20), converse(inner, applicant, peer)).await.unwrap();

        assert!(agent.await.unwrap().is_err(), "it is turned away");
        assert!(broker.connected().is_empty());
        let connected = ledger::Filter { kinds: vec![Kind::AgentConnected], ..ledger::Filter::default() };
        assert!(broker.activity(&connected).unwrap().is_empty());
    }
}
