//! Whether the record holds: the running wallet knows best, the files suffice.

use super::record::own_key;
use super::wallet::Wallet;
use crate::Failure;
use crate::page::words::{count, visible};
use crate::page::{Cell, Page, Tone};
use broker::control::{Look, Trust, Verified};
use domain::PublicKey;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// `countersign audit verify`
pub(super) fn verify(wallet: &Wallet, key: Option<&str>, path: Option<PathBuf>) -> Result<(), Failure> {
    let by_wallet = if key.is_none() && path.is_none() { wallet.look(Look::Record).ok() } else { None };
    let verified = match by_wallet {
        Some(verified) => Some(verified),
        None => by_files(&path.unwrap_or_else(|| wallet.home.ledger_dir()), key)?,
    };
    let Some(verified) = verified else {
        return wallet.out.done("The record is empty: nothing has happened yet.");
    };
    wallet.out.show(&verified, |page| draw(page, &verified))?;
    if verified.holds { Ok(()) } else { Err(Failure::Failed("the record does not hold".into())) }
}

/// Verifies without the wallet; nothing for an empty record.
fn by_files(path: &Path, key: Option<&str>) -> Result<Option<Verified>, Failure> {
    let Some((key, trust)) = trusted_key(path, key)? else { return Ok(None) };
    let report = if path.is_file() {
        ledger::verify_stream(path, BufReader::new(File::open(path)?), &key, None)?
    } else {
        ledger::verify_dir(path, &key, None)?
    };
    Ok(Some(Verified::new(&report, &key, trust)))
}

/// The key to verify with, and where it is known from.
fn trusted_key(path: &Path, given: Option<&str>) -> Result<Option<(PublicKey, Trust)>, Failure> {
    let Some(given) = given else {
        return Ok(own_key(path)?.map(|key| (key, Trust::Record)));
    };
    let key = proof::parse_did_key(given)
        .ok_or_else(|| Failure::Usage(format!("{given:?} is no key; use one like did:key:z6Mk…")))?;
    Ok(Some((key, Trust::Given)))
}

fn draw(page: &mut Page, verified: &Verified) {
    let receipts = count(usize::try_from(verified.receipts).unwrap_or(usize::MAX), "receipt", "receipts");
    if verified.holds {
        page.toned(Tone::Good, format!("The record holds: {receipts}, each signed and in its place."));
    } else {
        page.toned(Tone::Stops, format!("The record does not hold. Of {receipts}:"));
        verified.findings.iter().for_each(|finding| page.line(format!("  {}", visible(finding))));
        if verified.more > 0 {
            page.line(format!("  and {} more", verified.more));
        }
    }
    page.gap();
    let trust = match verified.trust {
        Trust::Wallet => "the wallet's own key; it also knows how long the record was",
        Trust::Given => "the key you gave",
        Trust::Record => "the key the record itself names; compare it with the wallet's",
    };
    page.facts([
        ("Signed by", Cell::plain(&verified.key)),
        ("Which is", Cell::plain(trust)),
        ("Files", Cell::plain(verified.files.to_string())),
        ("Calls without an end", Cell::plain(verified.unfinished.to_string())),
    ]);
}
