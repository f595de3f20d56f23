//! Both wire edges: agents in, servers out; raw JSON over stdio, Streamable HTTP and the local socket.

pub mod framing;
pub mod handshake;
pub mod local;
mod message;
mod process;
pub mod shim;
pub mod upstream;

pub use message::{Edit, Kind, MAX_DEPTH, MAX_MESSAGE, Message, ParseError, RawId, Suspicion};
