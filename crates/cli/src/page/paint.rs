//! Colour, on a terminal alone, and never the only carrier of meaning.

use clap::builder::styling::{AnsiColor, Style};
use std::io::IsTerminal;

/// What a piece of text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Content.
    Plain,
    /// Labels and support.
    Quiet,
    /// A heading, a name.
    Strong,
    /// Authority: allowed, proven.
    Good,
    /// Waits for the human.
    Asks,
    /// Refused, revoked, broken.
    Stops,
}

/// Whether there is colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    colour: bool,
}

impl Paint {
    /// None: for files, programs and tests.
    pub(crate) const NONE: Self = Self { colour: false };

    /// As the stream and the user (`NO_COLOR`, `TERM`) have it.
    pub(crate) fn on(stream: &impl IsTerminal) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { colour: stream.is_terminal() && !unwanted }
    }

    pub(crate) fn toned(self, tone: Tone, text: &str) -> String {
        let style = tone.style();
        if self.colour && !text.is_empty() && style != Style::new() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

impl Tone {
    const fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Quiet => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Asks => AnsiColor::Yellow.on_default(),
            Self::Stops => AnsiColor::Red.on_default(),
        }
    }
}
