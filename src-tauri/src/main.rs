//! Countersign in the tray.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything else: whoever started this process must not be able to drive its windows.
    match countersign_app::environment::clean() {
        Ok(()) => countersign_app::run(),
        Err(error) => countersign_app::fail(&error),
    }
}
