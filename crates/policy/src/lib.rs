//! Decides every call, and is the only maker of a [`Permit`].
//!
//! Pure: facts and the time go in, a decision comes out. What no delegation names is refused; a question becomes a permit
//! only through a human's answer; a permit is used once, by moving it.

mod admit;
mod decide;
mod facts;
mod permit;
mod settle;
mod visible;

pub use admit::{Connection, Own, admit, connect, for_owner};
pub use decide::{Decision, decide};
pub use facts::{Candidate, Facts, Used};
pub use permit::{Permit, Purpose};
pub use settle::{Asking, Settled, settle};
pub use visible::{Sight, shown_of, shown_until, visible};

#[cfg(test)]
mod tests;
