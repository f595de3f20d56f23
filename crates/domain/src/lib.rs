//! The words everything else is said in: agents, servers, tools, calls, delegations, decisions.
//!
//! Nothing here does I/O, reads a clock or draws a random number. Every type is parsed once, at the edge,
//! and can't be wrong afterwards.

mod agent;
mod approval;
mod call;
mod delegation;
mod denial;
mod digest;
mod endpoint;
mod grant;
mod id;
mod name;
mod origin;
mod peer;
mod server;
mod sign;
mod time;
mod tool;

pub use agent::{Agent, AgentState, Illegal, ToolSearch};
pub use approval::{Answer, Becomes, Question, Reach, Standing, Subject};
pub use call::{Call, Target, TargetKind};
pub use delegation::{Delegation, DelegationState};
pub use denial::Denial;
pub use digest::Digest;
pub use endpoint::Endpoint;
pub use grant::{ApprovalMode, Grant, Limits, PromptGrant, ResourceGrant, ToolGrant};
pub use id::{ApprovalId, CallId, DelegationId, SessionId};
pub use name::{AgentName, NameError, ServerName};
pub use origin::{Loopback, Origin};
pub use peer::{Peer, Program};
pub use server::{Credential, EnvValue, Launch, Server, Transport};
pub use sign::{PublicKey, SignError, Signature, Signer};
pub use time::Timestamp;
pub use tool::{Risk, Tool};
