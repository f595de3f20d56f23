//! JWS in its compact form (RFC 7515, §3.1) with Ed25519 (RFC 8037), and nothing else of JOSE.

use crate::{ProofError, canonical, key, parse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{PublicKey, Signature, Signer};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The whole of a header. A parameter that is not here, `crit` and `jwk` among them, is refused.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) typ: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kid: Option<String>,
}

impl Header {
    pub(crate) fn new(typ: &str, kid: Option<String>) -> Self {
        Self { alg: "EdDSA".to_owned(), typ: typ.to_owned(), kid }
    }
}

/// A compact JWS, taken apart but not verified: its claims are not to be believed yet.
pub(crate) struct Jws<'a> {
    what: &'static str,
    pub(crate) header: Header,
    payload: Vec<u8>,
    signed: &'a str,
    signature: Signature,
}

/// Signs `claims` under `header`; both are written canonically.
pub(crate) fn sign<T: Serialize>(
    header: &Header,
    claims: &T,
    signer: &dyn Signer,
) -> Result<String, ProofError> {
    let mut text = format!("{}.{}", encode(&to_canonical(header)?), encode(&to_canonical(claims)?));
    let signature = signer.sign(text.as_bytes())?;
    text.push('.');
    text.push_str(&encode(&signature.0));
    Ok(text)
}

impl<'a> Jws<'a> {
    /// Takes a JWS apart. `what` is what errors call it.
    pub(crate) fn parse(what: &'static str, text: &'a str) -> Result<Self, ProofError> {
        let malformed = ProofError::Malformed(what);
        let (signed, signature) = text.rsplit_once('.').ok_or(malformed.clone())?;
        let (header, payload) = signed.split_once('.').ok_or(malformed.clone())?;
        let signature: [u8; 64] = decode(what, signature)?.try_into().map_err(|_| malformed)?;
        let header = serde_json::from_slice(&decode(what, header)?).map_err(|_| ProofError::Header(what))?;
        Ok(Self { what, header, payload: decode(what, payload)?, signed, signature: Signature(signature) })
    }

    /// The claims, once the header is the expected one and the signature is `key`'s.
    pub(crate) fn verify<T: DeserializeOwned>(
        &self,
        expected: &Header,
        key: &PublicKey,
    ) -> Result<T, ProofError> {
        if self.header != *expected {
            return Err(ProofError::Header(self.what));
        }
        if !key::verify(key, self.signed.as_bytes(), &self.signature) {
            return Err(ProofError::Signature(self.what));
        }
        self.claims()
    }

    /// What the claims say, believed by nobody: to find out which key to verify with.
    pub(crate) fn claims<T: DeserializeOwned>(&self) -> Result<T, ProofError> {
        let value = parse(&self.payload).map_err(|cause| ProofError::Json { what: self.what, cause })?;
        T::deserialize(value).map_err(|_| ProofError::Malformed(self.what))
    }
}

/// base64url without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Only the one spelling that [`encode`] writes: no padding, no stray bits, no white space.
pub(crate) fn decode(what: &'static str, text: &str) -> Result<Vec<u8>, ProofError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| ProofError::Malformed(what))
}

/// Anything that serialises, as canonical JSON.
pub(crate) fn to_canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, ProofError> {
    let value = serde_json::to_value(value).map_err(|error| ProofError::Unwritable(error.to_string()))?;
    Ok(canonical(&value))
}
