//! One call's journey, from an agent's request to the agent's answer. Nothing else in the project does any of this.

use crate::book::{Book, Signed};
use crate::budget::{Line, Open, Place};
use crate::end::{End, Stop};
use crate::link::Link;
use crate::session::Session;
use crate::sessions::InFlight;
use crate::wanted::Wanted;
use crate::{Event, preview, random};
use domain::{Agent, Answer, ApprovalId, Call, CallId, Denial, Digest, Subject, TargetKind, Timestamp};
use ledger::Entry;
use mcp::Message;
use policy::{Asking, Candidate, Decision, Facts, Permit};
use proof::call_proof::{self, ProofClaims, ProvedCall};
use proof::receipt::{self, Body, Kind, Shown, Verdict};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use vault::Attachment;

/// How long a question waits for the human.
const QUESTION: Duration = Duration::from_secs(600);
/// The longest a call may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// Where the call proof travels (formats, §3).
const PROOF_META: &str = "io.countersign/proof";
const PROOF_HEADER: &str = "countersign-proof";

/// Takes one call from the agent's request to its answer.
pub(crate) async fn journey(
    session: &Session,
    wanted: Wanted,
    withdrawn: &CancellationToken,
) -> Result<Message, Stop> {
    let trip = Trip::begin(session, wanted)?;
    let known = trip.facts().await?;
    let decided = trip.decide(&known)?;
    let cleared = trip.settle(&known, decided, withdrawn).await?;
    let (opened, permit) = trip.open(&known, cleared)?;
    let end = match trip.attach(&known, permit).await {
        Ok(sealed) => trip.send(&known, sealed, &opened, withdrawn).await,
        Err(end) => end,
    };
    trip.close(&opened, end)
}

/// A call under way.
struct Trip<'a> {
    session: &'a Session,
    call: Call,
    wanted: Wanted,
    flight: InFlight,
    now: Timestamp,
}

/// What the decision is made on.
struct Known {
    book: Arc<Book>,
    agent: Agent,
    /// The way to the server; none when no delegation names the target, for then nothing is started.
    link: Option<Arc<Link>>,
    definition: Option<Digest>,
}

/// What was decided, with the place it takes in the budget.
enum Decided {
    Allowed(Permit, Option<Place>),
    Asking(Asking, Option<Place>),
}

/// A call that may go.
struct Cleared {
    permit: Permit,
    place: Option<Place>,
    decision: receipt::Decision,
}

/// A call that is ready to be sent.
struct Sealed {
    message: Message,
    attachment: Attachment,
    shown: Option<(Shown, http::HeaderValue)>,
}

impl<'a> Trip<'a> {
    fn begin(session: &'a Session, wanted: Wanted) -> Result<Self, Stop> {
        let now = session.inner.clock.now();
        let Some(server) = wanted.server.clone().or_else(|| session.server_of(&wanted.target)) else {
            return Err(session.refuse_unplaced(&wanted.target));
        };
        let call = Call {
            id: CallId::new(random::make_id()),
            agent: session.agent.clone(),
            session: session.id.clone(),
            server,
            target: wanted.target.clone(),
            digest: proof::call_digest(&wanted.target.name, &wanted.arguments),
        };
        let flight = session.inner.sessions.take_off(&call.id, &call.agent, &call.server, &call.target, now);
        Ok(Self { session, call, wanted, flight, now })
    }

    /// 1. Who calls, under which delegations, what the tool is now.
    async fn facts(&self) -> Result<Known, Stop> {
        let inner = &self.session.inner;
        if inner.clock.is_behind() {
            return Err(self.refuse(Denial::ClockBehind));
        }
        let Some(book) = inner.books.read() else { return Err(Stop::Denied(Denial::Locked)) };
        let Ok(agent) = book.agent(&self.call.agent).cloned() else {
            return Err(self.refuse(Denial::AgentRevoked));
        };
        let named = book.of(&agent.name).any(|signed| {
            signed.delegation.grant(&self.call.server).is_some_and(|grant| grant.names(&self.call.target))
        });
        if !named {
            return Ok(Known { book, agent, link: None, definition: None });
        }
        let link = self.session.link(&self.call.server).await.map_err(|fault| self.not_reached(fault))?;
        let definition = match self.call.target.kind {
            TargetKind::Tool => {
                let tools = self.session.tools(&link).await.map_err(|fault| self.not_reached(fault))?;
                tools.definition(&self.call.target.name)
            }
            TargetKind::Resource | TargetKind::Prompt => None,
        };
        Ok(Known { book, agent, link: Some(link), definition })
    }

