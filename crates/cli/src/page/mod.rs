//! What a person reads: sentences, facts and tables, aligned and calm. Pure text, so that tests see all of it.

mod paint;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod words;

pub(crate) use paint::{Paint, Tone};
pub(crate) use table::Cell;

use std::fmt::Display;

/// A page under construction.
pub(crate) struct Page {
    text: String,
    paint: Paint,
}

impl Page {
    pub(crate) const fn new(paint: Paint) -> Self {
        Self { text: String::new(), paint }
    }

    /// One line.
    pub(crate) fn line(&mut self, line: impl Display) {
        self.toned(Tone::Plain, line);
    }

    /// One line in a tone.
    pub(crate) fn toned(&mut self, tone: Tone, line: impl Display) {
        self.text.push_str(&self.paint.toned(tone, &line.to_string()));
        self.text.push('\n');
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// Labels on the left, what they name on the right; lines of one value stand below each other.
    pub(crate) fn facts<'a>(&mut self, facts: impl IntoIterator<Item = (&'a str, Cell)>) {
        let facts: Vec<_> = facts.into_iter().collect();
        let width = facts.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        for (label, cell) in facts {
            let label = self.paint.toned(Tone::Quiet, &format!("{label:width$}"));
            let mut lines = cell.text.lines();
            let first = self.paint.toned(cell.tone, lines.next().unwrap_or_default());
            self.text.push_str(format!("{label}  {first}").trim_end());
            self.text.push('\n');
            for line in lines {
                let line = self.paint.toned(cell.tone, line);
                self.text.push_str(&format!("{:width$}  {line}\n", ""));
            }
        }
    }

    /// A table with a quiet head.
    pub(crate) fn table<const N: usize>(&mut self, head: [&str; N], rows: &[[Cell; N]]) {
        self.text.push_str(&table::draw(&self.paint, head, rows));
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}
