//! A desk: the app in its session, a server with one of everything, an agent that may use its `echo`.

use anyhow::{Context, Result};
use journeys::desktop::Desktop;
use journeys::desktop_app::App;
use journeys::desktop_tray::TrayIcon;
use journeys::{Agent, parts};
use serde_json::{Value, json};
use std::time::Duration;

/// The wallet at work.
pub(crate) struct Desk {
    pub(crate) desktop: Desktop,
    pub(crate) app: App,
    pub(crate) icon: TrayIcon,
    pub(crate) agent: Agent,
}

/// Arguments for `echo`.
pub(crate) fn echo(message: &str) -> Value {
    json!({ "message": message })
}

impl Desk {
    /// A wallet with an agent `scribe` that was accepted in the window, and asks for `echo` as `approval` says.
    pub(crate) async fn with_agent(approval: &str) -> Result<Self> {
        let desktop = Desktop::start().await?;
        let app = desktop.open_app(&[]).await?;
        app.turn_to("main").await?;
        done(&app, "create_wallet", json!({"name": "Ada", "seal": {"by": "keyring"}})).await?;
        let icon = desktop.tray.icon().await?;
        grant_echo(&app, approval).await?;
        let agent = connect(&desktop)?;
        let human = async {
            app.turn_to("approval").await?;
            app.press("Accept").await
        };
        let hello = meanwhile(agent.initialize(), human).await?;
        app.gone("approval").await?;
        anyhow::ensure!(hello.get("result").is_some(), "the accepted agent was refused: {hello}");
        Ok(Self { desktop, app, icon, agent })
    }

    /// Ends the app and starts it again in the same session.
    pub(crate) async fn restart(self) -> Result<Self> {
        self.icon.quit().await?;
        let app = self.desktop.open_app(&[]).await?;
        app.turn_to("main").await?;
        let icon = self.desktop.tray.icon().await?;
        Ok(Self { app, icon, ..self })
    }

    /// The agent's program, started anew.
    pub(crate) fn connect(&self) -> Result<Agent> {
        connect(&self.desktop)
    }
}

/// What the agent hears, while the human does this; a human who can't ends the wait.
pub(crate) async fn meanwhile(
    call: impl Future<Output = Value>,
    human: impl Future<Output = Result<()>>,
) -> Result<Value> {
    let (answer, ()) = tokio::try_join!(async { Ok(call.await) }, human)?;
    Ok(answer)
}

/// Presses a button of the window that asks. The window of the last question may still be on its way out.
pub(crate) async fn answer(app: &App, words: &str) -> Result<()> {
    let mut last = Ok(());
    for _ in 0..5 {
        app.turn_to("approval").await?;
        last = app.press(words).await;
        if last.is_ok() {
            break;
        }
    }
    last
}

/// Asks the app as its main window; a refusal fails the test.
pub(crate) async fn done(app: &App, command: &str, arguments: Value) -> Result<Value> {
    app.invoke(command, arguments).await?.map_err(|why| anyhow::anyhow!("{command} was refused: {why}"))
}

/// Makes the identity `Ada` in a new wallet's window.
pub(crate) async fn make_identity(app: &App) -> Result<()> {
    app.turn_to("main").await?;
    app.fill("Your name, as receipts show it", "Ada").await?;
    app.press("Make identity").await
}

/// Leaves the first run for Home, where there is a server and an agent already.
pub(crate) async fn finish_first_run(app: &App) -> Result<()> {
    app.press("Continue").await?;
    app.press("Finish").await
}

/// Leaves the first run for Home, with neither server nor agent.
pub(crate) async fn skip_first_run(app: &App) -> Result<()> {
    app.press("Skip").await?;
    app.says("Name your first agent").await?;
    app.press("Skip").await?;
    app.says("Your half is ready").await
}

/// The program of the agent `scribe`.
pub(crate) fn connect(desktop: &Desktop) -> Result<Agent> {
    let mut shim = desktop.command(journeys::program("countersign"));
    shim.args(["connect", "--agent", "scribe"]);
    Ok(Agent::over(shim))
}

async fn grant_echo(app: &App, approval: &str) -> Result<()> {
    let words = parts::everything();
    let (command, args) = words.split_first().context("no command")?;
    let transport = json!({"kind": "stdio", "command": command, "args": args, "cwd": null, "env": []});
    done(app, "add_server", json!({"server": {"name": "everything", "transport": transport}})).await?;
    done(app, "add_agent", json!({"name": "scribe"})).await?;
    let server = done(app, "server", json!({"name": "everything"})).await?;
    let tools = server["tools"]["tools"].as_array().context("the server lists no tools")?;
    let echo = tools.iter().find(|tool| tool["name"] == "echo").context("the server has no echo")?;
    let tool = json!({
        "name": "echo", "definition": echo["definition"], "approval": approval, "calls": null, "perMinute": null,
    });
    let until = in_an_hour(app).await?;
    let draft = json!({"agent": "scribe", "server": "everything", "tools": [tool], "until": until, "replaces": false});
    done(app, "delegate", json!({ "draft": draft })).await.map(drop)
}

async fn in_an_hour(app: &App) -> Result<Value> {
    let later = Duration::from_hours(1).as_millis();
    Ok(app.client.execute(&format!("return new Date(Date.now() + {later}).toISOString()"), vec![]).await?)
}
