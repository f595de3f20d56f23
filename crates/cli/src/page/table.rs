//! Columns as wide as their widest cell, two spaces between them, nothing drawn.

use super::{Paint, Tone};

/// A piece of text with its tone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(super) text: String,
    pub(super) tone: Tone,
}

impl Cell {
    pub(crate) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { text: text.into(), tone }
    }

    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::new(Tone::Plain, text)
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

pub(super) fn draw<const N: usize>(paint: &Paint, head: [&str; N], rows: &[[Cell; N]]) -> String {
    let head = head.map(|title| Cell::new(Tone::Quiet, title));
    let widths: [usize; N] = std::array::from_fn(|column| {
        rows.iter().chain([&head]).map(|row| row[column].width()).max().unwrap_or(0)
    });
    [&head].into_iter().chain(rows).map(|row| line(paint, row, &widths)).collect()
}

fn line<const N: usize>(paint: &Paint, row: &[Cell; N], widths: &[usize; N]) -> String {
    let mut line = String::new();
    // Spaces owed before the next cell, so that no line ends in any.
    let mut gap = 0;
    for (cell, width) in row.iter().zip(widths) {
        if !cell.text.is_empty() {
            line.push_str(&" ".repeat(gap));
            line.push_str(&paint.toned(cell.tone, &cell.text));
            gap = 0;
        }
        gap += width - cell.width() + 2;
    }
    line.push('\n');
    line
}
