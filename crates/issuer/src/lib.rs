//! The wallet's own authorization server, for agents that connect over HTTP.
//!
//! ```text
//! register ─► ask ──the human's yes──► code ─► tokens ◄─► refresh ─► end
//!             └──────the human's no──► back with access_denied
//! ```
//! It knows OAuth (RFC 6749 as profiled by MCP's authorization chapter: public clients, PKCE, `resource`) and no network: it
//! takes the text of requests and gives the text of answers. Who is at the other end, and what the human says, come from
//! outside; so do the time and the place where families of tokens are kept.
//!
//! | module | |
//! |---|---|
//! | [`documents`] | what the wallet says of itself (RFC 8414, RFC 9728) |
//! | [`Client`] | who asks: registered (RFC 7591) or by its own document (CIMD) |
//! | [`Asked`], [`Request`] | an authorization request, read and admitted |
//! | [`Issuer`] | codes and tokens: made, rotated, revoked, looked at |
//! | [`Refusal`] | what a client is told instead |

mod authorize;
mod client;
pub mod documents;
mod dpop;
mod family;
mod issuer;
mod params;
mod redirect;
mod refusal;
mod secret;

pub use authorize::{Asked, Request, Stray};
pub use client::Client;
pub use family::{Family, FamilyId, Holder, Shelf, ShelfError};
pub use issuer::{Admitted, Credential, Issuer, Scheme, Unwelcome};
pub use redirect::Redirect;
pub use refusal::Refusal;

/// The scope that every client gets: what it may do is in its delegations, not here.
pub const SCOPE: &str = "mcp";
/// The scope that asks for a refresh token.
pub const OFFLINE: &str = "offline_access";
