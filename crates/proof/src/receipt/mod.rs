//! Receipts (formats, §4): one line each, signed, chained to the line before, with exactly one spelling.

mod body;
mod checkpoint;
mod kind;

pub use body::{Arguments, Body, Decision, Outcome, Shown, Status, Tool, Verdict};
pub use checkpoint::Checkpoint;
pub use kind::Kind;

use crate::{ProofError, canonical, did_key, jws, key, sha256};
use domain::{Digest, PublicKey, Signature, Signer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the format.
const VERSION: u64 = 1;
const WHAT: &str = "the receipt";

/// What the first line of a chain has for `prev`: 64 zeros.
pub const GENESIS: Digest = Digest::new([0; 32]);

/// A body at its place in the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    /// 0, 1, 2, … without a gap.
    pub seq: u64,
    /// SHA-256 of the previous line, without its line feed; [`GENESIS`] for the first.
    pub prev: Digest,
    /// `did:key` of the receipt key.
    pub key: String,
    /// What happened.
    pub body: Body,
}

/// A receipt whose signature holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// What was signed.
    pub payload: Payload,
    /// SHA-256 of the line: the next one's `prev`.
    pub digest: Digest,
}

/// The members of a payload that make the chain; the rest is the body.
#[derive(Serialize, Deserialize)]
struct Link {
    v: u64,
    seq: u64,
    prev: String,
    key: String,
}

/// Who signs receipts, under the name that stands in them.
pub struct Author {
    key: PublicKey,
    did: String,
}

impl Author {
    /// The holder of `key`.
    #[must_use]
    pub fn new(key: PublicKey) -> Self {
        Self { key, did: did_key(&key) }
    }

    /// Whose receipts these are.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Writes and signs a receipt: the line, without its line feed. `signer` has the author's key.
    ///
    /// # Errors
    /// [`ProofError::Sign`] when the wallet is locked; [`ProofError::Unwritable`] for a body that JSON can't hold, such as one
    /// with a path that is not UTF-8.
    pub fn sign(
        &self,
        seq: u64,
        prev: Digest,
        body: &Body,
        signer: &dyn Signer,
    ) -> Result<Vec<u8>, ProofError> {
        sign_as(&self.did, seq, prev, body, signer)
    }
}

/// Writes and signs a receipt: the line, without its line feed.
///
/// # Errors
/// As [`Author::sign`].
pub fn sign(seq: u64, prev: Digest, body: &Body, signer: &dyn Signer) -> Result<Vec<u8>, ProofError> {
    sign_as(&did_key(&signer.public_key()), seq, prev, body, signer)
}

fn sign_as(
    did: &str,
    seq: u64,
    prev: Digest,
    body: &Body,
    signer: &dyn Signer,
) -> Result<Vec<u8>, ProofError> {
    let link = Link { v: VERSION, seq, prev: prev.to_hex(), key: did.to_owned() };
    let mut payload = to_value(body)?;
    if let (Some(members), Value::Object(link)) = (payload.as_object_mut(), to_value(&link)?) {
        members.extend(link);
    }
    sign_line("payload", &payload, signer)
}

/// Verifies a line's form and signature; its place in the chain is [`crate::chain`]'s.
///
/// # Errors
/// [`ProofError`], when any byte is not as `key` signed it.
pub fn verify(line: &[u8], key: &PublicKey) -> Result<Receipt, ProofError> {
    let payload = Sealed::read("payload", line)?.verify(key)?;
    Ok(Receipt { payload: Payload::read(payload)?, digest: sha256(line) })
}

/// Reads a line that this process wrote itself or has verified before: form only, no signature.
///
/// # Errors
/// [`ProofError`], when it is not a receipt.
pub fn read(line: &[u8]) -> Result<Receipt, ProofError> {
    let payload = Sealed::read("payload", line)?.content;
    Ok(Receipt { payload: Payload::read(payload)?, digest: sha256(line) })
}

impl Payload {
    fn read(payload: Value) -> Result<Self, ProofError> {
        let malformed = |_| ProofError::Malformed(WHAT);
        let link = Link::deserialize(&payload).map_err(malformed)?;
        if link.v != VERSION {
            return Err(ProofError::Header(WHAT));
        }
        let prev = Digest::parse_hex(&link.prev).ok_or(ProofError::Malformed(WHAT))?;
        let body = Body::deserialize(payload).map_err(malformed)?;
        Ok(Self { seq: link.seq, prev, key: link.key, body })
    }
}

/// `{"<member>":…,"sig":"…"}`, canonical as a whole.
fn sign_line(member: &str, content: &Value, signer: &dyn Signer) -> Result<Vec<u8>, ProofError> {
    let content = canonical(content);
    let signature = signer.sign(&content)?;
    let mut line = Vec::with_capacity(content.len() + 128);
    line.extend_from_slice(format!("{{\"{member}\":").as_bytes());
    line.extend_from_slice(&content);
    line.extend_from_slice(format!(",\"sig\":\"{}\"}}", jws::encode(&signature.0)).as_bytes());
    Ok(line)
}

/// A line in its only spelling, taken apart but not verified.
struct Sealed<'a> {
    content: Value,
    /// The bytes that were signed: the content's own, since a canonical line holds it in canonical form.
    signed: &'a [u8],
    signature: Signature,
}

impl<'a> Sealed<'a> {
    fn read(member: &str, line: &'a [u8]) -> Result<Self, ProofError> {
        let malformed = || ProofError::Malformed(WHAT);
        let mut whole: Value = serde_json::from_slice(line).map_err(|_| malformed())?;
        if canonical(&whole) != line {
            return Err(malformed());
        }
        let members = whole.as_object_mut().filter(|members| members.len() == 2).ok_or_else(malformed)?;
        let content = members.remove(member).ok_or_else(malformed)?;
        let sig = members.get("sig").and_then(Value::as_str).ok_or_else(malformed)?;
        let bytes: [u8; 64] = jws::decode(WHAT, sig)?.try_into().map_err(|_| malformed())?;
        let (before, after) = (format!("{{\"{member}\":"), format!(",\"sig\":\"{sig}\"}}"));
        let signed =
            line.strip_prefix(before.as_bytes()).and_then(|rest| rest.strip_suffix(after.as_bytes()));
        Ok(Self { content, signed: signed.ok_or_else(malformed)?, signature: Signature(bytes) })
    }

    /// The content, once it names `key` and is signed by it.
    fn verify(self, key: &PublicKey) -> Result<Value, ProofError> {
        if self.content.get("key").and_then(Value::as_str) != Some(did_key(key).as_str()) {
            return Err(ProofError::Identity("receipt key"));
        }
        if !key::verify(key, self.signed, &self.signature) {
            return Err(ProofError::Signature(WHAT));
        }
        Ok(self.content)
    }
}

fn to_value<T: Serialize>(value: &T) -> Result<Value, ProofError> {
    serde_json::to_value(value).map_err(|error| ProofError::Unwritable(error.to_string()))
}
