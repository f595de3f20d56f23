//! The same app, but WebDriver may drive its windows: for the journeys. An example, so that no package can hold it.

use std::process::ExitCode;

fn main() -> ExitCode {
    countersign_app::run()
}
