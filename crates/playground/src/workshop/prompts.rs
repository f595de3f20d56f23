//! Prompts over the notebook.

use super::Workshop;
use rmcp::ErrorData;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{PromptMessage, Role};
use rmcp::schemars::{self, JsonSchema};
use rmcp::{prompt, prompt_router};
use serde::Deserialize;

/// Which note a prompt is about.
#[derive(Deserialize, JsonSchema)]
struct About {
    /// The note's title.
    title: String,
}

#[prompt_router(vis = "pub(super)")]
impl Workshop {
    /// Plan a day around what the notebook says.
    #[prompt(name = "plan_my_day")]
    async fn plan_my_day(&self) -> Vec<PromptMessage> {
        let titles = self.notebook().titles().join(", ");
        let text = format!("Read my notes ({titles}) and propose a plan for today, hour by hour.");
        vec![PromptMessage::new_text(Role::User, text)]
    }

    /// Improve the wording of one note.
    #[prompt(name = "polish_note")]
    async fn polish_note(
        &self,
        Parameters(about): Parameters<About>,
    ) -> Result<Vec<PromptMessage>, ErrorData> {
        let notebook = self.notebook();
        let note = notebook.read(&about.title).map_err(|why| ErrorData::invalid_params(why, None))?;
        let text = format!("Improve the wording of this note and keep its meaning:\n\n{note}");
        Ok(vec![PromptMessage::new_text(Role::User, text)])
    }
}
