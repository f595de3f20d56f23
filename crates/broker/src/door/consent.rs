//! An authorization request becomes a question to the human; the browser waits for the answer.
//!
//! ```text
//! GET authorize ──asks──► held 20 s ──► on to a page that looks again by itself ──► back to the client, with a code or a no
//! ```
//! The same request again (a page that was reloaded) is the same question, and later the same answer.

use super::join::Place;
use super::pages::{self, Page};
use super::who::Who;
use crate::approval::Given;
use crate::held::lock;
use crate::inner::Inner;
use crate::random;
use domain::{Answer, ApprovalId, Denial, Digest, Subject, Timestamp};
use http::StatusCode;
use issuer::{Asked, Client, Holder, Request, Stray};
use proof::receipt::{Body, Kind};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;
use url::Url;

/// How long the browser's first request is held.
const HOLD: Duration = Duration::from_secs(20);
/// How long the question waits for the human.
const QUESTION: Duration = Duration::from_secs(300);
/// How long an answer is there for a page that is reloaded.
const KEPT: Duration = Duration::from_secs(60);
/// How many requests may wait for the human, or for a client's document.
const PLACES: usize = 16;
/// How many are remembered in all.
const REMEMBERED: usize = 64;
/// Where the browser waits.
pub(super) const WAIT: &str = "/oauth/wait";

/// Requests that wait, or were answered a moment ago.
pub(crate) struct Waiting {
    places: Arc<Semaphore>,
    asked: Mutex<Vec<Arc<Asking>>>,
}

struct Asking {
    /// The same request has the same.
    request: Digest,
    /// By which the waiting page finds it. Whoever knows it is given the answer.
    id: String,
    outcome: watch::Receiver<Option<Outcome>>,
    forgotten: Timestamp,
}

/// Where what comes of a request is told.
type Tell = watch::Sender<Option<Outcome>>;

/// What came of a request.
#[derive(Clone)]
enum Outcome {
    /// The client is told, at this address.
    Back(Url),
    /// The human is, on the page.
    Stop(&'static str),
}

/// Who asks for what.
struct Case {
    request: Request,
    place: Place,
    who: Arc<Who>,
    port: u16,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(PLACES)), asked: Mutex::default() }
    }
}

impl Waiting {
    fn find(&self, which: impl Fn(&Asking) -> bool) -> Option<Arc<Asking>> {
        lock(&self.asked).iter().find(|asking| which(asking)).cloned()
    }

    /// Remembers a request, unless it is there already; then that one is given, and no way to answer it.
    fn add(&self, request: Digest, now: Timestamp) -> Option<(Arc<Asking>, Option<Tell>)> {
        let mut asked = lock(&self.asked);
        asked.retain(|asking| asking.forgotten > now);
        if let Some(known) = asked.iter().find(|asking| asking.request == request) {
            return Some((known.clone(), None));
        }
        if asked.len() >= REMEMBERED {
            return None;
        }
        let (answer, outcome) = watch::channel(None);
        let forgotten = now.plus(QUESTION + KEPT);
        let asking = Arc::new(Asking { request, id: random::make_id(), outcome, forgotten });
        asked.push(asking.clone());
        Some((asking, Some(answer)))
    }
}

impl Asking {
    async fn ended(&self) -> Outcome {
        let mut outcome = self.outcome.clone();
        let ended = outcome.wait_for(Option::is_some).await;
        let ended = ended.ok().and_then(|outcome| outcome.clone());
        ended.unwrap_or(Outcome::Stop("The wallet was closed before you answered."))
    }
}

impl Outcome {
    fn page(&self) -> Page {
        match self {
            Self::Back(url) => pages::back(url),
            Self::Stop(sentence) => pages::stop(StatusCode::FORBIDDEN, sentence),
        }
    }
}

/// The authorization endpoint.
pub(super) async fn authorize(inner: &Arc<Inner>, query: &str) -> Page {
    if inner.books.read().is_none() {
        return pages::locked();
    }
    match begin(inner, query).await {
        Ok(asking) => match timeout(HOLD, asking.ended()).await {
            Ok(outcome) => outcome.page(),
            Err(_) => pages::see_other(&format!("{WAIT}?{}", asking.id)),
        },
        Err(Stray::Page(sentence)) => pages::stop(StatusCode::BAD_REQUEST, &sentence),
        Err(Stray::Back(url)) => pages::back(&url),
    }
}

/// The page on which a browser waits.
pub(super) fn wait(inner: &Inner, id: &str) -> Page {
    let Some(asking) = inner.door.waiting.find(|asking| asking.id == id) else {
        return pages::stop(
            StatusCode::NOT_FOUND,
            "This question is over. Log in anew from the program that asked.",
        );
    };
    let outcome = asking.outcome.borrow().clone();
    outcome.map_or_else(pages::wait, |outcome| outcome.page())
}

