//! What is no tool is granted in the window, too: resources and prompts.

use crate::desk::{Desk, echo, finish_first_run};
use anyhow::Result;
use journeys::refusal;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_human_grants_a_prompt_and_a_family_of_resources_in_the_window() -> Result<()> {
    let desk = Desk::with_agent("never").await?;
    let app = &desk.app;
    finish_first_run(app).await?;
    app.follow("New delegation").await?;
    app.tick("simple-prompt").await?;
    app.tick("demo://resource/dynamic/text/*").await?;
    app.says("use the prompt simple-prompt").await?;
    app.press("Sign").await?;
    app.says("Signed. scribe can use it at once.").await?;

    let prompt = json!({"name": "everything__simple-prompt"});
    let prompt = desk.agent.request("prompts/get", prompt).await;
    assert!(prompt["result"]["messages"].is_array(), "{prompt}");
    let read = |uri: &'static str| desk.agent.request("resources/read", json!({ "uri": uri }));
    let text = read("demo://resource/dynamic/text/1").await;
    assert!(text["result"]["contents"].is_array(), "{text}");
    let blob = read("demo://resource/dynamic/blob/1").await;
    assert!(blob.get("error").is_some(), "what was not granted was read: {blob}");
    let replaced = desk.agent.call("everything__echo", echo("before")).await;
    assert!(refusal(&replaced).starts_with("Refused"), "{replaced}");
    desk.app.close().await
}
