//! Steps 5 and 6: the credential and the proof, and the way to the server and back.

use super::{Known, Sealed, Trip};
use crate::end::{Answered, Cut, Said};
use crate::link::{Fault, Link};
use crate::random;
use domain::{Denial, Signer, TargetKind, Timestamp};
use http::{HeaderMap, HeaderValue};
use ledger::{Entry, LedgerError};
use mcp::Message;
use mcp::flow::Reply;
use mcp::upstream::UpstreamError;
use policy::Permit;
use proof::call_proof::{self, ProofClaims, ProvedCall};
use proof::receipt::{Shown, Verdict};
use proof::sd_jwt::Presentation;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::task::task_tracker::TaskTrackerToken;
use vault::Attachment;

/// The longest a call may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long the renewal of a login may hold up a call.
const RENEWAL: Duration = Duration::from_secs(45);
/// How long a server may take to hear that it need not go on.
const FAREWELL: Duration = Duration::from_secs(10);
/// Where the call proof travels (formats, §3).
const PROOF_META: &str = "io.countersign/proof";
const PROOF_HEADER: &str = "countersign-proof";
/// The longest proof that is sent as a header too: servers refuse requests with headers of 8 KiB and more.
const LONGEST_HEADER: usize = 4 << 10;

impl Trip<'_> {
    /// 5. The vault takes the permit and gives what the call is sent with: credential, and the agent's key for the proof.
    pub(super) async fn attach(&self, known: &Known, permit: Permit) -> Result<Sealed, Cut> {
        let inner = &self.session.inner;
        self.freshen().await?;
        let delegation = permit.delegation().cloned();
        let attachment =
            inner.vault.attach(permit, inner.clock.now()).map_err(|error| Cut::not_sent(&error))?;
        let signed = delegation.and_then(|id| known.book.delegations.get(&id).cloned());
        let resource = known.book.server(&self.call.server).map(domain::Server::resource).unwrap_or_default();
        let presentation = signed.and_then(|signed| signed.presentation(&resource));
        let (Some(holder), Some(presentation)) = (attachment.holder(), presentation) else {
            return Err(Cut::not_sent(
                &"the delegation does not name this server's address any more; delegate again",
            ));
        };
        let proved = Proved::make(self, known, &self.wanted.request, &presentation, holder)?;
        Ok(Sealed {
            message: proved.message,
            attachment: Some(attachment),
            presentation,
            params: self.param_headers(known),
            shown: vec![proved.shown],
            header: proved.header,
        })
    }

    fn param_headers(&self, known: &Known) -> HeaderMap {
        let link = known.facts.link.as_ref().filter(|_| self.call.target.kind == TargetKind::Tool);
        link.map(|link| link.param_headers(&self.call.target.name, &self.wanted.arguments))
            .unwrap_or_default()
    }

    async fn freshen(&self) -> Result<(), Cut> {
        let renewed = timeout(RENEWAL, self.session.inner.freshen(&self.call.server));
        // After so long the token may still be good: the server decides.
        self.unless_halted(renewed).await?.unwrap_or(Ok(())).map_err(|fault| self.cut(fault))
    }

    /// 6. On its way. Progress, cancellation and the server's own questions pass through the link.
    pub(super) async fn send(
        &self,
        known: &Known,
        mut sealed: Sealed,
        opened: &Entry,
    ) -> Result<Answered, Cut> {
        let Some(mut link) = known.facts.link.clone() else {
            return Err(Cut::not_sent(&"there is no way to the server"));
        };
        self.on_disk(opened).await.map_err(|error| Cut::not_sent(&error))?;
        let busy = link.busy();
        let answered = timeout(PATIENCE, async {
            match self.exchanges(known, &mut link, &mut sealed).await? {
                Reply::Whole(answer) => {
                    let answer = self.session.note_task(&self.call.server, &self.call.target, answer);
                    Ok(Said::Whole(self.session.for_agent(&self.wanted.method, link.era(), answer)))
                }
                Reply::Flowing(flow) => self.pour(flow, link.era()).await,
            }
        });
        let late = |_| Cut::unknown(&self.call.server, &"it took too long");
        let answered = self.unless_halted(async { answered.await.map_err(late) }).await.flatten();
        match answered.flatten() {
            Ok(answer) => Ok(Answered { answer, proofs: sealed.shown }),
            Err(cut) => {
                self.take_back(link, &sealed, busy);
                Err(cut)
            }
        }
    }

    /// What a human was asked about leaves only once its receipt would survive a power cut. Other calls do not wait for the
    /// disk: their receipts survive the end of the process, and follow to the disk within milliseconds.
    async fn on_disk(&self, opened: &Entry) -> Result<(), LedgerError> {
        let asked = opened.body.decision.as_ref().is_some_and(|decision| decision.outcome == Verdict::Asked);
        if asked { self.session.inner.ledger.durable(opened.seq).await } else { Ok(()) }
    }

    /// Sends, and once more where the server has certainly done nothing yet: it refused the login and that was renewed, or it
    /// has forgotten the session and there is a new one.
    pub(super) async fn exchange(
        &self,
        known: &Known,
        link: &mut Arc<Link>,
        sealed: &mut Sealed,
    ) -> Result<Reply, Cut> {
        let sent = self.leaves();
        self.hand_over(link, sealed).await;
        let first = link.reply(sealed.message.clone(), sealed.headers()).await;
        let again = match &first {
            Err(Fault::Upstream(UpstreamError::Unauthorized { .. })) => self.renew(sealed, sent).await,
            Err(Fault::Upstream(UpstreamError::SessionLost)) => {
                *link = self.reopened(known).await?;
                true
            }
            Ok(_) | Err(_) => false,
        };
        let answer = if again { link.reply(sealed.message.clone(), sealed.headers()).await } else { first };
        answer.map_err(|fault| self.cut(fault))
    }

    /// What its server says and asks meanwhile belongs to it; and what that asked already.
    async fn hand_over(&self, link: &Arc<Link>, sealed: &Sealed) {
        let Some(id) = sealed.message.id() else { return };
        self.session.goes_to(id, &self.call.server);
        self.session.ask_now(link, id);
        self.session.ask_for_remarks(link, &sealed.message).await;
    }

    /// The time at which it leaves.
    fn leaves(&self) -> Timestamp {
        let now = self.session.inner.clock.now();
        *self.sent.get_or_init(|| now)
    }

    /// Renews the login with which it was `sent`.
    async fn renew(&self, sealed: &mut Sealed, sent: Timestamp) -> bool {
        let inner = &self.session.inner;
        if !inner.renew_login(&self.call.server, sent).await {
            return false;
        }
        sealed.attachment = sealed.attachment.take().and_then(|old| inner.renewed(old).ok());
        sealed.attachment.is_some()
    }

    /// A new way to the server, if the tool there is still the one that was decided about.
    async fn reopened(&self, known: &Known) -> Result<Arc<Link>, Cut> {
        let facts = self.look().await?;
        if facts.definition != known.facts.definition {
            return Err(Cut::Stopped(Denial::ToolChanged));
        }
        facts.link.ok_or(Cut::Stopped(Denial::NotGranted))
    }

    /// Asks the server to stop working on it, in the background: nobody waits for that.
    fn take_back(&self, link: Arc<Link>, sealed: &Sealed, busy: TaskTrackerToken) {
        let Some(id) = sealed.message.id().filter(|_| self.sent.get().is_some()) else { return };
        let (id, headers) = (id.clone(), sealed.credential());
        tokio::spawn(async move {
            let _ = timeout(FAREWELL, link.cancel(&id, headers)).await;
            drop(busy);
        });
    }
}

