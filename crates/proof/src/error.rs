//! Why a proof was not made, or not believed.

use crate::JsonError;
use domain::SignError;

/// Why a proof was not made, or not believed. Each names what failed; none repeats what was in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The key could not be used.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Too long to be looked at.
    #[error("{what} is longer than {limit} bytes")]
    TooLong {
        /// Which part.
        what: &'static str,
        /// What would pass.
        limit: usize,
    },
    /// Not in the form its specification gives.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// JSON that is broken or that two readers could take differently.
    #[error("{what} is malformed: {cause}")]
    Json {
        /// Which part.
        what: &'static str,
        /// Why.
        cause: JsonError,
    },
    /// The header names another kind of token, another algorithm, or a header parameter that is not understood.
    #[error("the header of {0} is not the expected one")]
    Header(&'static str),
    /// The signature is not the named key's.
    #[error("the signature on {0} does not verify")]
    Signature(&'static str),
    /// Signed, but by somebody else than expected.
    #[error("the delegation was not signed by the expected human")]
    WrongHuman,
    /// A name and a key contradict each other.
    #[error("the {0} does not fit its key")]
    Identity(&'static str),
    /// The delegation's end is missing, before its beginning, or more than 90 days after its issue.
    #[error("the delegation's times are out of order or more than 90 days apart")]
    Lifetime,
    /// The delegation's time has not come.
    #[error("the delegation does not hold yet")]
    NotYet,
    /// The delegation's time is over.
    #[error("the delegation has expired")]
    Expired,
    /// A disclosure that no digest in the signed part asks for, or one given twice.
    #[error("a disclosure does not belong to the delegation")]
    Disclosure,
    /// A disclosed element is not one this verifier understands completely.
    #[error("an authorization detail is not understood: {0}")]
    Detail(String),
    /// No key-binding token where a call proof has one.
    #[error("the key-binding token is missing")]
    Unbound,
    /// The key-binding token was made for another presentation.
    #[error("the call proof binds another delegation")]
    Presentation,
    /// The call proof names another server.
    #[error("the call proof is for another server")]
    Audience,
    /// The call proof was made too long ago.
    #[error("the call proof is too old")]
    Stale,
    /// The call proof says it was made later than now.
    #[error("the call proof comes from the future; is a clock wrong?")]
    Future,
    /// The call proof is for another method, name or arguments.
    #[error("the call proof is for another call")]
    Call,
    /// The call proof's nonce is not acceptable, or was used before.
    #[error("the call proof's nonce is not fresh")]
    Nonce,
    /// The delegation, as far as it is disclosed, does not name the target on this server.
    #[error("the delegation does not name what is called")]
    NotNamed,
    /// What should be signed can't be written as JSON.
    #[error("can't be written as JSON: {0}")]
    Unwritable(String),
}

impl ProofError {
    /// A stable code for receipts, vectors and machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Sign(_) => "sign",
            Self::TooLong { .. } => "too_long",
            Self::Malformed(_) => "malformed",
            Self::Json { .. } => "json",
            Self::Header(_) => "header",
            Self::Signature(_) => "signature",
            Self::WrongHuman => "wrong_human",
            Self::Identity(_) => "identity",
            Self::Lifetime => "lifetime",
            Self::NotYet => "not_yet",
            Self::Expired => "expired",
            Self::Disclosure => "disclosure",
            Self::Detail(_) => "detail",
            Self::Unbound => "unbound",
            Self::Presentation => "presentation",
            Self::Audience => "audience",
            Self::Stale => "stale",
            Self::Future => "future",
            Self::Call => "call",
            Self::Nonce => "nonce",
            Self::NotNamed => "not_named",
            Self::Unwritable(_) => "unwritable",
        }
    }
}
