//! Steps 5 and 6: the credential and the proof, and the way to the server and back.

use super::{Known, Sealed, Trip};
use crate::end::End;
use crate::link::{Fault, Link};
use crate::random;
use ledger::{Entry, LedgerError};
use mcp::Message;
use mcp::upstream::UpstreamError;
use policy::Permit;
use proof::call_proof::{self, ProofClaims, ProvedCall};
use proof::receipt::{Shown, Verdict};
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use vault::Attachment;

/// The longest a call may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// Where the call proof travels (formats, §3).
const PROOF_META: &str = "io.countersign/proof";
const PROOF_HEADER: &str = "countersign-proof";

impl Trip<'_> {
    /// 5. The vault takes the permit and gives what the call is sent with: credential, and the agent's key for the proof.
    pub(super) async fn attach(&self, known: &Known, permit: Permit) -> Result<Sealed, End> {
        let (inner, server) = (&self.session.inner, &self.call.server);
        inner.freshen(server).await.map_err(|fault| End::from_fault(fault, server))?;
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
    pub(super) async fn send(
        &self,
        known: &Known,
        sealed: Sealed,
        opened: &Entry,
        withdrawn: &CancellationToken,
    ) -> End {
        let Some(link) = &known.link else { return End::not_sent(&"there is no way to the server") };
        let proof = sealed.shown.as_ref().map(|(shown, _)| shown.clone());
        if let Err(error) = self.on_disk(opened).await {
            return End::not_sent(&error);
        }
        let exchange = self.exchange(link, sealed);
        let answered = tokio::select! {
            answered = tokio::time::timeout(PATIENCE, exchange) => answered.map_err(|_| End::unknown(&link.server.name, &"it took too long")),
            () = withdrawn.cancelled() => Err(End::Withdrawn),
            () = self.flight.stopped() => Err(End::Stopped(self.why_stopped(known))),
        };
        match answered {
            Ok(Ok(answer)) => End::Answered { answer, proof },
            Ok(Err(fault)) => self.not_answered(fault),
            Err(end) => {
                self.session.take_back(link, self.wanted.request.id()).await;
                end
            }
        }
    }

    /// What a human was asked about leaves only once its receipt would survive a power cut. Other calls do not wait for the
    /// disk: their receipts survive the end of the process, and follow to the disk within milliseconds.
    async fn on_disk(&self, opened: &Entry) -> Result<(), LedgerError> {
        let asked = opened.body.decision.as_ref().is_some_and(|decision| decision.outcome == Verdict::Asked);
        if asked { self.session.inner.ledger.durable(opened.seq).await } else { Ok(()) }
    }

    /// Sends; a refused login is renewed once, for then the server has done nothing yet.
    async fn exchange(&self, link: &Link, sealed: Sealed) -> Result<Message, Fault> {
        let headers = |attachment: &Attachment| {
            let mut headers = attachment.headers();
            if let Some((_, proof)) = &sealed.shown {
                headers.insert(PROOF_HEADER, proof.clone());
            }
            headers
        };
        let first = link.request(sealed.message.clone(), headers(&sealed.attachment)).await;
        let Err(Fault::Upstream(UpstreamError::Unauthorized { .. })) = &first else {
            return first;
        };
        let inner = &self.session.inner;
        if !inner.renew_login(&self.call.server, self.now).await {
            return first;
        }
        let Ok(attachment) = inner.renewed(sealed.attachment) else { return first };
        link.request(sealed.message, headers(&attachment)).await
    }
}
