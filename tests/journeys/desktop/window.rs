//! The human answers in the real window, and nobody else can.

use crate::desk::{Desk, answer, done, echo, meanwhile};
use anyhow::Result;
use journeys::{refusal, text};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_makes_an_identity_in_the_window_and_the_wallet_is_open() -> Result<()> {
    let desktop = journeys::desktop::Desktop::start().await?;
    let app = desktop.open_app(&[]).await?;
    app.turn_to("main").await?;
    app.find("input[type=text], input:not([type])").await?.send_keys("Ada").await?;
    app.press("Make identity").await?;
    app.says("Try it, or bring your own server").await?;
    let wallet = app.invoke("snapshot", json!({})).await?.expect("the window may look");
    assert_eq!(wallet["identity"]["name"], "Ada");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_human_approves_in_the_window_and_the_call_goes_through() -> Result<()> {
    let desk = Desk::with_agent("always").await?;
    let human = async {
        desk.app.turn_to("approval").await?;
        desk.app.says("hello from the journey").await?;
        desk.app.press("Approve once").await
    };
    let answer =
        meanwhile(desk.agent.call("everything__echo", echo("hello from the journey")), human).await?;
    assert!(text(&answer).contains("hello from the journey"), "{answer}");
    desk.app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_in_the_window_is_told_to_the_agent_and_nothing_is_sent() -> Result<()> {
    let desk = Desk::with_agent("always").await?;
    let human = async {
        desk.app.turn_to("approval").await?;
        desk.app.press("Deny").await
    };
    let answer = meanwhile(desk.agent.call("everything__echo", echo("no")), human).await?;
    assert!(refusal(&answer).contains("said no"), "{answer}");
    desk.app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_the_human_turns_to_again_is_shown_anew() -> Result<()> {
    let desk = Desk::with_agent("always").await?;
    let human = async {
        desk.app.turn_to("approval").await?;
        let asked = desk.app.invoke("questions", json!({})).await?.expect("the window may look");
        desk.app.turn_to("main").await?;
        // The window is there, goes, and is there again: the last of these must not be lost.
        done(&desk.app, "review", json!({"id": asked[0]["id"]})).await?;
        answer(&desk.app, "Deny").await
    };
    let answer = meanwhile(desk.agent.call("everything__echo", echo("again")), human).await?;
    assert!(refusal(&answer).contains("said no"), "{answer}");
    desk.app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_19_an_answer_before_the_question_can_be_read_is_refused_even_past_the_buttons() -> Result<()>
{
    let desk = Desk::with_agent("always").await?;
    let human = async {
        desk.app.turn_to("approval").await?;
        let asked = desk.app.invoke("questions", json!({})).await?.expect("the window may look");
        let id = asked[0]["id"].clone();
        desk.app.invoke("shown", json!({"id": id})).await?.expect("the window may say what it shows");
        let yes = json!({"id": id, "answer": {"answer": "allow", "reach": "once"}});
        let refused = desk.app.invoke("answer", yes).await?.expect_err("answered while deaf");
        assert_eq!(refused["code"], "deaf");
        desk.app.press("Deny").await
    };
    let answer = meanwhile(desk.agent.call("everything__echo", echo("quick")), human).await?;
    assert!(refusal(&answer).contains("said no"), "{answer}");
    desk.app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_22_the_main_window_can_not_answer() -> Result<()> {
    let desk = Desk::with_agent("always").await?;
    let human = async {
        desk.app.turn_to("approval").await?;
        let asked = desk.app.invoke("questions", json!({})).await?.expect("the window may look");
        // In sight for longer than the window is deaf: only the capability is left to say no.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        desk.app.turn_to("main").await?;
        let yes = json!({"id": asked[0]["id"], "answer": {"answer": "allow", "reach": "always"}});
        let refused = desk.app.invoke("answer", yes).await?.expect_err("answered from the main window");
        assert!(refused.as_str().is_some_and(|said| said.contains("not allowed")), "{refused}");
        desk.app.turn_to("approval").await?;
        desk.app.press("Deny").await
    };
    let answer = meanwhile(desk.agent.call("everything__echo", echo("main")), human).await?;
    assert!(refusal(&answer).contains("said no"), "{answer}");
    desk.app.close().await
}
