//! Countersign in the tray.

use std::alloc::System;
use std::process::ExitCode;
use zeroizing_alloc::ZeroAlloc;

/// Wipes what is freed: the copies that libraries make of a token on its way to a server don't outlive the call.
#[global_allocator]
static MEMORY: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    // Before anything else: whoever started this process must not be able to drive its windows.
    match countersign_app::environment::clean() {
        Ok(()) => countersign_app::run(),
        Err(error) => countersign_app::fail(&error),
    }
}
