//! The port of this installation: chosen at random when first needed, kept in `endpoint.json`, and never silently another.

use crate::Home;
use mcp::agents::{Doorway, DoorwayError};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What is chosen from: dynamic ports (RFC 6335 §6) that Linux does not hand out to outgoing connections by itself.
const RANGE: RangeInclusive<u16> = 61_000..=65_535;
/// How many are tried, the first time, until one is free.
const TRIES: usize = 32;

/// Why agents can't come in over HTTP.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DoorError {
    /// The port can't be had.
    #[error(transparent)]
    Port(#[from] DoorwayError),
    /// What is kept about it can't be used.
    #[error("{path} can't be used: {why}; delete it, and another port is chosen")]
    Kept {
        /// Where.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// `endpoint.json`
#[derive(Serialize, Deserialize)]
struct Kept {
    port: u16,
}

/// Takes the port this installation has, or `wanted`, which it has from then on.
pub(super) async fn take(home: &Home, wanted: Option<u16>) -> Result<Doorway, DoorError> {
    let path = home.endpoint_path();
    if let (None, Some(port)) = (wanted, kept(&path)?) {
        return Ok(Doorway::take(port).await?);
    }
    let doorway = match wanted {
        Some(port) => Doorway::take(port).await?,
        None => choose().await?,
    };
    keep(&path, doorway.origin().port()).map_err(|error| unusable(&path, &error))?;
    Ok(doorway)
}

async fn choose() -> Result<Doorway, DoorwayError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let taken = Doorway::take(any()).await;
        match taken {
            Err(DoorwayError::InUse { .. }) if tries < TRIES => {}
            taken => return taken,
        }
    }
}

/// A port of the range, each as likely as the next but for a hair.
fn any() -> u16 {
    let [high, low, ..] = crate::random::make_bytes();
    let span = RANGE.end() - RANGE.start() + 1;
    RANGE.start() + u16::from_be_bytes([high, low]) % span
}

fn kept(path: &Path) -> Result<Option<u16>, DoorError> {
    let text = match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|error| unusable(path, &error))?,
    };
    let kept: Kept = serde_json::from_slice(&text).map_err(|error| unusable(path, &error))?;
    Ok(Some(kept.port))
}

/// Whole or not at all: a new file takes the old one's place.
fn keep(path: &Path, port: u16) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    serde_json::to_writer(&mut file, &Kept { port })?;
    file.write_all(b"\n")?;
    file.sync_data()?;
    std::fs::rename(&new, path)
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> DoorError {
    DoorError::Kept { path: path.to_owned(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        std::fs::create_dir_all(home.data_dir()).unwrap();
        (dir, home)
    }

    #[tokio::test]
    async fn the_port_is_the_same_at_every_start_until_the_owner_wants_another() {
        let (_dir, home) = home();
        let first = take(&home, None).await.unwrap().origin();
        assert!(RANGE.contains(&first.port()), "{first:?}");
        assert_eq!(take(&home, None).await.unwrap().origin(), first);

        let other = Doorway::take(0).await.unwrap().origin().port();
        assert_eq!(take(&home, Some(other)).await.unwrap().origin().port(), other);
        assert_eq!(take(&home, None).await.unwrap().origin().port(), other);
    }

    #[tokio::test]
    async fn a_port_that_somebody_else_has_is_named_and_no_other_is_taken() {
        let (_dir, home) = home();
        let held = take(&home, None).await.unwrap();
        let error = take(&home, None).await.unwrap_err();
        assert!(error.to_string().contains(&held.origin().port().to_string()), "{error}");
        drop(held);
        take(&home, None).await.unwrap();
    }

    #[tokio::test]
    async fn a_file_that_can_not_be_read_is_named_and_left_alone() {
        let (_dir, home) = home();
        std::fs::write(home.endpoint_path(), "{\"port\": 70000}").unwrap();
        let error = take(&home, None).await.unwrap_err();
        assert!(error.to_string().contains("endpoint.json"), "{error}");
        assert_eq!(std::fs::read_to_string(home.endpoint_path()).unwrap(), "{\"port\": 70000}");
    }
}
