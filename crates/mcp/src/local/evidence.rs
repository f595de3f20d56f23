//! What the operating system knows about a connection: the shim that made it, and the agent that started the shim.

use super::tcp::Socket;
use crate::process::Process;
use domain::{Digest, Peer, Program};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Collects evidence; remembers the digests of files that have not changed since. Blocking: a large program takes a
/// moment the first time.
#[derive(Debug, Default)]
pub struct Evidence {
    digests: Mutex<HashMap<FileState, Digest>>,
}

/// Why there is no evidence; without it there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The kernel tells no process id: the peer is in another container.
    #[error("the connecting process can't be seen from here; is it in a container?")]
    NoPid,
    /// The shim's parent has ended.
    #[error("the agent that started process {0} has ended")]
    Orphan(u32),
    /// It ended, or another process has its id now.
    #[error("process {0} ended while it was looked at")]
    Gone(u32),
    /// It runs another program than a moment ago, or has another parent.
    #[error("process {0} is not what it was when it connected")]
    Changed(u32),
    /// Its program can't be read.
    #[error("the program of process {pid} can't be read: {error}")]
    Unreadable {
        /// Which process.
        pid: u32,
        /// What the system said.
        error: io::Error,
    },
}

/// Who is at the other end of a connection, and the processes that say so.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The evidence.
    pub peer: Peer,
    shim: Process,
    agent: Process,
}

/// A process that holds one end of a connection over loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub pid: u32,
    /// The user the connection belongs to.
    pub uid: u32,
    /// What it runs.
    pub program: Program,
}

/// A file's identity and state. The change time can't be set back by whoever may write the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct FileState {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Evidence {
    /// Who is at the other end of a connection that process `pid` of user `uid` made. The connection must stay open meanwhile.
    ///
    /// # Errors
    /// [`EvidenceError`].
    pub fn of(&self, pid: u32, uid: u32) -> Result<Seen, EvidenceError> {
        if pid == 0 {
            return Err(EvidenceError::NoPid);
        }
        self.look(pid, uid)
    }

    /// Looks once more: the same two processes, started when they were, and running the same programs.
    ///
    /// # Errors
    /// [`EvidenceError`].
    pub fn still(&self, seen: &Seen) -> Result<(), EvidenceError> {
        let now = self.look(seen.shim.pid, seen.peer.uid)?;
        for (was, is) in [(seen.shim, now.shim), (seen.agent, now.agent)] {
            if was != is {
                return Err(EvidenceError::Changed(was.pid));
            }
        }
        if now.peer.shim != seen.peer.shim {
            return Err(EvidenceError::Changed(seen.shim.pid));
        }
        if now.peer.program != seen.peer.program {
            return Err(EvidenceError::Changed(seen.agent.pid));
        }
        Ok(())
    }

    /// Who is at the other end of a connection over loopback, between our `local` and their `remote` address: the processes that
    /// hold it, and what they run. There are several where a descriptor was inherited or passed on; each could speak.
    ///
    /// # Errors
    /// [`EvidenceError::NoPid`] when none of them can be seen.
    pub fn across(&self, local: SocketAddr, remote: SocketAddr) -> Result<Vec<Holder>, EvidenceError> {
        self.holders_of(|| Socket::across(local, remote).ok().flatten())
    }

    /// Who listens on a port of this machine, as for [`Evidence::across`].
    ///
    /// # Errors
    /// [`EvidenceError::NoPid`] when nobody does who can be seen.
    pub fn listening(&self, port: u16) -> Result<Vec<Holder>, EvidenceError> {
        self.holders_of(|| Socket::listening(port).ok().flatten())
    }

    fn holders_of(&self, find: impl Fn() -> Option<Socket>) -> Result<Vec<Holder>, EvidenceError> {
        let socket = find().ok_or(EvidenceError::NoPid)?;
        let mut holders = vec![];
        for process in socket.holders() {
            let program = self.program(process.pid);
            // A child that has ended, or has become another program and let go of it meanwhile, can't speak.
            if process.lives() && socket.is_held_by(process) {
                holders.push(Holder { pid: process.pid, uid: socket.uid, program: program? });
            }
        }
        // Closed meanwhile, and perhaps another's by now: then nothing is known.
        let same = find() == Some(socket);
        if same && !holders.is_empty() { Ok(holders) } else { Err(EvidenceError::NoPid) }
    }

    fn look(&self, pid: u32, uid: u32) -> Result<Seen, EvidenceError> {
        let shim = Process::read(pid).map_err(|_| EvidenceError::Gone(pid))?;
        if shim.parent <= 1 {
            return Err(EvidenceError::Orphan(shim.pid));
        }
        let agent = Process::read(shim.parent).map_err(|_| EvidenceError::Gone(shim.parent))?;
        if agent.started > shim.started {
            return Err(EvidenceError::Changed(agent.pid));
        }
        let (program, own) = (self.program(agent.pid)?, self.program(shim.pid)?);
        let peer = Peer { pid: agent.pid, uid, program, shim: Some(own) };
        match [shim, agent].into_iter().find(|process| !process.lives()) {
            Some(gone) => Err(EvidenceError::Gone(gone.pid)),
            None => Ok(Seen { peer, shim, agent }),
        }
    }

    /// The program a process runs. Read through `/proc/PID/exe`, so it is the file that runs, even when another one has taken
    /// its place on disk.
    fn program(&self, pid: u32) -> Result<Program, EvidenceError> {
        let link = PathBuf::from(format!("/proc/{pid}/exe"));
        let unreadable = |error| EvidenceError::Unreadable { pid, error };
        let mut file = File::open(&link).map_err(unreadable)?;
        let path = fs::read_link(&link).map_err(unreadable)?;
        let sha256 = self.digest(&mut file).map_err(unreadable)?;
        Ok(Program { path: legible(without_deleted(path)), sha256 })
    }

    /// The program file at `path`, links resolved.
    ///
    /// # Errors
    /// When it is no file, or can't be read.
    pub fn of_file(&self, path: &Path) -> io::Result<Program> {
        let path = path.canonicalize()?;
        let mut file = File::open(&path)?;
        Ok(Program { sha256: self.digest(&mut file)?, path: legible(path) })
    }

    fn digest(&self, file: &mut File) -> io::Result<Digest> {
        let state = FileState::of(file)?;
        let known = self.lock().get(&state).copied();
        known.map_or_else(|| self.learn(state, file), Ok)
    }

    fn learn(&self, state: FileState, file: &mut File) -> io::Result<Digest> {
        let digest = sha256(file)?;
        if FileState::of(file)? == state {
            self.lock().insert(state, digest);
        }
        Ok(digest)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<FileState, Digest>> {
        self.digests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FileState {
    fn of(file: &File) -> io::Result<Self> {
        let found = file.metadata()?;
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }
}

fn sha256(file: &mut File) -> io::Result<Digest> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Digest::new(hasher.finalize().into())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// A path that can be written down and shown. What is not UTF-8 in it becomes a replacement character; which program it is
/// says the digest.
fn legible(path: PathBuf) -> PathBuf {
    path.into_os_string().into_string().unwrap_or_else(|path| path.to_string_lossy().into_owned()).into()
}

/// The kernel marks a program that was replaced while it runs; its path is still the one the human knows.
fn without_deleted(path: PathBuf) -> PathBuf {
    match path.as_os_str().as_bytes().strip_suffix(b" (deleted)") {
        Some(bytes) if !path.exists() => Path::new(std::ffi::OsStr::from_bytes(bytes)).to_owned(),
        _ => path,
    }
}
