//! Tools that behave as servers in the field do: slow, curious, large, broken.

use crate::workshop::Workshop;
use crate::workshop::asking::{self, Asked};
use rmcp::handler::server::tool::InputResponses;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, ProgressNotificationParam};
use rmcp::schemars::{self, JsonSchema};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, tool, tool_router};
use serde::Deserialize;
use std::time::Duration;

#[derive(Deserialize, JsonSchema)]
struct Count {
    /// How far, 1 to 600.
    #[schemars(range(min = 1, max = 600))]
    to: u32,
    /// Pause before each number in milliseconds, up to 10000.
    #[serde(default = "half_a_second")]
    #[schemars(range(max = 10_000))]
    pause_ms: u64,
}

fn half_a_second() -> u64 {
    500
}

#[derive(Deserialize, JsonSchema)]
struct Restaurant {
    /// Where to book.
    restaurant: String,
}

#[derive(Deserialize, JsonSchema)]
struct Summary {
    /// The note's title, as `list_notes` gives it.
    title: String,
}

#[derive(Deserialize, JsonSchema)]
struct Report {
    /// Size of the answer in kilobytes, 1 to 16384.
    #[schemars(range(min = 1, max = 16_384))]
    kilobytes: usize,
}

#[derive(Deserialize, JsonSchema)]
struct Failure {
    /// `result` fails as a tool does, `protocol` as a server does.
    how: How,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum How {
    Result,
    Protocol,
}

#[tool_router(router = behaviour_tools, vis = "pub(crate)")]
impl Workshop {
    /// Counts slowly and reports progress; can be cancelled.
    #[tool(annotations(title = "Count slowly", read_only_hint = true, open_world_hint = false))]
    async fn count_slowly(
        &self,
        Parameters(count): Parameters<Count>,
        context: RequestContext<RoleServer>,
    ) -> Result<String, String> {
        if !(1..=600).contains(&count.to) || count.pause_ms > 10_000 {
            return Err("`to` is 1 to 600 and `pause_ms` at most 10000".into());
        }
        for number in 1..=count.to {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(count.pause_ms)) => {}
                () = context.ct.cancelled() => return Err(format!("cancelled before {number}")),
            }
            report(&context, number, count.to).await;
        }
        Ok(format!("Counted to {}.", count.to))
    }

    /// Books a table; asks the human for the hour and the number of guests in the middle of the call.
    #[tool(annotations(
        title = "Book a table",
        read_only_hint = false,
        destructive_hint = false,
        open_world_hint = true
    ))]
    async fn book_table(
        &self,
        Parameters(Restaurant { restaurant }): Parameters<Restaurant>,
        InputResponses(given): InputResponses,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let question = asking::booking(&restaurant)?;
        Ok(match asking::ask(&context, given, question).await? {
            Asked::Now(question) => question.into(),
            Asked::Answered(answer) => said(asking::booked(&restaurant, &answer)),
        })
    }

    /// Summarises a note with the client's own model.
    #[tool(annotations(title = "Summarise a note", read_only_hint = true, open_world_hint = false))]
    async fn summarise_note(
        &self,
        Parameters(Summary { title }): Parameters<Summary>,
        InputResponses(given): InputResponses,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let note = self.notebook().read(&title).map(str::to_owned);
        let note = match note {
            Ok(note) => note,
            Err(why) => return Ok(CallToolResult::error(vec![ContentBlock::text(why)]).into()),
        };
        Ok(match asking::ask(&context, given, asking::summary(&note)).await? {
            Asked::Now(question) => question.into(),
            Asked::Answered(answer) => said(asking::summarised(&answer)),
        })
    }

    /// Asks the client which folders it works in, and repeats them.
    #[tool(annotations(title = "Look around", read_only_hint = true, open_world_hint = false))]
    async fn look_around(
        &self,
        InputResponses(given): InputResponses,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        Ok(match asking::ask(&context, given, asking::roots()).await? {
            Asked::Now(question) => question.into(),
            Asked::Answered(answer) => said(asking::looked(&answer)),
        })
    }

    /// Makes an answer as large as asked for.
    #[tool(annotations(title = "Make a big report", read_only_hint = true, open_world_hint = false))]
    async fn make_report(&self, Parameters(report): Parameters<Report>) -> Result<String, String> {
        const LINE: &str = "The quick brown fox jumps over the lazy dog, and the ledger keeps it.\n";
        if !(1..=16_384).contains(&report.kilobytes) {
            return Err("`kilobytes` is 1 to 16384".into());
        }
        Ok(LINE.chars().cycle().take(report.kilobytes * 1024).collect())
    }

    /// Always fails.
    #[tool(annotations(title = "Fail", read_only_hint = true, open_world_hint = false))]
    async fn fail(&self, Parameters(failure): Parameters<Failure>) -> Result<CallToolResult, ErrorData> {
        match failure.how {
            How::Result => Ok(CallToolResult::error(vec![ContentBlock::text("Failed on purpose.")])),
            How::Protocol => Err(ErrorData::internal_error("failed on purpose", None)),
        }
    }
}

async fn report(context: &RequestContext<RoleServer>, number: u32, of: u32) {
    let Some(token) = context.meta.get_progress_token() else { return };
    let progress = ProgressNotificationParam::new(token, f64::from(number))
        .with_total(f64::from(of))
        .with_message(format!("{number} of {of}"));
    if let Err(error) = context.peer.notify_progress(progress).await {
        tracing::debug!(%error, "nobody listens to the progress");
    }
}

fn said(text: String) -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text(text)]).into()
}
