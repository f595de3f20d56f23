//! Starts the app with the session (Desktop Application Autostart Specification).

use std::path::PathBuf;

/// Why the setting did not take.
#[derive(Debug, thiserror::Error)]
#[error("can't change whether Countersign starts with your session: {path}: {source}")]
pub(crate) struct AutostartError {
    path: PathBuf,
    source: std::io::Error,
}

/// Starts the app with the session, with these arguments, or no longer.
///
/// # Errors
/// When the entry can't be written or removed.
pub(crate) fn set(on: bool, args: &[String]) -> Result<(), AutostartError> {
    let path = config_dir().join("autostart/countersign.desktop");
    let done = if on { write(&path, args) } else { remove(&path) };
    done.map_err(|source| AutostartError { path, source })
}

fn write(path: &std::path::Path, args: &[String]) -> std::io::Result<()> {
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    let words: Vec<_> = std::iter::once(&program).chain(args).map(|word| quoted(word)).collect();
    let entry = format!("[Desktop Entry]\nType=Application\nName=Countersign\nExec={}\n", words.join(" "));
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    std::fs::write(path, entry)
}

fn remove(path: &std::path::Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// One argument of `Exec` (Desktop Entry Specification, "The Exec key"): quoted, and its special characters escaped twice,
/// once for the quotes and once for the file.
fn quoted(word: &str) -> String {
    let mut quoted = String::from("\"");
    for c in word.chars() {
        match c {
            '\\' => quoted.push_str("\\\\\\\\"),
            '"' | '`' | '$' => quoted.extend(["\\\\", &c.to_string()]),
            '%' => quoted.push_str("%%"),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

fn config_dir() -> PathBuf {
    let dir = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    dir("XDG_CONFIG_HOME")
        .or_else(|| Some(dir("HOME")?.join(".config")))
        .unwrap_or_else(|| PathBuf::from("/etc/xdg"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_path_with_spaces_and_dollars_stays_one_word() {
        assert_eq!(quoted("/opt/my app/a"), "\"/opt/my app/a\"");
        assert_eq!(quoted("a$b%c"), "\"a\\\\$b%%c\"");
    }
}
