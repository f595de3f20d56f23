//! What the human set for the app, in a small file next to the wallet. Nothing here is secret or decides a call.

use crate::view;
use broker::Home;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The settings and where they are kept.
pub(crate) struct Settings {
    path: PathBuf,
    now: Mutex<view::Settings>,
}

impl Settings {
    /// Reads them; a file that is missing or can't be read means the ones to begin with.
    pub(crate) fn load(home: &Home) -> Self {
        let path = home.data_dir().join("app.json");
        let kept = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { path, now: Mutex::new(kept.unwrap_or_else(beginning)) }
    }

    /// As they are now.
    pub(crate) fn now(&self) -> view::Settings {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps new ones: written whole to a second file, then put in place.
    ///
    /// # Errors
    /// When the file can't be written; the old ones hold then.
    pub(crate) fn change(&self, settings: view::Settings) -> io::Result<()> {
        let new = self.path.with_extension("json.new");
        std::fs::write(&new, serde_json::to_vec_pretty(&settings)?)?;
        std::fs::rename(&new, &self.path)?;
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = settings;
        Ok(())
    }
}

/// Quiet, as the system looks, and never locked behind the back of agents that work unattended.
const fn beginning() -> view::Settings {
    view::Settings { theme: view::Theme::System, lock_after_minutes: None, notify: true, autostart: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_kept_and_a_damaged_file_means_the_ones_to_begin_with() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        std::fs::create_dir_all(home.data_dir()).unwrap();
        let changed = view::Settings { theme: view::Theme::Dark, notify: false, ..beginning() };
        Settings::load(&home).change(changed.clone()).unwrap();
        assert_eq!(Settings::load(&home).now(), changed);
        std::fs::write(home.data_dir().join("app.json"), "{").unwrap();
        assert_eq!(Settings::load(&home).now(), beginning());
    }
}
