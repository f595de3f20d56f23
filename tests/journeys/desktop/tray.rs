//! The human stops an agent from the tray, by a click in the real menu.

use crate::desk::{Desk, echo};
use anyhow::Result;
use journeys::desktop::PATIENCE;
use journeys::{Agent, refusal, text};
use serde_json::json;
use std::time::Instant;
use tokio::time::timeout;

/// Calls on the open connection until a call is refused, or the connection ends with the agent: when that was.
async fn refused_or_cut_off(agent: &Agent) -> Instant {
    loop {
        let (_, answer) =
            agent.ask("tools/call", json!({"name": "everything__echo", "arguments": echo("after")})).await;
        let end = async { while agent.others.lock().await.recv().await.is_some() {} };
        let refused = tokio::select! {
            Ok(answer) = answer => answer["error"].is_object(),
            () = end => true,
        };
        if refused {
            return Instant::now();
        }
    }
}

/// The exit code of an agent that is not let in.
async fn turned_away(agent: Agent) -> Option<i32> {
    let (_, answer) =
        agent.ask("initialize", json!({"protocolVersion": "2025-11-25", "capabilities": {}})).await;
    let refused = answer.await.map_or(true, |answer| answer.get("error").is_some());
    assert!(refused, "a revoked agent came back");
    agent.ended().await
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_26_revoked_by_a_click_in_the_tray_the_agent_is_refused_now_and_after_a_restart() -> Result<()>
{
    let desk = Desk::with_agent("never").await?;
    let before = desk.agent.call("everything__echo", echo("before")).await;
    assert!(text(&before).contains("before"), "{before}");

    let clicked = desk.icon.click(&["scribe", "Revoke"]).await?;
    let refused = timeout(PATIENCE, refused_or_cut_off(&desk.agent)).await?;
    println!("from the click to the first refusal: {:?}", refused - clicked);
    desk.icon.await_gone(&["scribe"]).await?;
    assert_ne!(turned_away(desk.connect()?).await, Some(0));

    let desk = desk.restart().await?;
    assert_ne!(turned_away(desk.connect()?).await, Some(0), "after a restart");
    desk.app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_by_a_click_in_the_tray_the_agent_is_refused_until_the_human_resumes_it_in_the_window()
-> Result<()> {
    let desk = Desk::with_agent("never").await?;
    desk.icon.click(&["scribe", "Pause"]).await?;
    desk.app.turn_to("main").await?;
    desk.icon.await_item(&["scribe – paused"]).await?;
    let paused = desk.agent.call("everything__echo", echo("paused")).await;
    assert!(refusal(&paused).contains("paused"), "{paused}");

    desk.app.invoke("resume_agent", json!({"name": "scribe"})).await?.expect("the human may resume");
    let resumed = desk.agent.call("everything__echo", echo("resumed")).await;
    assert!(text(&resumed).contains("resumed"), "{resumed}");
    desk.app.close().await
}
