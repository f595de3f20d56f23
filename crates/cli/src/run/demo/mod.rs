//! The whole story in a terminal: real commands, a real login, a real agent, on a wallet that is thrown away.

mod agent;
mod browser;
mod stage;
mod story;

use crate::args::Demo;
use crate::{Failure, Out};
use agent::Scout;
use serde_json::json;
use stage::{Human, Stage};

/// `countersign demo`
pub(super) fn run(out: &Out, Demo { quick }: Demo) -> Result<(), Failure> {
    let mut stage = Stage::set(out, quick)?;
    prepare(&mut stage)?;
    let mut scout = hire(&mut stage)?;
    work(&mut stage, &mut scout)?;
    self_help(&mut stage)?;
    end(&mut stage, &mut scout)?;
    stage.end()
}

/// A wallet, a server, and the one login there will be.
fn prepare(stage: &mut Stage) -> Result<(), Failure> {
    stage.story.scene("You make a wallet. It holds your identity and, from now on, your logins.");
    stage.command(Human::Confirms, &["init", "--identity", "Demo", "--keys", "passphrase"])?;
    stage.start_wallet()?;
    let url = stage.start_playground()?;
    stage.story.scene("You add a server and log in once. The token goes into the vault and stays there.");
    stage.command(Human::Confirms, &["server", "add", "playground", "--url", &url])?;
    stage.log_in("playground")
}

/// An agent, what it may do, and the yes to its program.
fn hire(stage: &mut Stage) -> Result<Scout, Failure> {
    stage.story.scene("You name an agent and sign what it may do. Everything else is refused.");
    stage.command(Human::Confirms, &["agent", "add", "scout", "--client", "claude-code"])?;
    let free = ["--tool", "read_note", "--tool", "show_headers", "--ask", "never", "--calls", "20"];
    stage
        .command(Human::Confirms, &[&["delegate", "scout", "--server", "playground"], &free[..]].concat())?;
    let asked = ["--tool", "send_money", "--ask", "always", "--for", "1h"];
    stage
        .command(Human::Confirms, &[&["delegate", "scout", "--server", "playground"], &asked[..]].concat())?;

    stage
        .story
        .scene("The agent connects for the first time. You are asked whether that program is the agent.");
    let mut scout = Scout::connect(stage)?;
    scout.introduce()?;
    stage.allow_next()?;
    scout.welcomed()?;
    Ok(scout)
}

/// What is allowed, what leaks, what is refused, what is asked.
fn work(stage: &mut Stage, scout: &mut Scout) -> Result<(), Failure> {
    stage.story.scene("It sees the tools you granted, and no others.");
    let tools = scout.tools()?;
    stage.story.agent("tools/list", &tools.join(", "));

    stage.story.scene("It works, without ever holding a token.");
    let read = scout.call("playground__read_note", json!({ "title": "welcome" }))?;
    stage.story.agent("read_note", &read);

    stage.story.scene("A careless tool gives the token back. The wallet strikes it out.");
    let headers = scout.call("playground__show_headers", json!({}))?;
    stage.story.agent("show_headers", agent::from(&headers, "authorization"));

    stage.story.scene("It tries what you did not grant. Nothing is sent.");
    let refused = scout.call("playground__delete_note", json!({ "title": "welcome" }))?;
    stage.story.agent("delete_note", &refused);

    stage.story.scene("It wants to send money. You are asked, and see every argument.");
    let pay = json!({ "to": "Ada", "amount": 1200, "currency": "EUR", "reference": "lunch" });
    scout.ask("playground__send_money", pay)?;
    stage.allow_next()?;
    let paid = scout.answer()?;
    stage.story.agent("send_money", &paid);
    Ok(())
}

/// Agents have shells too.
fn self_help(stage: &mut Stage) -> Result<(), Failure> {
    stage.story.scene("It has a shell too, and tries to help itself. It does not know your passphrase.");
    stage.attempt(
        Human::Impostor,
        &["delegate", "scout", "--server", "playground", "--tool", "delete_note", "--ask", "never"],
    )
}

/// Revoked, and proved.
fn end(stage: &mut Stage, scout: &mut Scout) -> Result<(), Failure> {
    stage.story.scene("You take the first delegation back. The next call under it is refused.");
    let delegation = stage.delegation_of("read_note")?;
    stage.command(Human::Silent, &["delegation", "revoke", &delegation])?;
    let refused = scout.call("playground__read_note", json!({ "title": "welcome" }))?;
    stage.story.agent("read_note", &refused);

    stage.story.scene("Everything is in the record, signed and chained. Anyone can verify it.");
    stage.command(Human::Silent, &["audit", "list", "--kind", "call"])?;
    stage.command(Human::Silent, &["audit", "verify"])
}
