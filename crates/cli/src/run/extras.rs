//! Completions and manual pages, from the same description as the parser.

use crate::args::{Cli, Completions, Man};
use crate::{Failure, Out};
use clap::CommandFactory;
use clap_mangen::Man as Page;
use std::io;

/// `countersign completions …`
pub(super) fn completions(Completions { shell }: Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "countersign", &mut script);
    Ok(io::Write::write_all(&mut io::stdout(), &script)?)
}

/// `countersign man …`
pub(super) fn man(out: &Out, Man { dir }: Man) -> Result<(), Failure> {
    let Some(dir) = dir else { return Ok(Page::new(Cli::command()).render(&mut io::stdout())?) };
    let unwritable =
        |error| Failure::Failed(format!("can't write to {}: {error}; choose another folder", dir.display()));
    std::fs::create_dir_all(&dir).map_err(unwritable)?;
    clap_mangen::generate_to(Cli::command(), &dir).map_err(unwritable)?;
    out.done(&format!("Wrote the manual pages to {}. Read one: man -l {0}/countersign.1", dir.display()))
}
