//! The record of everything that happened, read and verified from its files.

use super::record::{Record, outcome_word};
use super::wallet::Wallet;
use crate::Failure;
use crate::args::{AuditCommand, Filters};
use crate::page::words::{count, date, visible};
use crate::page::{Cell, Page, Tone};
use domain::PublicKey;
use ledger::Report;
use proof::receipt::Receipt;
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::BufReader;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

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
    let receipts = record(wallet)?.last(filters.limit, |receipt| filters.take(receipt))?;
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
    let receipts = record(wallet)?.last(1, |receipt| receipt.payload.seq == seq)?;
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

fn verify(wallet: &Wallet, key: Option<&str>, path: Option<PathBuf>) -> Result<(), Failure> {
    let path = path.unwrap_or_else(|| wallet.home.ledger_dir());
    let Some((key, given)) = trusted_key(&path, key)? else {
        return wallet.out.done("The record is empty: nothing has happened yet.");
    };
    let report = if path.is_file() {
        let file = std::fs::File::open(&path)?;
        ledger::verify_stream(&path, BufReader::new(file), &key, None)?
    } else {
        ledger::verify_dir(&path, &key, None)?
    };
    let did = proof::did_key(&key);
    wallet.out.show(&report_json(&report, &did, given), |page| draw(page, &report, &did, given))?;
    if report.holds() { Ok(()) } else { Err(Failure::Failed("the record does not hold".into())) }
}

/// The key to verify with, and whether it came from outside the record.
fn trusted_key(path: &Path, given: Option<&str>) -> Result<Option<(PublicKey, bool)>, Failure> {
    let Some(given) = given else {
        return Ok(Record::at(path)?.own_key()?.map(|key| (key, false)));
    };
    let key = proof::parse_did_key(given)
        .ok_or_else(|| Failure::Usage(format!("{given:?} is no key; use one like did:key:z6Mk…")))?;
    Ok(Some((key, true)))
}

fn report_json(report: &Report, did: &str, given: bool) -> Value {
    json!({
        "holds": report.holds(),
        "receipts": report.so_far.size,
        "head": report.so_far.head.to_hex(),
        "files": report.files,
        "unfinished": report.unfinished,
        "key": did,
        "key_given": given,
        "findings": report.findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "more": report.more,
    })
}

fn draw(page: &mut Page, report: &Report, did: &str, given: bool) {
    let receipts = count(usize::try_from(report.so_far.size).unwrap_or(usize::MAX), "receipt", "receipts");
    if report.holds() {
        page.toned(Tone::Good, format!("The record holds: {receipts}, each signed and in its place."));
    } else {
        page.toned(Tone::Stops, format!("The record does not hold. Of {receipts}:"));
        report.findings.iter().for_each(|finding| page.line(format!("  {finding}")));
        if report.more > 0 {
            page.line(format!("  and {} more", report.more));
        }
    }
    page.gap();
    let trust =
        if given { "as you gave it" } else { "as the record itself says; compare it with the wallet's" };
    page.facts([
        ("Signed by", Cell::plain(did)),
        ("", Cell::new(Tone::Quiet, trust)),
        ("Files", Cell::plain(report.files.to_string())),
        ("Calls without an end", Cell::plain(report.unfinished.to_string())),
    ]);
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

fn record(wallet: &Wallet) -> Result<Record, Failure> {
    Record::at(&wallet.home.ledger_dir())
}
