//! What one era says, in the words of the other. Nothing is sent here, nothing is decided, and nothing is changed where the eras
//! agree.
//!
//! | module | legacy (to 2025-11-25) | modern (2026-07-28) |
//! |---|---|---|
//! | [`methods`] | which methods there are | and which there are no more |
//! | [`results`] | a result as it is | a result that says what kind it is, and who may keep it |
//! | [`capabilities`] | said once, at `initialize` | said with every request, or at `server/discover` |
//! | [`input`] | a server asks in requests of its own | it ends the call by `input_required`, and is called again |
//! | [`logging`] | `logging/setLevel` | a level in a request's `_meta` |
//! | [`subscriptions`] | `resources/subscribe`, changes told unasked | `subscriptions/listen` |
//! | [`tasks`] | part of the protocol, the client's wish | an extension, the server's |

pub mod capabilities;
pub mod input;
pub mod logging;
pub mod methods;
pub mod results;
pub mod subscriptions;
pub mod tasks;
