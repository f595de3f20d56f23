//! Both wire edges: agents in, servers out; raw JSON over stdio, Streamable HTTP and the local socket.
//!
//! | module | edge |
//! |---|---|
//! | [`local`], [`handshake`], [`shim`] | agents come in by a local socket, through a shim, each proving itself |
//! | [`agents`] | agents come in by HTTP on loopback, each request with its token |
//! | [`framing`] | messages as lines |
//! | [`flow`] | answers too large to hold, passed on as they come |
//! | [`upstream`], [`era`] | servers out there: child processes and Streamable HTTP, legacy and modern |
//! | [`lists`] | lists as one agent may see them |
//! | [`translate`] | one era's words in the other's |
//!
//! Nothing here decides what an agent may do, and nothing here holds a credential: [`upstream::Outgoing`] carries what the
//! vault attached, once.

pub mod agents;
pub mod era;
pub mod flow;
pub mod framing;
pub mod handshake;
pub mod lists;
pub mod local;
mod message;
mod process;
pub mod shim;
pub mod translate;
pub mod upstream;

pub use message::{Edit, Kind, MAX_DEPTH, MAX_MESSAGE, Message, ParseError, RawId, Suspicion};
