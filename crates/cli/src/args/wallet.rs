//! The wallet as a whole, and what helps with it.

use super::Confirm;
use clap::{Args, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// `countersign init`
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// What to call this identity
    #[arg(long, value_name = "NAME", default_value = "Personal")]
    pub(crate) identity: String,
    /// Where the master key goes; unless told, into the keyring if there is one, else you are asked
    #[arg(long, value_enum)]
    pub(crate) keys: Option<Keys>,
    /// Set no passphrase; then only the app can confirm changes
    #[arg(long, conflicts_with = "passphrase_fd")]
    pub(crate) no_passphrase: bool,
    #[command(flatten)]
    pub(crate) confirm: Confirm,
}

/// Where the master key goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Keys {
    /// Into the operating system's keyring
    Keyring,
    /// Under the passphrase
    Passphrase,
}

/// `countersign serve`
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The port of this machine at which agents come in over HTTP, now and from now on; unless told, this wallet's own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// Let agents in over stdio alone
    #[arg(long, conflicts_with = "port")]
    pub(crate) no_http: bool,
    #[command(flatten)]
    pub(crate) confirm: Confirm,
}

/// `countersign playground`
#[derive(Debug, Args)]
pub(crate) struct Playground {
    /// The port on this machine; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) port: u16,
    /// Press "Allow" on the login page by itself, for scripts
    #[arg(long)]
    pub(crate) auto_approve: bool,
}

/// `countersign demo`
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Do not wait between the scenes
    #[arg(long)]
    pub(crate) quick: bool,
}

/// `countersign completions`
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    pub(crate) shell: Shell,
}

/// `countersign man`
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// A folder to write every page to; else the main page is printed
    pub(crate) dir: Option<PathBuf>,
}
