//! The ledger from outside, on real files.
#![cfg(test)]

mod crash;
mod disk;
mod everyday;
mod support;
mod tamper;
