//! The notebook: a few notes by title, enough to have something to read, write and lose.

use std::collections::BTreeMap;

/// Most notes, and most bytes in one.
const ROOM: (usize, usize) = (1_000, 64 * 1024);

#[derive(Debug)]
pub(super) struct Notebook {
    notes: BTreeMap<String, String>,
}

impl Notebook {
    pub(super) fn titles(&self) -> Vec<String> {
        self.notes.keys().cloned().collect()
    }

    pub(super) fn read(&self, title: &str) -> Result<&str, String> {
        let known = || format!("there is no note {title:?}; the notes are {:?}", self.titles());
        self.notes.get(title).map(String::as_str).ok_or_else(known)
    }

    pub(super) fn search(&self, text: &str) -> Vec<String> {
        let wanted = text.to_lowercase();
        let hit = |title: &str, note: &str| {
            note.to_lowercase().contains(&wanted) || title.to_lowercase().contains(&wanted)
        };
        self.notes.iter().filter(|(title, note)| hit(title, note)).map(|(title, _)| title.clone()).collect()
    }

    /// Adds `text`; a note that is already there grows, nothing is lost.
    pub(super) fn write(&mut self, title: &str, text: &str) -> Result<String, String> {
        let (notes, bytes) = ROOM;
        if title.is_empty() || title.len() > 100 {
            return Err("a title has 1 to 100 bytes".into());
        }
        if self.notes.len() >= notes && !self.notes.contains_key(title) {
            return Err(format!("the notebook is full with {notes} notes; delete one first"));
        }
        let note = self.notes.entry(title.to_owned()).or_default();
        if note.len() + text.len() > bytes {
            return Err(format!("the note {title:?} would grow beyond {bytes} bytes; start another"));
        }
        let verb = if note.is_empty() { "written" } else { "extended" };
        note.push_str(text);
        note.push('\n');
        Ok(format!("{title:?} {verb}"))
    }

    pub(super) fn delete(&mut self, title: &str) -> Result<String, String> {
        self.read(title)?;
        self.notes.remove(title);
        Ok(format!("{title:?} deleted; it can't be brought back"))
    }
}

impl Default for Notebook {
    fn default() -> Self {
        let notes = [
            (
                "welcome",
                "Your agent read this through the wallet.\nIt showed no token, and it never had one.\n",
            ),
            ("groceries", "bread\ncheese\ntwo lemons\n"),
            ("meeting", "Tuesday 10:00 with Ada and Grace\nBring the figures for the third quarter\n"),
        ];
        Self { notes: notes.map(|(title, text)| (title.to_owned(), text.to_owned())).into() }
    }
}