async fn begin(inner: &Arc<Inner>, query: &str) -> Result<Arc<Asking>, Stray> {
    let request = proof::sha256(query.as_bytes());
    if let Some(known) = inner.door.waiting.find(|asking| asking.request == request) {
        return Ok(known);
    }
    let full =
        || stray("Too many programs want to be let in at once. Answer them in Countersign, then try again.");
    let place = inner.door.waiting.places.clone().try_acquire_owned().map_err(|_| full())?;
    let case = read(inner, query).await?;
    let (asking, answer) = inner.door.waiting.add(request, inner.clock.now()).ok_or_else(full)?;
    if let Some(answer) = answer {
        tokio::spawn(put(inner.clone(), case, answer, place));
    }
    Ok(asking)
}

/// Reads a request, as far as no human is needed for it.
async fn read(inner: &Arc<Inner>, query: &str) -> Result<Case, Stray> {
    let asked = Asked::parse(query)?;
    let document = document(inner, asked.client_id()).await?;
    let admitted = inner.with_issuer(|issuer| issuer.admit(asked, document, inner.clock.now()));
    let request = admitted.map_err(|_| stray("Countersign is locked."))??;
    let Some(port) = request.redirect.loopback_port() else {
        return Err(stray(&format!(
            "The answer would go to {}, and Countersign can't see which program of this machine gets it there.",
            request.redirect.host()
        )));
    };
    let Some(who) = inner.listening(port).await else {
        return Err(stray(&format!(
            "The answer would go to port {port} of this machine, and Countersign can't see which program listens there."
        )));
    };
    let book = inner.books.read().ok_or_else(|| stray("Countersign is locked."))?;
    let place = Place::find(&book, &request.client.name, &who.program).map_err(Stray::Page)?;
    Ok(Case { request, place, who, port })
}

/// The document of a client that is known by one, and is not registered here.
async fn document(inner: &Inner, id: &str) -> Result<Option<Client>, Stray> {
    let registered = inner.with_issuer(|issuer| issuer.client(id).is_some()).unwrap_or(true);
    if registered || !Client::is_document(id) {
        return Ok(None);
    }
    let address = Url::parse(id).map_err(|error| stray(&error.to_string()))?;
    let document = inner.oauth.client_document(&address).await;
    let document =
        document.map_err(|error| stray(&format!("What {id:?} says of itself can't be read: {error}")))?;
    let client = Client::from_document(id, &document);
    client
        .map(Some)
        .map_err(|refusal| stray(&format!("{id:?} says nothing usable of itself: {}", refusal.description)))
}

/// Puts the question, and makes of the answer what the browser is given.
async fn put(inner: Arc<Inner>, case: Case, answer: Tell, _place: OwnedSemaphorePermit) {
    let id = ApprovalId::new(random::make_id());
    let ticket = inner.desk.ask(id, case.subject(), inner.clock.now(), QUESTION);
    let outcome = match ticket {
        Err(_) => {
            Outcome::Stop("Too many questions wait for you in Countersign. Answer them, then try again.")
        }
        Ok(ticket) => {
            let denial = match ticket.answered().await {
                Some(given @ Given { answer: Answer::Allow { .. }, .. }) => case.allow(&inner, given).await,
                Some(Given { answer: Answer::Deny, .. }) => Err(Denial::HumanDenied),
                None => Err(Denial::Unanswered),
            };
            Outcome::Back(denial.unwrap_or_else(|denial| case.refuse(&inner, &denial)))
        }
    };
    let _ = answer.send(Some(outcome));
}

impl Case {
    fn subject(&self) -> Subject {
        let client = &self.request.client;
        Subject::Authorize {
            agent: self.place.agent.clone(),
            becomes: self.place.becomes,
            client: client.name.clone(),
            document: Client::is_document(&client.id).then(|| client.id.clone()),
            redirect: self.request.redirect.to_string(),
            endpoint: self.request.endpoint.clone(),
            pid: self.who.pid,
            program: self.who.program.clone(),
        }
    }

    /// The same program still listens: then it is the agent, and its code is on its way.
    async fn allow(&self, inner: &Arc<Inner>, given: Given) -> Result<Url, Denial> {
        let now = inner.listening(self.port).await;
        if now.is_none_or(|now| now.program != self.who.program) {
            return Err(Denial::AgentUnknown);
        }
        let path = self.request.endpoint.path();
        inner.join(&self.place, &self.request.client.name, &self.who, given, &path)?;
        let holder = Holder { agent: self.place.agent.clone(), program: self.who.program.clone() };
        let now = inner.clock.now();
        let granted = inner.with_issuer(|issuer| issuer.grant(self.request.clone(), holder, now))?;
        granted.map_err(|_| Denial::TooManyQuestions)
    }

    fn refuse(&self, inner: &Inner, denial: &Denial) -> Url {
        let body = Body {
            agent: Some(self.place.agent.clone()),
            peer: Some(self.who.peer()),
            note: Some(denial.code().to_owned()),
            ..inner.body(Kind::AgentRefused)
        };
        if let Err(error) = inner.write(body) {
            tracing::warn!(%error, "a refused login was not recorded");
        }
        self.request.denied()
    }
}

fn stray(sentence: &str) -> Stray {
    Stray::Page(sentence.to_owned())
}
