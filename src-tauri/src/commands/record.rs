//! The record: read, looked at closely, verified, taken along.

use super::Held;
use crate::failure::Answered;
use crate::view::{Failure, Filter, Page, Receipt, Verdict};

#[tauri::command]
pub(crate) fn activity(shell: Held<'_>, filter: Filter) -> Answered<Page> {
    let _ = (shell.broker()?, filter);
    Ok(Page { entries: vec![], total: 0, more: false })
}

#[tauri::command]
pub(crate) fn receipt(shell: Held<'_>, seq: u64) -> Answered<Receipt> {
    shell.broker()?;
    Err(Failure::new("gone", format!("There is no receipt {seq}.")))
}

#[tauri::command]
pub(crate) async fn verify_record(shell: Held<'_>) -> Answered<Verdict> {
    shell.broker()?;
    Ok(Verdict { whole: true, receipts: 0, faults: vec![] })
}

#[tauri::command]
pub(crate) async fn export_record(shell: Held<'_>) -> Answered<Option<String>> {
    shell.broker()?;
    Ok(None)
}
