//! The command line: serve, connect, log in, delegate, revoke, audit.

fn main() {}