    /// 2. Allowed, asked or denied; no rule is a denial. The place in the budget is taken in the same breath.
    fn decide(&self, known: &Known) -> Result<Decided, Stop> {
        let budget = &self.session.inner.budget;
        let mut open = budget.open();
        let decision = self.weigh(known, &open);
        let decided = match decision {
            Decision::Allow(permit) => {
                let place = self.take_place(&permit, &mut open);
                Ok(Decided::Allowed(permit, place))
            }
            Decision::Ask(asking) => {
                let place = self.take_place(asking.permit(), &mut open);
                Ok(Decided::Asking(asking, place))
            }
            Decision::Deny(denial) => Err(denial),
        };
        drop(open);
        decided.map_err(|denial| self.refuse(denial))
    }

    fn weigh<'b>(&self, known: &'b Known, open: &Open<'_>) -> Decision {
        let candidate = |signed: &'b Arc<Signed>| Candidate {
            delegation: &signed.delegation,
            used: open.used(&self.line(&signed.delegation.id), self.now),
        };
        let candidates: Vec<_> = known.book.of(&known.agent.name).map(candidate).collect();
        let facts = Facts {
            call: &self.call,
            agent: &known.agent,
            peer: &self.session.peer,
            all_paused: known.book.about.paused,
            candidates: &candidates,
            definition: known.definition,
            standing: &known.book.standing,
        };
        policy::decide(&facts, self.now)
    }

    fn line(&self, delegation: &domain::DelegationId) -> Line {
        Line {
            delegation: delegation.clone(),
            server: self.call.server.clone(),
            target: self.call.target.clone(),
        }
    }

    fn take_place(&self, permit: &Permit, open: &mut Open<'_>) -> Option<Place> {
        self.flight.under(permit.delegation());
        let counted = self.call.target.kind == TargetKind::Tool;
        permit.delegation().filter(|_| counted).map(|delegation| open.take(self.line(delegation)))
    }

    /// 3. A question becomes a permit only by a human's answer to exactly this call.
    async fn settle(
        &self,
        known: &Known,
        decided: Decided,
        withdrawn: &CancellationToken,
    ) -> Result<Cleared, Stop> {
        let (asking, place) = match decided {
            Decided::Allowed(permit, place) => {
                return Ok(Cleared {
                    permit,
                    place,
                    decision: decision(Verdict::Allowed, "delegation", None),
                });
            }
            Decided::Asking(asking, place) => (asking, place),
        };
        let id = ApprovalId::new(random::make_id());
        let answer = self.ask(&id, &asking, withdrawn).await?;
        let now = self.session.inner.clock.now();
        let settled = policy::settle(asking, id.clone(), answer, now);
        self.record_answer(&id, settled.is_ok())?;
        let settled = settled.map_err(|denial| self.refuse(denial))?;
        if self.flight.is_stopped() {
            return Err(self.refuse(self.why_stopped(known)));
        }
        if let Some(yes) = settled.standing {
            let remembered = self.session.inner.books.change(|book, shelf| book.remember(shelf, yes));
            if let Err(error) = remembered {
                tracing::warn!(%error, "the answer holds for this call only");
            }
        }
        Ok(Cleared {
            permit: settled.permit,
            place,
            decision: decision(Verdict::Asked, "approval", Some(id)),
        })
    }

    async fn ask(
        &self,
        id: &ApprovalId,
        asking: &Asking,
        withdrawn: &CancellationToken,
    ) -> Result<Answer, Stop> {
        let inner = &self.session.inner;
        let Some(delegation) = asking.permit().delegation().cloned() else {
            return Err(self.refuse(Denial::NotGranted));
        };
        let subject = Subject::Call {
            agent: self.call.agent.clone(),
            session: self.call.session.clone(),
            peer: self.session.peer.clone(),
            server: self.call.server.clone(),
            target: self.call.target.clone(),
            definition: asking.permit().definition(),
            delegation,
            arguments: self.wanted.arguments.clone(),
            digest: self.call.digest,
        };
        let ticket = inner.desk.ask(id.clone(), subject, self.now, QUESTION);
        let ticket = ticket.map_err(|_| self.refuse(Denial::TooManyQuestions))?;
        self.write(Body {
            decision: Some(decision(Verdict::Asked, "delegation", Some(id.clone()))),
            ..self.body(Kind::ApprovalAsked)
        })?;
        self.flight.waits(true);
        let answer = tokio::select! {
            answer = ticket.answered() => answer.ok_or(Denial::Unanswered),
            () = self.flight.stopped() => Err(Denial::HumanDenied),
            () = withdrawn.cancelled() => return Err(Stop::Withdrawn),
            () = self.session.keep_waiting(&self.wanted.request) => Err(Denial::Unanswered),
        };
        self.flight.waits(false);
        answer.map_err(|denial| self.refuse(denial))
    }

    fn record_answer(&self, id: &ApprovalId, granted: bool) -> Result<(), Stop> {
        let kind = if granted { Kind::ApprovalGranted } else { Kind::ApprovalRefused };
        let verdict = if granted { Verdict::Allowed } else { Verdict::Denied };
        let decision = Some(decision(verdict, "human", Some(id.clone())));
        self.write(Body { decision, ..self.body(kind) }).map(drop)
    }

    /// Decides once more, to tell the agent which of the human's acts stopped the call.
    fn why_stopped(&self, known: &Known) -> Denial {
        let Some(book) = self.session.inner.books.read() else { return Denial::Locked };
        let agent = book.agent(&self.call.agent).cloned().unwrap_or_else(|_| known.agent.clone());
        let now = Known { book, agent, link: None, definition: known.definition };
        match self.weigh(&now, &self.session.inner.budget.open()) {
            Decision::Deny(denial) => denial,
            Decision::Allow(_) | Decision::Ask(_) => Denial::HumanDenied,
        }
    }

    /// 4. In the record before the effect. If the record can't be written, nothing leaves.
    fn open(&self, known: &Known, cleared: Cleared) -> Result<(Entry, Permit), Stop> {
        let preview = preview::shorten(&self.session.inner.vault.redactor(), self.wanted.arguments.clone());
        let entry = self.write(Body {
            peer: Some(self.session.peer.clone()),
            delegation: cleared.permit.delegation().cloned(),
            tool: Some(receipt::Tool { target: self.call.target.clone(), definition: known.definition }),
            arguments: Some(receipt::Arguments { digest: self.call.digest, preview: Some(preview) }),
            decision: Some(cleared.decision),
            ..self.body(Kind::CallOpened)
        })?;
        drop(cleared.place);
        self.session.inner.tell(Event::CallOpened {
            id: self.call.id.clone(),
            agent: self.call.agent.clone(),
            server: self.call.server.clone(),
            target: self.call.target.clone(),
            time: self.now,
        });
        Ok((entry, cleared.permit))
    }

    /// 5. The vault takes the permit and gives what the call is sent with: credential, and the agent's key for the proof.
    async fn attach(&self, known: &Known, permit: Permit) -> Result<Sealed, End> {
        let inner = &self.session.inner;
        inner.freshen(&self.call.server).await?;
        let delegation = permit.delegation().cloned();
        let attachment =
            inner.vault.attach(permit, inner.clock.now()).map_err(|error| End::not_sent(&error))?;
        let signed = delegation.and_then(|id| known.book.delegations.get(&id).cloned());
        let resource = known.book.server(&self.call.server).map(domain::Server::resource).unwrap_or_default();
        let presentation = signed.and_then(|signed| signed.sd_jwt.disclose(&resource));
        let (Some(holder), Some(presentation)) = (attachment.holder(), presentation) else {
            return Err(End::not_sent(
                &"the delegation does not name this server's address any more; delegate again",
            ));
        };
        let nonce = known.link.as_ref().and_then(|link| link.take_nonce()).unwrap_or_else(random::make_id);
        let claims = ProofClaims {
            audience: resource,
            issued: inner.clock.now(),
            nonce,
            call: ProvedCall {
                method: self.wanted.method.to_string(),
                name: self.call.target.name.clone(),
                digest: self.call.digest,
            },
        };
        let proof =
            call_proof::prove(&presentation, &claims, holder).map_err(|error| End::not_sent(&error))?;
        let message = self.wanted.request.edit().meta(PROOF_META, &json!(proof)).finish();
        let shown = Shown { kind: "kb-jwt".into(), digest: proof::sha256(proof.as_bytes()) };
        let header = http::HeaderValue::try_from(proof).ok();
        Ok(Sealed { message, attachment, shown: header.map(|header| (shown, header)) })
    }

    /// 6. On its way. Progress, cancellation and the server's own questions pass through the link.
    async fn send(
        &self,
        known: &Known,
        sealed: Sealed,
        opened: &Entry,
        withdrawn: &CancellationToken,
    ) -> End {
        let Some(link) = &known.link else { return End::not_sent(&"there is no way to the server") };
        let proof = sealed.shown.as_ref().map(|(shown, _)| shown.clone());
        let exchange = async {
            let answered = self.exchange(link, sealed).await;
            // The agent learns nothing that the record could still lose.
            if let Err(error) = self.session.inner.ledger.durable(opened.seq).await {
                tracing::error!(%error, "a receipt may not survive a power cut");
            }
            answered
        };
        let answered = tokio::select! {
            answered = tokio::time::timeout(PATIENCE, exchange) => answered.map_err(|_| End::unknown("the server took too long")),
            () = withdrawn.cancelled() => Err(End::Withdrawn),
            () = self.flight.stopped() => Err(End::Stopped(self.why_stopped(known))),
        };
        match answered {
            Ok(Ok(answer)) => End::Answered { answer, proof },
            Ok(Err(fault)) => End::from_fault(fault),
            Err(end) => {
                self.session.take_back(link, self.wanted.request.id()).await;
                end
            }
        }
    }

    /// Sends; a refused login is renewed once, for then the server has done nothing yet.
    async fn exchange(&self, link: &Link, sealed: Sealed) -> Result<Message, crate::link::Fault> {
        let headers = |attachment: &Attachment| {
            let mut headers = attachment.headers();
            if let Some((_, proof)) = &sealed.shown {
                headers.insert(PROOF_HEADER, proof.clone());
            }
            headers
        };
        let first = link.request(sealed.message.clone(), headers(&sealed.attachment)).await;
        let Err(crate::link::Fault::Upstream(mcp::upstream::UpstreamError::Unauthorized { .. })) = &first
        else {
            return first;
        };
        let inner = &self.session.inner;
        if !inner.renew_login(&self.call.server, self.now).await {
            return first;
        }
        let Ok(attachment) = inner.renewed(sealed.attachment) else { return first };
        link.request(sealed.message, headers(&attachment)).await
    }

    /// 7. The outcome, receipted and chained; the answer with every known secret struck out.
    fn close(&self, opened: &Entry, end: End) -> Result<Message, Stop> {
        let inner = &self.session.inner;
        let end = end.redacted(&inner.vault.redactor());
        let duration = inner.clock.now().since(self.now);
        let body = Body {
            delegation: opened.body.delegation.clone(),
            tool: opened.body.tool.clone(),
            proof: end.shown(),
            outcome: Some(end.outcome(duration)),
            ..self.body(Kind::CallClosed)
        };
        if self.write(body).is_err() {
            // The effect has happened, and is in the record as opened: it reads "outcome unknown".
            tracing::error!("the outcome of a call could not be recorded");
        }
        inner.tell(Event::CallClosed {
            id: self.call.id.clone(),
            agent: self.call.agent.clone(),
            ok: end.is_ok(),
        });
        end.into_answer()
    }

    fn body(&self, kind: Kind) -> Body {
        Body {
            agent: Some(self.call.agent.clone()),
            session: Some(self.call.session.clone()),
            server: Some(self.call.server.clone()),
            call: Some(self.call.id.clone()),
            tool: Some(receipt::Tool { target: self.call.target.clone(), definition: None }),
            ..self.session.inner.body(kind)
        }
    }

    fn write(&self, body: Body) -> Result<Entry, Stop> {
        self.session.inner.write(body).map_err(Stop::Denied)
    }

    /// Refuses, and says so in the record.
    fn refuse(&self, denial: Denial) -> Stop {
        let decision = receipt::Decision {
            reason: Some(denial.code().to_owned()),
            ..decision(Verdict::Denied, "policy", None)
        };
        let arguments = receipt::Arguments { digest: self.call.digest, preview: None };
        let body = Body {
            peer: Some(self.session.peer.clone()),
            arguments: Some(arguments),
            decision: Some(decision),
            ..self.body(Kind::CallDenied)
        };
        self.session.denied(self.call.server.clone(), &self.call.target, &denial, body);
        Stop::Denied(denial)
    }

    /// The server could not be asked what the tool is: nothing was sent.
    fn not_reached(&self, fault: crate::link::Fault) -> Stop {
        if let crate::link::Fault::Denied(denial) = fault {
            return self.refuse(denial);
        }
        let end = End::from_fault(fault);
        let body = Body { outcome: Some(end.outcome(Duration::ZERO)), ..self.body(Kind::CallDenied) };
        if let Err(stop) = self.write(body) {
            return stop;
        }
        match end.into_answer() {
            Err(stop) => stop,
            Ok(_) => Stop::Withdrawn,
        }
    }
}

fn decision(outcome: Verdict, rule: &str, approval: Option<ApprovalId>) -> receipt::Decision {
    receipt::Decision { outcome, reason: None, rule: Some(rule.to_owned()), approval }
}
