//! The command line: serve, connect, log in, delegate, revoke, audit.
//!
//! It holds no keys and decides nothing: most commands ask the running wallet over its control socket. What gives an agent
//! more is confirmed by the human, in the app or by the wallet's passphrase. `connect` is the stdio shim that MCP clients
//! start; it is done before anything else is loaded.

mod args;
mod ask;
mod failure;
mod out;
mod page;
mod run;

use args::Cli;
use clap::Parser;
use failure::Failure;
use out::Out;
use std::alloc::System;
use std::process::ExitCode;
use zeroizing_alloc::ZeroAlloc;

/// Wipes what is freed: the copies that libraries make of a token on its way to a server don't outlive the call.
#[global_allocator]
static MEMORY: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let out = Out::new(cli.globals.json);
    match run::run(cli, &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_reader_gone() => ExitCode::SUCCESS,
        Err(failure) => {
            out.fail(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
