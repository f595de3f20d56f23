//! Everything a decision looks at. Gathered by the broker; nothing else is asked.

use domain::{Agent, Call, Delegation, Digest, Peer, Standing, Timestamp};

/// What is known about one call at the moment it is decided.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What is wanted.
    pub call: &'a Call,
    /// Who wants it, as the wallet knows it.
    pub agent: &'a Agent,
    /// The process it came from.
    pub peer: &'a Peer,
    /// Whether the human has paused everything.
    pub all_paused: bool,
    /// The agent's delegations, with what has been used of each for this target.
    pub candidates: &'a [Candidate<'a>],
    /// The tool's definition as its server lists it now; `None` for an unlisted tool, a resource or a prompt.
    pub definition: Option<Digest>,
    /// Answers the human gave before.
    pub standing: &'a [Standing],
}

/// A delegation that might allow the call.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// What was signed.
    pub delegation: &'a Delegation,
    /// What of it has been used for this target.
    pub used: Used,
}

/// What of a tool's budget is used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Calls since the delegation was signed.
    pub calls: u64,
    /// Calls in the last 60 seconds.
    pub last_minute: u32,
    /// When the oldest of those was made: one more may go 60 seconds later.
    pub oldest_in_minute: Option<Timestamp>,
}