impl Sealed {
    fn credential(&self) -> HeaderMap {
        self.attachment.as_ref().map(Attachment::headers).unwrap_or_default()
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = self.credential();
        headers.extend(self.params.clone());
        if let Some(proof) = &self.header {
            headers.insert(PROOF_HEADER, proof.clone());
        }
        headers
    }
}

/// A request with its proof.
pub(super) struct Proved {
    pub(super) message: Message,
    pub(super) header: Option<HeaderValue>,
    pub(super) shown: Shown,
}

impl Proved {
    /// Proves that the agent sends this request now.
    pub(super) fn make(
        trip: &Trip<'_>,
        known: &Known,
        request: &Message,
        presentation: &Presentation,
        holder: &dyn Signer,
    ) -> Result<Self, Cut> {
        let inner = &trip.session.inner;
        let nonce = known.facts.link.as_ref().and_then(|link| link.take_nonce());
        let claims = ProofClaims {
            audience: known.book.server(&trip.call.server).map(domain::Server::resource).unwrap_or_default(),
            issued: inner.clock.now(),
            nonce: nonce.unwrap_or_else(random::make_id),
            call: ProvedCall {
                method: trip.wanted.method.to_string(),
                name: trip.call.target.name.clone(),
                digest: trip.call.digest,
            },
        };
        let proof =
            call_proof::prove(presentation, &claims, holder).map_err(|error| Cut::not_sent(&error))?;
        Ok(Self {
            message: request.edit().meta(PROOF_META, &json!(proof)).finish(),
            shown: Shown { kind: "kb-jwt".into(), digest: proof::sha256(proof.as_bytes()) },
            header: Some(proof)
                .filter(|proof| proof.len() <= LONGEST_HEADER)
                .and_then(|proof| HeaderValue::try_from(proof).ok()),
        })
    }
}
