//! Delegations as SD-JWT (RFC 9901; formats, §2): the human signs the whole, each server is shown its own part.
//!
//! Of the specification just this profile: EdDSA, SHA-256, and selective disclosure of the elements of
//! `authorization_details`. Everything else is refused.

mod claims;
mod verify;

pub use claims::Detail;
pub(crate) use verify::SKEW;
pub use verify::{VerifiedDelegation, verify};

use crate::did::key_id;
use crate::jws::{self, Header};
use crate::{ProofError, did_key, parse, sha256};
use claims::{Claims, Confirmation, Hidden, Hop, Jwk};
use domain::{Delegation, Digest, PublicKey, Signer};
use serde::Deserialize;
use serde_json::json;

/// The longest text that is looked at.
pub const MAX_LENGTH: usize = 256 * 1024;
const MAX_DISCLOSURES: usize = 256;
const TYP: &str = "delegation+sd-jwt";
const WHAT: &str = "the delegation";

/// A delegation with all its disclosures, as the wallet keeps it. Its form is sound; its signature is not looked at.
#[derive(Clone)]
pub struct SdJwt {
    jws: String,
    disclosures: Vec<Disclosure>,
}

/// What one server is shown: `<issuer-signed JWT>~<disclosure>~`.
pub struct Presentation {
    text: String,
    hash: Digest,
}

/// One element of `authorization_details`, salted.
#[derive(Clone)]
struct Disclosure {
    text: String,
    detail: Detail,
}

/// Signs a delegation as the human who holds `human`, for the agent that holds `agent_key`. `salts` gives 128 random bits
/// at each call, one per server.
///
/// # Errors
/// [`ProofError::Lifetime`] when it ends before it begins or after 90 days; [`ProofError::Sign`] when the wallet is locked;
/// what [`SdJwt::parse`] says of one that nobody could read.
pub fn issue(
    delegation: &Delegation,
    agent_key: &PublicKey,
    mut salts: impl FnMut() -> [u8; 16],
    human: &dyn Signer,
) -> Result<SdJwt, ProofError> {
    let disclosures = delegation
        .grants
        .iter()
        .map(|grant| Disclosure::make(salts(), Detail::of(grant)))
        .collect::<Result<Vec<_>, _>>()?;
    let claims = Claims {
        iss: did_key(&human.public_key()),
        sub: did_key(agent_key),
        cnf: Confirmation { jwk: Jwk::new(agent_key) },
        iat: delegation.issued.seconds(),
        nbf: delegation.not_before.seconds(),
        exp: delegation.expires.seconds(),
        jti: delegation.id.to_string(),
        sd_alg: "sha-256".to_owned(),
        authorization_details: disclosures.iter().map(|made| Hidden { digest: made.digest() }).collect(),
        delegation: Hop {
            depth: delegation.depth,
            parent: delegation.parent.as_ref().map(ToString::to_string),
        },
    };
    verify::check_lifetime(&claims)?;
    let header = Header::new(TYP, Some(key_id(&claims.iss)));
    let signed = SdJwt { jws: jws::sign(&header, &claims, human)?, disclosures };
    // What can't be read back would be kept, and never be opened again.
    SdJwt::parse(&signed.to_text())
}

impl SdJwt {
    /// Reads `<issuer-signed JWT>~<disclosure>~…~`, as [`SdJwt::to_text`] writes it.
    ///
    /// # Errors
    /// [`ProofError`] for any other form, more than 256 disclosures, and for a disclosure that is not fully understood.
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        if text.len() > MAX_LENGTH {
            return Err(ProofError::TooLong { what: WHAT, limit: MAX_LENGTH });
        }
        let text = text.strip_suffix('~').ok_or(ProofError::Malformed(WHAT))?;
        let mut parts = text.split('~');
        let jws = parts.next().unwrap_or_default().to_owned();
        let disclosures: Vec<_> =
            parts.take(MAX_DISCLOSURES + 1).map(Disclosure::parse).collect::<Result<_, _>>()?;
        if disclosures.len() > MAX_DISCLOSURES {
            return Err(ProofError::Disclosure);
        }
        Ok(Self { jws, disclosures })
    }

    /// The whole, for the wallet's own store: it discloses everything.
    #[must_use]
    pub fn to_text(&self) -> String {
        present(&self.jws, self.disclosures.iter())
    }

    /// What the server at `resource` is shown: the elements about it, no others. `None` when there are none.
    #[must_use]
    pub fn disclose(&self, resource: &str) -> Option<Presentation> {
        let mut own = self.disclosures.iter().filter(|made| made.detail.is_about(resource)).peekable();
        own.peek()?;
        Some(Presentation::new(present(&self.jws, own)))
    }
}

impl Presentation {
    fn new(text: String) -> Self {
        let hash = sha256(text.as_bytes());
        Self { text, hash }
    }

    /// `<issuer-signed JWT>~<disclosure>~`, to which a key-binding token is appended.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text: what a call proof binds as `sd_hash`, and what a receipt keeps.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.hash
    }
}

impl Disclosure {
    fn make(salt: [u8; 16], detail: Detail) -> Result<Self, ProofError> {
        let array = jws::to_canonical(&json!([jws::encode(&salt), detail]))?;
        Ok(Self { text: jws::encode(&array), detail })
    }

    fn parse(text: &str) -> Result<Self, ProofError> {
        const WHAT: &str = "a disclosure";
        let array =
            parse(&jws::decode(WHAT, text)?).map_err(|cause| ProofError::Json { what: WHAT, cause })?;
        let [salt, detail] = <[_; 2]>::deserialize(array).map_err(|_| ProofError::Malformed(WHAT))?;
        if !serde_json::Value::is_string(&salt) {
            return Err(ProofError::Malformed(WHAT));
        }
        let detail = Detail::deserialize(detail).map_err(|error| ProofError::Detail(error.to_string()))?;
        if !detail.names_each_tool_once() {
            return Err(ProofError::Detail("a tool is granted twice".to_owned()));
        }
        Ok(Self { text: text.to_owned(), detail })
    }

    fn digest(&self) -> String {
        jws::encode(sha256(self.text.as_bytes()).as_bytes())
    }
}

fn present<'a>(jws: &str, disclosures: impl Iterator<Item = &'a Disclosure>) -> String {
    let mut text = format!("{jws}~");
    for disclosure in disclosures {
        text.push_str(&disclosure.text);
        text.push('~');
    }
    text
}
