//! Call proofs as KB-JWT (RFC 9901, §4.3; formats, §3): the agent's key, for this call, at this server, now.

use crate::jws::{self, Header, Jws};
use crate::sd_jwt::{self, Presentation, VerifiedDelegation};
use crate::{ProofError, sha256};
use domain::{Digest, PublicKey, Signer, TargetKind, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const TYP: &str = "kb+jwt";
const WHAT: &str = "the call proof";
/// A key-binding token says one thing about one call.
const MAX_TOKEN: usize = 16 * 1024;

/// What a call proof says, beyond the delegation it is made under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofClaims {
    /// The server's canonical resource URI.
    pub audience: String,
    /// When it was made; kept to the second.
    pub issued: Timestamp,
    /// The server's own, or 128 random bits.
    pub nonce: String,
    /// The call.
    pub call: ProvedCall,
}

/// The call a proof is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvedCall {
    /// `tools/call`, `resources/read`, `resources/subscribe` or `prompts/get`.
    pub method: String,
    /// Tool, prompt or URI, by the server's own name.
    pub name: String,
    /// [`crate::call_digest`] of name and arguments.
    pub digest: Digest,
}

/// What a server demands of a proof.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The server's own canonical resource URI.
    pub audience: &'a str,
    /// The call as the server received it.
    pub call: &'a ProvedCall,
    /// The human it belongs to; `None`: the caller decides whether it trusts the one in the result.
    pub human: Option<&'a PublicKey>,
    /// The server's clock.
    pub now: Timestamp,
    /// How old a proof may be.
    pub max_age: Duration,
}

/// A call proof in which everything holds.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedCall {
    /// Under what it was made.
    pub delegation: VerifiedDelegation,
    /// Used up by now.
    pub nonce: String,
    /// When it was made.
    pub issued: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    aud: String,
    iat: i64,
    nonce: String,
    sd_hash: String,
    call: ProvedCall,
}

/// Proves one call: `<issuer-signed JWT>~<disclosure>~<KB-JWT>`, signed by the agent's holder key.
///
/// # Errors
/// [`ProofError::Sign`] when the key can't be had.
pub fn prove(
    presentation: &Presentation,
    claims: &ProofClaims,
    holder: &dyn Signer,
) -> Result<String, ProofError> {
    let claims = Claims {
        aud: claims.audience.clone(),
        iat: claims.issued.seconds(),
        nonce: claims.nonce.clone(),
        sd_hash: jws::encode(presentation.digest().as_bytes()),
        call: claims.call.clone(),
    };
    let token = jws::sign(&Header::new(TYP, None), &claims, holder)?;
    Ok(format!("{}{token}", presentation.as_str()))
}

/// Verifies one call proof (RFC 9901, §7.3) against the call it came with. `take_nonce` is asked last, once all else
/// holds: it says whether the nonce is acceptable and was never seen, and remembers it.
///
/// What is not looked at: revocation, budgets, whether the arguments are within the tool's grant.
///
/// # Errors
/// [`ProofError`], naming the first thing that does not hold.
pub fn verify(
    text: &str,
    expected: &Expected<'_>,
    take_nonce: impl FnOnce(&str) -> bool,
) -> Result<VerifiedCall, ProofError> {
    let (presentation, token) = split(text)?;
    let delegation = sd_jwt::verify(presentation, expected.now, expected.human)?;
    let claims: Claims = Jws::parse(WHAT, token)?.verify(&Header::new(TYP, None), &delegation.agent)?;
    if claims.sd_hash != jws::encode(sha256(presentation.as_bytes()).as_bytes()) {
        return Err(ProofError::Presentation);
    }
    check_claims(&claims, expected)?;
    if !is_named(&delegation, expected) {
        return Err(ProofError::NotNamed);
    }
    if claims.nonce.is_empty() || !take_nonce(&claims.nonce) {
        return Err(ProofError::Nonce);
    }
    Ok(VerifiedCall { delegation, nonce: claims.nonce, issued: Timestamp::from_seconds(claims.iat) })
}

fn split(text: &str) -> Result<(&str, &str), ProofError> {
    let end = text.rfind('~').ok_or(ProofError::Malformed(WHAT))? + 1;
    let (presentation, token) = text.split_at(end);
    if token.is_empty() {
        return Err(ProofError::Unbound);
    }
    if token.len() > MAX_TOKEN {
        return Err(ProofError::TooLong { what: WHAT, limit: MAX_TOKEN });
    }
    Ok((presentation, token))
}

fn check_claims(claims: &Claims, expected: &Expected<'_>) -> Result<(), ProofError> {
    let issued = Timestamp::from_seconds(claims.iat);
    if claims.aud != expected.audience {
        return Err(ProofError::Audience);
    }
    if issued > expected.now.plus(sd_jwt::SKEW) {
        return Err(ProofError::Future);
    }
    if expected.now.since(issued) > expected.max_age {
        return Err(ProofError::Stale);
    }
    if claims.call != *expected.call {
        return Err(ProofError::Call);
    }
    Ok(())
}

/// Whether the delegation names the target; a method that is not known is named by none.
fn is_named(delegation: &VerifiedDelegation, expected: &Expected<'_>) -> bool {
    let kind = match expected.call.method.as_str() {
        "tools/call" => TargetKind::Tool,
        "resources/read" | "resources/subscribe" => TargetKind::Resource,
        "prompts/get" => TargetKind::Prompt,
        _ => return false,
    };
    delegation.names(expected.audience, kind, &expected.call.name)
}
