//! Where answers go: a page for a person, or JSON for a program, on standard output; notes on standard error.

use crate::Failure;
use crate::page::{Page, Paint, Tone};
use serde::Serialize;
use std::io::{self, Write};

/// The command's two streams.
#[derive(Clone)]
pub(crate) struct Out {
    json: bool,
}

impl Out {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether a program reads.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// The answer: `value` as one JSON line for a program, the page for a person.
    pub(crate) fn show(&self, value: &impl Serialize, page: impl FnOnce(&mut Page)) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        if self.json {
            serde_json::to_writer(&mut stdout, value).map_err(io::Error::from)?;
            stdout.write_all(b"\n")?;
        } else {
            let mut drawn = Page::new(Paint::on(&stdout));
            page(&mut drawn);
            stdout.write_all(drawn.into_text().as_bytes())?;
        }
        Ok(stdout.flush()?)
    }

    /// Done, and there is nothing more to say than `sentence`.
    pub(crate) fn done(&self, sentence: &str) -> Result<(), Failure> {
        self.show(&serde_json::json!({ "done": sentence }), |page| page.line(sentence))
    }

    /// What the human should know meanwhile. Never part of the answer.
    pub(crate) fn note(&self, sentence: &str) {
        let mut stderr = io::stderr().lock();
        let line = Paint::on(&stderr).toned(Tone::Quiet, sentence);
        // A human who closed standard error wants no notes.
        let _ = writeln!(stderr, "{line}");
    }

    /// The last words of a command that failed.
    pub(crate) fn fail(&self, failure: &Failure) {
        let mut stderr = io::stderr().lock();
        let (exit, sentence) = (failure.exit_code(), failure.to_string());
        let _ = if self.json {
            writeln!(stderr, "{}", serde_json::json!({ "error": { "exit": exit, "sentence": sentence } }))
        } else {
            let name = Paint::on(&stderr).toned(Tone::Stops, "countersign:");
            writeln!(stderr, "{name} {sentence}")
        };
    }
}
