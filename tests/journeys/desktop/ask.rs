//! What the window that asks shows beside the arguments, and how its answers read afterwards.

use crate::desk::{Desk, answer, echo, finish_first_run, meanwhile};
use anyhow::Result;
use journeys::desktop_app::App;
use journeys::{refusal, text};
use serde_json::Value;

/// Whether the button with these words lies wholly in the window.
async fn in_sight(app: &App, words: &str) -> Result<Value> {
    const SCRIPT: &str = "const [words] = arguments;
        const button = [...document.querySelectorAll('button')].find((b) => b.textContent.includes(words));
        return button?.getBoundingClientRect().bottom <= innerHeight
            && document.documentElement.scrollHeight <= innerHeight;";
    Ok(app.client.execute(SCRIPT, vec![words.into()]).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_question_shows_what_differs_from_the_approved_call_and_a_no_is_one_line() -> Result<()> {
    let desk = Desk::with_agent("always").await?;
    let app = &desk.app;
    let first = desk.agent.call("everything__echo", echo("the first text"));
    let first = meanwhile(first, answer(app, "Approve once")).await?;
    assert!(text(&first).contains("the first text"), "{first}");
    app.gone("approval").await?;

    let human = async {
        app.turn_to("approval").await?;
        app.says("Changed since the call you approved").await?;
        assert_eq!(app.find("del.was").await?.text().await?, "the first text");
        app.press("Deny").await
    };
    let second = meanwhile(desk.agent.call("everything__echo", echo("the second text")), human).await?;
    assert!(refusal(&second).contains("said no"), "{second}");

    app.gone("approval").await?;
    finish_first_run(app).await?;
    app.follow("Activity").await?;
    app.says("Refused").await?;
    let log = app.find("table").await?.text().await?;
    let about_it = log.lines().filter(|line| line.contains("Refused") || line.contains("denied")).count();
    assert_eq!(about_it, 1, "{log}");
    assert!(!log.contains("You approved"), "{log}");
    desk.app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_grows_for_what_always_means_and_the_answer_holds() -> Result<()> {
    let desk = Desk::with_agent("always").await?;
    let app = &desk.app;
    let human = async {
        app.turn_to("approval").await?;
        app.says("again and again").await?;
        app.pick("Always…").await?;
        app.says("The same call, with exactly these arguments").await?;
        let deadline = std::time::Instant::now() + journeys::desktop::PATIENCE;
        while in_sight(app, "Approve always").await? != true {
            anyhow::ensure!(std::time::Instant::now() < deadline, "the buttons are cut off");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        app.press("Approve always").await
    };
    let first = meanwhile(desk.agent.call("everything__echo", echo("again and again")), human).await?;
    assert!(text(&first).contains("again and again"), "{first}");
    let unasked = desk.agent.call("everything__echo", echo("again and again")).await;
    assert!(text(&unasked).contains("again and again"), "{unasked}");
    desk.app.close().await
}
