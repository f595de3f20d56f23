//! The local socket agents come in by: for this user alone, and with evidence of who connects.

mod evidence;
mod tcp;

pub use evidence::{Evidence, EvidenceError, Holder, Seen};
pub use tcp::Socket;

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};

/// A socket, 0600, in a folder, 0700. The file is removed when this is dropped.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
}

/// A connection of this user's.
#[derive(Debug)]
pub struct Connection {
    /// The bytes.
    pub stream: UnixStream,
    /// The process that connected, as the kernel tells it.
    pub pid: u32,
    /// Its user: always our own.
    pub uid: u32,
}

/// Why there is no socket, or no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// Another wallet listens there.
    #[error("another wallet already listens on {0}; use that one, or end it first")]
    InUse(PathBuf),
    /// Something else is in the way.
    #[error("{0} is in the way and is no socket; move it away")]
    InTheWay(PathBuf),
    /// The folder belongs to somebody else, or is a link.
    #[error("{0} must be a folder of this user's, and no link")]
    ForeignDir(PathBuf),
    /// Another user connected.
    #[error("user {uid} tried to connect; only this user may")]
    ForeignUser {
        /// Who.
        uid: u32,
    },
    /// The system refused.
    #[error("can't listen on {path}: {error}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

impl Listener {
    /// Listens on `path`; its folder is made if missing, and a socket nobody listens on any more is replaced.
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn bind(path: &Path) -> Result<Self, LocalError> {
        let io = |error| LocalError::Io { path: path.to_owned(), error };
        own_dir(path.parent().unwrap_or(Path::new("."))).map_err(|error| error.at(path))?;
        clear_stale(path).map_err(|error| error.at(path))?;
        let socket = UnixListener::bind(path).map_err(io)?;
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(io)?;
        Ok(Self { socket, path: path.to_owned() })
    }

    /// The next connection. Cancel-safe.
    ///
    /// # Errors
    /// [`LocalError::ForeignUser`] for one that was dropped because of its user; the next can be waited for.
    pub async fn accept(&self) -> Result<Connection, LocalError> {
        let io = |error| LocalError::Io { path: self.path.clone(), error };
        let (stream, _) = self.socket.accept().await.map_err(io)?;
        let who = stream.peer_cred().map_err(io)?;
        let uid = who.uid();
        if uid != rustix::process::geteuid().as_raw() {
            return Err(LocalError::ForeignUser { uid });
        }
        let pid = who.pid().and_then(|pid| u32::try_from(pid).ok()).unwrap_or_default();
        Ok(Connection { stream, pid, uid })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Nothing to do about a socket that is gone already.
        let _ = fs::remove_file(&self.path);
    }
}

/// Why the place for the socket can't be used.
enum Place {
    Io(io::Error),
    Foreign(PathBuf),
    InUse,
    InTheWay,
}

impl Place {
    fn at(self, path: &Path) -> LocalError {
        match self {
            Self::Io(error) => LocalError::Io { path: path.to_owned(), error },
            Self::Foreign(dir) => LocalError::ForeignDir(dir),
            Self::InUse => LocalError::InUse(path.to_owned()),
            Self::InTheWay => LocalError::InTheWay(path.to_owned()),
        }
    }
}

impl From<io::Error> for Place {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Makes the folder, or takes an existing one of ours and closes it to others.
fn own_dir(dir: &Path) -> Result<(), Place> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let found = fs::symlink_metadata(dir)?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(Place::Foreign(dir.to_owned()));
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(dir, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Removes a socket that nobody listens on.
fn clear_stale(path: &Path) -> Result<(), Place> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
        Ok(found) if !found.file_type().is_socket() => return Err(Place::InTheWay),
        Ok(_) => {}
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(Place::InUse),
        Err(_) => Ok(fs::remove_file(path)?),
    }
}
