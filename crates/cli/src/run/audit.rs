//! The record of everything that happened, read and verified from its files.

use super::record::{last, outcome_word};
use super::verify::verify;
use super::wallet::Wallet;
use crate::Failure;
use crate::args::{AuditCommand, Filters};
use crate::page::words::{date, visible};
use crate::page::{Cell, Tone};
use proof::receipt::Receipt;
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// `countersign audit …`
pub(super) fn run(wallet: &Wallet, command: AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::List(filters) => list(wallet, &filters),
        AuditCommand::Show { seq } => show(wallet, seq),
        AuditCommand::Verify { key, record } => verify(wallet, key.as_deref(), record),
        AuditCommand::Export { file } => export(wallet, &file),
    }
}

fn list(wallet: &Wallet, filters: &Filters) -> Result<(), Failure> {
    filters.check()?;
    let receipts = last(&wallet.home.ledger_dir(), filters.limit, |receipt| filters.take(receipt))?;
    let shown: Vec<Value> = receipts.iter().map(told).collect();
    wallet.out.show(&shown, |page| {
        if receipts.is_empty() {
            return page.line("No receipt matches. Every call leaves a receipt, refused ones too.");
        }
        let rows: Vec<_> = receipts.iter().map(row).collect();
        page.table(["NO.", "TIME", "WHAT", "AGENT", "SERVER", "TARGET", "OUTCOME"], &rows);
    })
}

fn row(receipt: &Receipt) -> [Cell; 7] {
    let body = &receipt.payload.body;
    let target = body.tool.as_ref().map(|tool| visible(&tool.target.name)).unwrap_or_default();
    [
        Cell::new(Tone::Quiet, receipt.payload.seq.to_string()),
        Cell::plain(date(body.time)),
        Cell::plain(body.kind.as_str()),
        Cell::new(Tone::Strong, body.agent.as_ref().map(ToString::to_string).unwrap_or_default()),
        Cell::plain(body.server.as_ref().map(ToString::to_string).unwrap_or_default()),
        Cell::plain(target),
        outcome(receipt),
    ]
}

fn outcome(receipt: &Receipt) -> Cell {
    let reason = receipt.payload.body.decision.as_ref().and_then(|decision| decision.reason.as_deref());
    match outcome_word(receipt) {
        Some("denied") => {
            Cell::new(Tone::Stops, format!("denied: {}", visible(reason.unwrap_or("no reason"))))
        }
        Some(word @ ("failed" | "cancelled")) => Cell::new(Tone::Stops, word),
        Some(word @ ("unknown" | "asked")) => Cell::new(Tone::Asks, word),
        Some(word) => Cell::new(Tone::Good, word),
        None => Cell::plain(""),
    }
}

fn told(receipt: &Receipt) -> Value {
    json!({ "seq": receipt.payload.seq, "digest": receipt.digest, "body": receipt.payload.body })
}

fn show(wallet: &Wallet, seq: u64) -> Result<(), Failure> {
    let receipts = last(&wallet.home.ledger_dir(), 1, |receipt| receipt.payload.seq == seq)?;
    let Some(receipt) = receipts.front() else {
        return Err(Failure::Usage(format!(
            "there is no receipt {seq}; `countersign audit list` shows the newest"
        )));
    };
    let told = told(receipt);
    wallet.out.show(&told, |page| {
        let Some(Value::Object(body)) = told.get("body") else { return };
        page.facts([
            ("receipt", Cell::plain(seq.to_string())),
            ("digest", Cell::plain(receipt.digest.to_string())),
        ]);
        page.gap();
        page.facts(body.iter().map(|(name, value)| (name.as_str(), Cell::plain(written(value)))));
    })
}

fn written(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| format!("{value:#}"), str::to_owned);
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

fn export(wallet: &Wallet, file: &Path) -> Result<(), Failure> {
    let from = wallet.home.ledger_dir();
    if file == Path::new("-") {
        ledger::export(&from, &mut std::io::stdout().lock())?;
        return Ok(());
    }
    let mut out =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(|error| {
            Failure::Failed(format!(
                "can't make {}: {error}; choose a file that does not exist yet",
                file.display()
            ))
        })?;
    let bytes = ledger::export(&from, &mut out)?;
    out.sync_all()?;
    wallet.out.done(&format!(
        "Wrote {bytes} bytes to {}. Verify them: countersign audit verify --record {0}",
        file.display()
    ))
}
