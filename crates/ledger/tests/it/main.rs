//! The ledger from outside, on real files.

mod everyday;
mod support;
