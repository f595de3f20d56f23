//! The command line as people and programs use it: the real binary, a real wallet in a temporary folder.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod audit;
mod authority;
mod demo;
mod exits;
mod extras;
mod hostile;
mod secrets;
mod wallet;
