//! A signed "so far": how many receipts there were, and the last one's digest. It closes each file of a ledger, and the
//! newest is kept elsewhere, so that a tail cut off shows.

use super::{Sealed, sign_line, to_value};
use crate::{ProofError, did_key};
use domain::{Digest, PublicKey, Signer, Timestamp};
use serde::{Deserialize, Serialize};

const WHAT: &str = "the checkpoint";

/// The state of a chain at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// How many receipts.
    pub size: u64,
    /// SHA-256 of the last line, [`super::GENESIS`] when there is none.
    pub head: Digest,
    /// The time of the last receipt.
    pub time: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    size: u64,
    head: String,
    time: Timestamp,
    key: String,
}

impl Checkpoint {
    /// Writes and signs it: `{"checkpoint":{…},"sig":"…"}`, without a line feed.
    ///
    /// # Errors
    /// [`ProofError::Sign`] when the wallet is locked.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>, ProofError> {
        let written = Written {
            size: self.size,
            head: self.head.to_hex(),
            time: self.time,
            key: did_key(&signer.public_key()),
        };
        sign_line("checkpoint", &to_value(&written)?, signer)
    }

    /// Whether a line is a checkpoint rather than a receipt; nothing is verified.
    #[must_use]
    pub fn is(line: &[u8]) -> bool {
        line.starts_with(b"{\"checkpoint\":")
    }

    /// Verifies form and signature.
    ///
    /// # Errors
    /// [`ProofError`], when any byte is not as `key` signed it.
    pub fn verify(line: &[u8], key: &PublicKey) -> Result<Self, ProofError> {
        let content = Sealed::read("checkpoint", line)?.verify(key)?;
        let malformed = ProofError::Malformed(WHAT);
        let written = Written::deserialize(content).map_err(|_| malformed.clone())?;
        let head = Digest::parse_hex(&written.head).ok_or(malformed)?;
        Ok(Self { size: written.size, head, time: written.time })
    }
}
