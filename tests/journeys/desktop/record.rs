//! The record in the window: a call shows, its receipt opens, and what is exported verifies elsewhere.

use crate::desk::{Desk, echo, finish_first_run};
use anyhow::Result;
use journeys::{program, text};
use std::path::Path;

/// Verifies an exported record as somebody who has nothing but the file.
async fn verified(desk: &Desk, file: &Path) -> Result<String> {
    let mut verify = desk.desktop.command(program("countersign"));
    verify.args(["--home"]).arg(desk.desktop.home().join("elsewhere"));
    verify.args(["audit", "verify", "--record"]).arg(file);
    let output = verify.output().await?;
    let said = journeys::wallet::said(&output);
    anyhow::ensure!(output.status.success(), "the exported record does not verify: {said}");
    Ok(said)
}

/// Changes what the record says of the call, behind the wallet's back.
fn forge(desk: &Desk) -> Result<()> {
    let ledger = desk.desktop.home().join(".local/share/countersign/ledger");
    for file in std::fs::read_dir(ledger)? {
        let file = file?.path();
        let record = std::fs::read_to_string(&file)?;
        std::fs::write(file, record.replace("for the record", "for the forger"))?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_after_a_forged_line_says_that_it_does_not_follow_it() -> Result<()> {
    let desk = Desk::with_agent("never").await?;
    let app = &desk.app;
    desk.agent.call("everything__echo", echo("for the record")).await;
    finish_first_run(app).await?;
    app.follow("Activity").await?;
    app.open_row("for the record").await?;
    app.says("In the chain, after the line before it").await?;

    forge(&desk)?;
    app.open_row("You accepted its program").await?;
    app.says("You accepted its program: scribe.").await?;
    app.says("In the chain, after the line before it").await?;
    app.open_row("for the").await?;
    app.says("Does not follow the line before it").await?;
    app.says("Signed by this wallet, unaltered").await?;
    app.press("Verify all").await?;
    app.says("is not whole").await?;
    desk.app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_shows_its_receipt_opens_and_the_exported_record_verifies_elsewhere() -> Result<()> {
    let desk = Desk::with_agent("never").await?;
    let app = &desk.app;
    let answer = desk.agent.call("everything__echo", echo("for the record")).await;
    assert!(text(&answer).contains("for the record"), "{answer}");

    finish_first_run(app).await?;
    app.follow("Activity").await?;
    app.open_row("for the record").await?;
    app.says("You let scribe call echo on everything. everything did it.").await?;
    app.says("Signed by this wallet, unaltered").await?;
    app.press("Verify all").await?;
    app.says("receipts are whole, signed and in order.").await?;

    let taken = desk.desktop.home().join("taken");
    std::fs::create_dir(&taken)?;
    app.press("Export").await?;
    desk.desktop.choose_folder(&taken).await?;
    app.says("Exported to").await?;
    let file = taken.join("countersign-record.jsonl");
    let record = std::fs::read_to_string(&file)?;
    assert!(record.contains("call.closed") && record.contains("for the record"), "{record}");
    verified(&desk, &file).await?;

    let forged = record.replace("for the record", "for the forger");
    std::fs::write(&file, forged)?;
    assert!(verified(&desk, &file).await.is_err(), "a changed record verified");
    desk.app.close().await
}
