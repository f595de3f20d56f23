//! Families of tokens: all that came of one human's yes, and ends with it.

use crate::Client;
use crate::secret::Print;
use domain::{AgentName, Endpoint, Program, Timestamp};
use serde::{Deserialize, Serialize};

/// Names a family.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FamilyId(pub(crate) String);

impl FamilyId {
    /// The id as text, for a shelf's key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// To whom the human said yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The agent.
    pub agent: AgentName,
    /// Its program: no other may use the tokens.
    pub program: Program,
}

/// One human's yes. Holds no token, only the digest of the one that refreshes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Its name.
    pub id: FamilyId,
    /// The client's id.
    pub client: String,
    /// To whom.
    pub holder: Holder,
    /// For which endpoint.
    pub endpoint: Endpoint,
    /// When.
    pub began: Timestamp,
    /// The thumbprint of the key its tokens are bound to (RFC 9449 §6), if they are.
    pub(crate) key: Option<String>,
    /// The refresh token that may be used now, and until when. Any other that names this family was used before, and ends it.
    pub(crate) refresh: Option<(Print, Timestamp)>,
}

/// Why something could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ShelfError(pub String);

/// Where clients and families outlive the process. What returns `Ok` is durable.
pub trait Shelf {
    /// Keeps a client that registered.
    ///
    /// # Errors
    /// When it can't be written.
    fn keep_client(&self, client: &Client) -> Result<(), ShelfError>;
    /// Forgets one.
    ///
    /// # Errors
    /// When it can't be deleted.
    fn drop_client(&self, id: &str) -> Result<(), ShelfError>;
    /// Keeps a family as it is now.
    ///
    /// # Errors
    /// When it can't be written.
    fn keep_family(&self, family: &Family) -> Result<(), ShelfError>;
    /// Forgets one.
    ///
    /// # Errors
    /// When it can't be deleted.
    fn drop_family(&self, id: &FamilyId) -> Result<(), ShelfError>;
}
