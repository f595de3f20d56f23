//! How a human confirms on the command line.

use clap::Args;
use std::os::fd::RawFd;

/// For every command that gives an agent more.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Confirm {
    /// Read the wallet's passphrase from this open file descriptor, instead of the terminal
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    pub(crate) passphrase_fd: Option<RawFd>,
}
