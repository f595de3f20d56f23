//! The record: read, looked at closely, verified, taken along.

use super::Held;
use crate::failure::Answered;
use crate::present;
use crate::view::{Failure, Filter, Page, Receipt, Verdict};
use broker::Broker;
use broker::record::Report;
use std::fs::OpenOptions;
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use tauri::AppHandle;
use tauri::async_runtime::spawn_blocking;
use tauri_plugin_dialog::DialogExt;

/// What an exported record is called.
const FILE: &str = "countersign-record.jsonl";

#[tauri::command]
pub(crate) async fn activity(shell: Held<'_>, filter: Filter) -> Answered<Page> {
    let broker = shell.broker()?.clone();
    blocking(move || Ok(present::page(&broker, &filter)?)).await
}

#[tauri::command]
pub(crate) async fn receipt(shell: Held<'_>, seq: u64) -> Answered<Receipt> {
    let broker = shell.broker()?.clone();
    let found = blocking(move || Ok(present::receipt(&broker, seq)?)).await?;
    found.ok_or_else(|| Failure::new("gone", format!("There is no receipt {seq}.")))
}

#[tauri::command]
pub(crate) async fn verify_record(shell: Held<'_>) -> Answered<Verdict> {
    let broker = shell.broker()?.clone();
    blocking(move || Ok(present::verdict(&verified(&broker)?))).await
}

#[tauri::command]
pub(crate) async fn export_record(shell: Held<'_>, app: AppHandle) -> Answered<Option<String>> {
    let broker = shell.broker()?.clone();
    blocking(move || {
        let Some(dir) = app.dialog().file().blocking_pick_folder() else { return Ok(None) };
        let dir = dir.into_path().map_err(|error| Failure::new("internal", error.to_string()))?;
        export(&broker, &dir.join(FILE))?;
        Ok(Some(dir.to_string_lossy().into_owned()))
    })
    .await
}

/// Never over a file that is there: it may be an older record, and the only one.
fn export(broker: &Broker, path: &Path) -> Answered<()> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = made.map_err(|error| Failure::new("internal", format!("{}: {error}", path.display())))?;
    broker.export_record(&mut BufWriter::new(file))?;
    Ok(())
}

fn verified(broker: &Broker) -> Answered<Report> {
    Ok(broker.verify_record()?)
}

/// Reading the record waits for the disk, so it is done where nothing else waits for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Answered<T> + Send + 'static) -> Answered<T> {
    let done = spawn_blocking(work).await;
    done.map_err(|error| Failure::new("internal", format!("reading the record broke off: {error}")))?
}
