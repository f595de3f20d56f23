//! Ordinary work: reading, writing, destroying, paying.

use crate::workshop::Workshop;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::{self, JsonSchema};
use rmcp::{tool, tool_router};
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Echo {
    /// What comes back.
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Title {
    /// The note's title, as `list_notes` gives it.
    title: String,
}

#[derive(Deserialize, JsonSchema)]
struct Search {
    /// What to look for, in titles and texts.
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Write {
    /// The note's title; a new one makes a new note.
    title: String,
    /// What to add.
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Pay {
    /// Who gets the money.
    to: String,
    /// How much, in the smallest unit of the currency.
    amount: u64,
    /// ISO 4217 code.
    currency: String,
    /// What the receiver reads.
    reference: Option<String>,
}

#[tool_router(router = notebook_tools, vis = "pub(crate)")]
impl Workshop {
    /// Gives back the text it was given.
    #[tool(annotations(
        title = "Echo",
        read_only_hint = true,
        idempotent_hint = true,
        open_world_hint = false
    ))]
    async fn echo(&self, Parameters(echo): Parameters<Echo>) -> String {
        echo.text
    }

    /// Lists the titles of all notes.
    #[tool(annotations(title = "List notes", read_only_hint = true, open_world_hint = false))]
    async fn list_notes(&self) -> String {
        self.notebook().titles().join("\n")
    }

    /// Reads one note.
    #[tool(annotations(title = "Read a note", read_only_hint = true, open_world_hint = false))]
    async fn read_note(&self, Parameters(note): Parameters<Title>) -> Result<String, String> {
        self.notebook().read(&note.title).map(str::to_owned)
    }

    /// Finds notes by a word in title or text.
    #[tool(annotations(title = "Search notes", read_only_hint = true, open_world_hint = false))]
    async fn search_notes(&self, Parameters(search): Parameters<Search>) -> String {
        let titles = self.notebook().search(&search.text);
        if titles.is_empty() { "No note has that.".into() } else { titles.join("\n") }
    }

    /// Writes a note, or adds to one that is there.
    #[tool(annotations(
        title = "Write a note",
        read_only_hint = false,
        destructive_hint = false,
        open_world_hint = false
    ))]
    async fn write_note(&self, Parameters(note): Parameters<Write>) -> Result<String, String> {
        self.notebook().write(&note.title, &note.text)
    }

    /// Deletes a note for good.
    #[tool(annotations(
        title = "Delete a note",
        read_only_hint = false,
        destructive_hint = true,
        open_world_hint = false
    ))]
    async fn delete_note(&self, Parameters(note): Parameters<Title>) -> Result<String, String> {
        self.notebook().delete(&note.title)
    }

    /// Pretends to send money: worth an approval, harmless here.
    #[tool(annotations(
        title = "Send money",
        read_only_hint = false,
        destructive_hint = true,
        open_world_hint = true
    ))]
    async fn send_money(&self, Parameters(pay): Parameters<Pay>) -> String {
        let Pay { to, amount, currency, reference } = pay;
        let reference = reference.map_or_else(String::new, |text| format!(", reference {text:?}"));
        format!("Pretended to send {amount} {currency} to {to}{reference}. No money moved.")
    }
}
