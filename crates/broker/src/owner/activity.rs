//! The record, for its owner: search, verify, export.

use crate::{Broker, BrokerError, ReceiptCheck};
use domain::PublicKey;
use ledger::{Entry, Filter, Report};
use proof::receipt;
use serde_json::Value;
use std::io::Write;
use vault::KeyName;

impl Broker {
    /// Receipts that match, the newest first.
    ///
    /// # Errors
    /// [`BrokerError::Storage`] when the files can't be read.
    pub fn activity(&self, filter: &Filter) -> Result<Vec<Entry>, BrokerError> {
        self.0.ledger.query(filter).map_err(storage)
    }

    /// Arguments as a receipt keeps them: secrets struck out, long values shortened.
    #[must_use]
    pub fn preview(&self, arguments: Value) -> Value {
        crate::preview::shorten(&self.0.vault.redactor(), arguments)
    }

    /// One receipt's line as it was signed, if there is one with this number.
    ///
    /// # Errors
    /// [`BrokerError::Storage`] when its file can't be read.
    pub fn signed_line(&self, seq: u64) -> Result<Option<String>, BrokerError> {
        self.0.ledger.line(seq).map_err(storage)
    }

    /// Reads one receipt and the one before it from disk, and says what holds. None if there is no such receipt.
    ///
    /// # Errors
    /// [`BrokerError::Storage`] when the files can't be read; [`BrokerError::Locked`].
    pub fn check_receipt(&self, seq: u64) -> Result<Option<ReceiptCheck>, BrokerError> {
        let Some(line) = self.signed_line(seq)? else { return Ok(None) };
        let before = match seq.checked_sub(1) {
            Some(before) => self.signed_line(before)?.map(|line| proof::sha256(line.as_bytes())),
            None => Some(receipt::GENESIS),
        };
        let verified = receipt::verify(line.as_bytes(), &self.receipt_key()?).ok();
        let here = verified.filter(|receipt| receipt.payload.seq == seq);
        let follows = here.as_ref().is_some_and(|receipt| Some(receipt.payload.prev) == before);
        Ok(Some(ReceiptCheck { signed: here.is_some(), follows }))
    }

    /// Reads the whole record from disk and checks every signature and link, and that it is as long as it was.
    ///
    /// # Errors
    /// [`BrokerError::Storage`] when the files can't be read; what is wrong with the record is in the report.
    pub fn verify_record(&self) -> Result<Report, BrokerError> {
        let known = self.0.known_checkpoint()?;
        self.0.ledger.verify(&self.receipt_key()?, known.as_ref()).map_err(storage)
    }

    /// The key that verifies receipts.
    ///
    /// # Errors
    /// [`BrokerError::Locked`], [`BrokerError::NoWallet`].
    pub fn receipt_key(&self) -> Result<PublicKey, BrokerError> {
        self.0.vault.public_key(&KeyName::Receipt)?.ok_or(BrokerError::NoWallet)
    }

    /// Writes the whole record to `out`, and says how many bytes that were.
    ///
    /// # Errors
    /// [`BrokerError::Storage`] when the files can't be read or `out` can't be written.
    pub fn export_record(&self, out: &mut dyn Write) -> Result<u64, BrokerError> {
        self.0.ledger.export(out).map_err(storage)
    }
}

fn storage(error: ledger::LedgerError) -> BrokerError {
    BrokerError::Storage(error.to_string())
}
