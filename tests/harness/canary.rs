//! Secrets as they could turn up anywhere, and the search for them.

use crate::wallet::PATIENCE;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Every spelling of a secret that would give it away.
#[must_use]
pub fn spellings(secret: &str) -> Vec<String> {
    let each = |spell: fn(u8) -> String| secret.bytes().map(spell).collect::<String>();
    let in_json = escaped(secret);
    let mut spellings = vec![
        secret.to_owned(),
        escaped(&in_json),
        in_json,
        each(|byte| format!("{byte:02x}")),
        each(|byte| format!("{byte:02X}")),
        each(|byte| format!("%{byte:02x}")),
        each(|byte| format!("%{byte:02X}")),
        each(|byte| format!("\\u{byte:04x}")),
    ];
    for shift in 0..3 {
        spellings
            .push(inside(&STANDARD_NO_PAD.encode(["\0".repeat(shift).as_str(), secret].concat()), shift));
        spellings
            .push(inside(&URL_SAFE_NO_PAD.encode(["\0".repeat(shift).as_str(), secret].concat()), shift));
    }
    spellings
}

/// As it stands in a JSON string.
fn escaped(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json[1..json.len() - 1].to_owned()
}

/// What is certain of a base64 text when `shift` unknown bytes stand before the secret and anything may follow it.
fn inside(text: &str, shift: usize) -> String {
    let unknown = [0, 2, 3][shift];
    text[unknown..text.len() - 1].to_owned()
}

/// Fails if any of `secrets`, however spelled, is in `bytes`; `place` says where that was.
pub fn absent(secrets: &[String], bytes: &[u8], place: &str) {
    if let Some(found) = found(secrets, bytes) {
        panic!("{place} holds {found}");
    }
}

fn found(secrets: &[String], bytes: &[u8]) -> Option<String> {
    secrets.iter().find_map(|secret| {
        assert!(secret.len() >= 8, "{secret:?} is too short to be searched for");
        let is_there = |spelling: &String| memchr::memmem::find(bytes, spelling.as_bytes()).is_some();
        let spelling = spellings(secret).into_iter().find(is_there)?;
        Some(format!("the secret {secret:?} as {spelling:?}"))
    })
}

/// Fails if any of `secrets` is in a file below `dir`, or in a file's name.
pub fn absent_below(secrets: &[String], dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        absent(secrets, path.as_os_str().as_encoded_bytes(), "a file's name");
        if kind.is_dir() {
            absent_below(secrets, &path);
        } else if kind.is_file() {
            absent(secrets, &std::fs::read(&path).unwrap(), &path.display().to_string());
        }
    }
}

/// Fails if any of `secrets` is in the arguments of any process, or in the environment of one that is not in `may_know`.
pub fn absent_from_processes(secrets: &[String], may_know: &[u32]) {
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = process.file_name().to_string_lossy().parse::<u32>() else { continue };
        let read = |name: &str| std::fs::read(process.path().join(name)).unwrap_or_default();
        let mut place = String::new();
        let _ = write!(place, "process {pid} ({})", String::from_utf8_lossy(&read("comm")).trim());
        absent(secrets, &read("cmdline"), &format!("the command line of {place}"));
        if !may_know.contains(&pid) {
            absent(secrets, &read("environ"), &format!("the environment of {place}"));
        }
    }
}

/// Waits until none of `secrets` is in what process `pid` has in memory, as a core dump would show it: what is being closed may
/// take a moment.
pub async fn gone_from_memory(secrets: &[String], pid: u32) {
    let deadline = Instant::now() + PATIENCE;
    while let Some(found) = in_memory(secrets, pid) {
        assert!(Instant::now() < deadline, "{found}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn in_memory(secrets: &[String], pid: u32) -> Option<String> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    maps.lines().filter(|map| map.contains(" rw")).find_map(|map| {
        let (start, end) = map.split_once(' ').and_then(|(range, _)| range.split_once('-')).unwrap();
        let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        // Some mappings are the kernel's own and can't be read.
        std::os::unix::fs::FileExt::read_exact_at(&memory, &mut bytes, start).ok()?;
        Some(format!("memory at {map} holds {}", found(secrets, &bytes)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_where_json_stands_in_json() {
        let secret = "cs-canary-\"\\-7d41".to_owned();
        let inner = serde_json::json!({ "KEY": secret }).to_string();
        for text in [inner.clone(), serde_json::json!({ "text": inner }).to_string()] {
            assert!(found(std::slice::from_ref(&secret), text.as_bytes()).is_some(), "{text}");
        }
        assert_eq!(found(&[secret], b"cs-canary-7d41"), None);
    }
}
