//! Verification of a delegation (RFC 9901, §7.1), by a server or by the wallet itself.

use super::claims::Claims;
use super::{Detail, SdJwt, TYP, WHAT};
use crate::did::key_id;
use crate::jws::{Header, Jws};
use crate::{ProofError, did_key, parse_did_key};
use domain::{Delegation, DelegationId, PublicKey, TargetKind, Timestamp, ToolGrant};
use std::collections::HashSet;
use std::time::Duration;

/// How far clocks may disagree about a beginning. An end is exact.
pub(crate) const SKEW: Duration = Duration::from_secs(30);

/// A delegation whose signature, times and disclosures hold.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedDelegation {
    /// `jti`.
    pub id: DelegationId,
    /// The human's key, which signed it.
    pub human: PublicKey,
    /// The agent's key, which signs call proofs under it.
    pub agent: PublicKey,
    /// When it was signed.
    pub issued: Timestamp,
    /// From when it holds.
    pub not_before: Timestamp,
    /// Until when, exclusive.
    pub expires: Timestamp,
    /// How many further hops are allowed.
    pub depth: u8,
    /// The delegation this one narrows, if any.
    pub parent: Option<DelegationId>,
    /// What was disclosed. Empty: nothing is allowed.
    pub details: Vec<Detail>,
}

/// Verifies `<issuer-signed JWT>~<disclosure>~…` at `now`. With `human`, only that human's signature counts; without, the
/// caller must decide whether it trusts [`VerifiedDelegation::human`]. Revocation is not looked at.
///
/// # Errors
/// [`ProofError`], naming the first thing that does not hold.
pub fn verify(
    text: &str,
    now: Timestamp,
    human: Option<&PublicKey>,
) -> Result<VerifiedDelegation, ProofError> {
    let sd_jwt = SdJwt::parse(text)?;
    let (claims, signer) = verify_signature(&sd_jwt.jws)?;
    if human.is_some_and(|human| *human != signer) {
        return Err(ProofError::WrongHuman);
    }
    let agent = claims.cnf.jwk.key()?;
    if claims.sub != did_key(&agent) {
        return Err(ProofError::Identity("subject"));
    }
    check_lifetime(&claims)?;
    check_now(&claims, now)?;
    check_disclosures(&claims, &sd_jwt)?;
    Ok(VerifiedDelegation {
        id: DelegationId::new(claims.jti),
        human: signer,
        agent,
        issued: Timestamp::from_seconds(claims.iat),
        not_before: Timestamp::from_seconds(claims.nbf),
        expires: Timestamp::from_seconds(claims.exp),
        depth: claims.delegation.depth,
        parent: claims.delegation.parent.map(DelegationId::new),
        details: sd_jwt.disclosures.into_iter().map(|disclosure| disclosure.detail).collect(),
    })
}

impl VerifiedDelegation {
    /// The grant of a tool on the server at `resource`, as far as disclosed.
    #[must_use]
    pub fn tool(&self, resource: &str, name: &str) -> Option<&ToolGrant> {
        self.details.iter().filter(|detail| detail.is_about(resource)).find_map(|detail| detail.tool(name))
    }

    /// Whether the target on the server at `resource` is named, as far as disclosed.
    #[must_use]
    pub fn names(&self, resource: &str, kind: TargetKind, name: &str) -> bool {
        self.details.iter().any(|detail| detail.is_about(resource) && detail.names(kind, name))
    }
}

/// The claims, verified with the key that `iss` is; the header must name that key too.
fn verify_signature(text: &str) -> Result<(Claims, PublicKey), ProofError> {
    let jws = Jws::parse(WHAT, text)?;
    let issuer = jws.claims::<Claims>()?.iss;
    let key = parse_did_key(&issuer).ok_or(ProofError::Identity("issuer"))?;
    let claims = jws.verify::<Claims>(&Header::new(TYP, Some(key_id(&issuer))), &key)?;
    Ok((claims, key))
}

/// An end that lies after the beginning, and within 90 days of the issue.
pub(super) fn check_lifetime(claims: &Claims) -> Result<(), ProofError> {
    let ordered = claims.iat < claims.exp && claims.nbf < claims.exp;
    let lifetime = Timestamp::from_seconds(claims.exp).since(Timestamp::from_seconds(claims.iat));
    if ordered && lifetime <= Delegation::MAX_LIFE { Ok(()) } else { Err(ProofError::Lifetime) }
}

fn check_now(claims: &Claims, now: Timestamp) -> Result<(), ProofError> {
    if now >= Timestamp::from_seconds(claims.exp) {
        return Err(ProofError::Expired);
    }
    if now.plus(SKEW) < Timestamp::from_seconds(claims.nbf.max(claims.iat)) {
        return Err(ProofError::NotYet);
    }
    Ok(())
}

/// Every disclosure belongs to exactly one digest, and no digest or disclosure comes twice (RFC 9901, §7.1, 3 to 5).
fn check_disclosures(claims: &Claims, sd_jwt: &SdJwt) -> Result<(), ProofError> {
    if claims.sd_alg != "sha-256" {
        return Err(ProofError::Header(WHAT));
    }
    let mut open: HashSet<&str> =
        claims.authorization_details.iter().map(|hidden| hidden.digest.as_str()).collect();
    if open.len() != claims.authorization_details.len() {
        return Err(ProofError::Disclosure);
    }
    let all_asked_for = sd_jwt.disclosures.iter().all(|disclosure| open.remove(disclosure.digest().as_str()));
    if all_asked_for { Ok(()) } else { Err(ProofError::Disclosure) }
}
