//! The command line: only where the wallet lives.

use broker::Home;
use clap::Parser;
use std::path::PathBuf;

/// Countersign: hand work to AI agents without handing over your keys.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Args {
    /// Keep everything in this folder instead of the usual places
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
}

impl Args {
    /// The wallet's folders.
    ///
    /// # Errors
    /// When a relative folder is given and the working directory is gone.
    pub(crate) fn wallet_home(&self) -> std::io::Result<Home> {
        self.home.as_ref().map_or_else(|| Ok(Home::xdg()), |dir| Ok(Home::at(&std::path::absolute(dir)?)))
    }
}
