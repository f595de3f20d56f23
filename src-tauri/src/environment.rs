//! Removes what would let another process drive or inspect the windows.
//!
//! WebKit and Tauri take orders from the environment: a program that starts the app with `TAURI_WEBVIEW_AUTOMATION=true`
//! could click "Approve" over WebDriver. A process can't safely change its own environment, so the app starts itself
//! once more without those variables, in the same process id.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// Why the app did not start.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// The path of the running program can't be found.
    #[error("Countersign can't find its own program file, so it can't start with a clean environment: {0}")]
    Lost(std::io::Error),
    /// The program could not be started again.
    #[error("Countersign could not start itself with a clean environment: {0}")]
    Exec(std::io::Error),
}

/// Returns if the environment is clean; otherwise replaces this process by itself with a clean one.
///
/// # Errors
/// [`EnvironmentError`] if it can't: the app must not go on then.
pub fn clean() -> Result<(), EnvironmentError> {
    let unwanted: Vec<_> =
        std::env::vars_os().map(|(name, _)| name).filter(|name| steers(&name.to_string_lossy())).collect();
    if unwanted.is_empty() {
        return Ok(());
    }
    let program = std::env::current_exe().map_err(EnvironmentError::Lost)?;
    let mut again = Command::new(program);
    again.args(std::env::args_os().skip(1));
    for name in unwanted {
        again.env_remove(name);
    }
    Err(EnvironmentError::Exec(again.exec()))
}

/// Whether a variable of this name lets somebody else steer, inspect or replace parts of the web view.
fn steers(name: &str) -> bool {
    ["TAURI_", "WEBKIT_INSPECTOR_", "WEBKIT_EXEC_", "WEBKIT_INJECTED_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || name == "GTK_DEBUG"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_steer_the_web_view_are_known_and_others_left_alone() {
        for name in [
            "TAURI_WEBVIEW_AUTOMATION",
            "TAURI_AUTOMATION",
            "WEBKIT_INSPECTOR_SERVER",
            "WEBKIT_INSPECTOR_HTTP_SERVER",
            "WEBKIT_EXEC_PATH",
            "WEBKIT_INJECTED_BUNDLE_PATH",
            "GTK_DEBUG",
        ] {
            assert!(steers(name), "{name}");
        }
        for name in ["WEBKIT_DISABLE_DMABUF_RENDERER", "DISPLAY", "HOME", "GTK_THEME"] {
            assert!(!steers(name), "{name}");
        }
    }
}
