//! The operating system's keyring. On Linux: Secret Service over D-Bus.
//!
//! Every call runs on a thread of its own and is given up after a time limit: a locked keyring waits for a human, and a
//! broken one for ever. Each call opens its own connection, so that one that hangs does not hold up the next.

use super::{KeyRing, KeyRingError, whole_key};
use crate::Secret;
use keyring_core::{Entry, Error};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const SERVICE: &str = "countersign";

/// The operating system's keyring, one entry per profile.
#[derive(Clone, Debug)]
pub struct OsKeyRing {
    profile: String,
    limit: Duration,
}

impl OsKeyRing {
    /// How long the keyring may take to answer.
    pub const LIMIT: Duration = Duration::from_secs(10);

    /// The entry of one profile.
    pub fn new(profile: impl Into<String>) -> Self {
        Self { profile: profile.into(), limit: Self::LIMIT }
    }

    /// With another time limit.
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Runs `act` on the profile's entry, within the limit. A call that hangs keeps its thread until the keyring answers.
    fn on_entry<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, KeyRingError> {
        let (tell, told) = mpsc::sync_channel(1);
        let profile = self.profile.clone();
        let work = move || {
            let _ = tell.send(entry(&profile).and_then(|entry| act(&entry)));
        };
        let thread = thread::Builder::new().name("keyring".into()).spawn(work);
        thread.map_err(|e| KeyRingError::Platform(e.to_string()))?;
        match told.recv_timeout(self.limit) {
            Ok(done) => done.map_err(explain),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(KeyRingError::Slow(self.limit)),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Err(KeyRingError::Platform("its client stopped".into()))
            }
        }
    }
}

impl KeyRing for OsKeyRing {
    fn load(&self) -> Result<Option<Secret>, KeyRingError> {
        let found = self.on_entry(|entry| match entry.get_secret() {
            Ok(key) => Ok(Some(key)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })?;
        found.map(whole_key).transpose()
    }

    #[expect(clippy::disallowed_methods, reason = "the keyring is where the master key is kept")]
    fn store(&self, key: &Secret) -> Result<(), KeyRingError> {
        let key = whole_key(key.expose().to_vec())?;
        self.on_entry(move |entry| entry.set_secret(key.expose()))
    }
}

#[cfg(target_os = "linux")]
fn entry(profile: &str) -> Result<Entry, Error> {
    use keyring_core::api::CredentialStoreApi;
    let label = format!("Countersign wallet key ({profile})");
    let modifiers = std::collections::HashMap::from([("label", label.as_str())]);
    zbus_secret_service_keyring_store::Store::new()?.build(SERVICE, profile, Some(&modifiers))
}

#[cfg(not(target_os = "linux"))]
fn entry(_profile: &str) -> Result<Entry, Error> {
    Err(Error::NotSupportedByStore(format!("{SERVICE} has no keyring for this system yet")))
}

/// Names who failed. The store tells its causes apart only in what it prints.
fn explain(error: Error) -> KeyRingError {
    match error {
        Error::NoStorageAccess(_) => KeyRingError::Locked,
        Error::Ambiguous(_) => KeyRingError::NotAKey("there are several"),
        // What the entry held may be inside these; it is not repeated.
        Error::BadEncoding(_) | Error::BadDataFormat(..) => KeyRingError::NotAKey("it is not readable"),
        Error::PlatformFailure(cause) => explain_failure(format!("{cause:?}")),
        Error::NoEntry
        | Error::BadStoreFormat(_)
        | Error::TooLong(..)
        | Error::Invalid(..)
        | Error::NoDefaultStore
        | Error::NotSupportedByStore(_)
        | _ => KeyRingError::Platform(error.to_string()),
    }
}

fn explain_failure(printed: String) -> KeyRingError {
    let says = |marks: &[&str]| marks.iter().any(|mark| printed.contains(mark));
    if says(&["ServiceUnknown"]) {
        KeyRingError::NoService
    } else if says(&["Connection(", "InputOutput(", "Address("]) {
        KeyRingError::NoBus
    } else if says(&["IsLocked"]) {
        KeyRingError::Locked
    } else {
        KeyRingError::Platform(printed)
    }
}
