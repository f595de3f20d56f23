//! Secrets as they could turn up anywhere, and the search for them.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::fmt::Write;
use std::path::Path;

/// Every spelling of a secret that would give it away.
#[must_use]
pub fn spellings(secret: &str) -> Vec<String> {
    let each = |spell: fn(u8) -> String| secret.bytes().map(spell).collect::<String>();
    let mut spellings = vec![
        secret.to_owned(),
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

/// What is certain of a base64 text when `shift` unknown bytes stand before the secret and anything may follow it.
fn inside(text: &str, shift: usize) -> String {
    let unknown = [0, 2, 3][shift];
    text[unknown..text.len() - 1].to_owned()
}

/// Fails if any of `secrets`, however spelled, is in `bytes`; `place` says where that was.
pub fn absent(secrets: &[String], bytes: &[u8], place: &str) {
    for secret in secrets {
        assert!(secret.len() >= 8, "{secret:?} is too short to be searched for");
        for spelling in spellings(secret) {
            let found = memchr::memmem::find(bytes, spelling.as_bytes());
            assert!(found.is_none(), "{place} holds the secret {secret:?} as {spelling:?}");
        }
    }
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

/// Fails if any of `secrets` is in what process `pid` has in memory, as a core dump would show it.
pub fn absent_from_memory(secrets: &[String], pid: u32) {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    for map in maps.lines().filter(|map| map.contains(" rw")) {
        let (start, end) = map.split_once(' ').and_then(|(range, _)| range.split_once('-')).unwrap();
        let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        // Some mappings are the kernel's own and can't be read.
        if std::os::unix::fs::FileExt::read_exact_at(&memory, &mut bytes, start).is_ok() {
            absent(secrets, &bytes, &format!("memory at {map}"));
        }
    }
}
