//! What is signed, and how each of it is verified: delegations (SD-JWT), call proofs (KB-JWT), receipts and their chain.
//!
//! Pure: no I/O, no clock, no randomness. Time comes in as `now`, salts and nonces from the caller, signatures from a
//! [`domain::Signer`]. Nothing here decides whether a call may go; that is `policy`.

pub mod call_proof;
mod canonical;
pub mod chain;
mod did;
mod digest;
mod error;
mod json;
mod jws;
mod key;
pub mod receipt;
pub mod sd_jwt;

pub use canonical::canonical;
pub use did::{did_key, parse_did_key};
pub use digest::{Hasher, call_digest, definition_digest, digest, sha256};
pub use error::ProofError;
pub use json::{JsonError, parse};
pub use key::{SigningKey, verify};
