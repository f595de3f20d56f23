//! Secrets from a human: the terminal, or an open file descriptor. Never the arguments, never the environment.

use crate::Failure;
use crate::args::Confirm;
use broker::control::Entrusted;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::RawFd;
use zeroize::Zeroizing;

/// The longest secret on one line.
const MAX: usize = 64 * 1024;
/// The shortest passphrase a new wallet takes.
const LEAST: usize = 8;

/// The wallet's passphrase, from `fd` or the terminal.
pub(crate) fn passphrase(fd: Option<RawFd>) -> Result<Entrusted, Failure> {
    match fd {
        Some(fd) => from_fd(fd),
        None => from_terminal("Passphrase of the wallet: "),
    }
}

/// A new passphrase: typed twice, or once from `fd`.
pub(crate) fn new_passphrase(fd: Option<RawFd>) -> Result<Zeroizing<String>, Failure> {
    let first = match fd {
        Some(fd) => read_fd(fd)?,
        None => type_in("New passphrase (it confirms changes, and can open the wallet): ")?,
    };
    if first.chars().count() < LEAST {
        return Err(Failure::Usage(format!(
            "a passphrase needs at least {LEAST} characters; nothing was made"
        )));
    }
    if fd.is_none() && *type_in("The same again: ")? != *first {
        return Err(Failure::Usage("the two passphrases differ; nothing was made".into()));
    }
    Ok(first)
}

/// A secret of the server's, from the terminal.
pub(crate) fn from_terminal(prompt: &str) -> Result<Entrusted, Failure> {
    type_in(prompt).map(Entrusted::new)
}

/// Secrets and passphrase can't both come on standard input.
pub(crate) fn refuse_shared_stdin(confirm: Confirm) -> Result<(), Failure> {
    if confirm.passphrase_fd != Some(0) {
        return Ok(());
    }
    Err(Failure::Usage(
        "--secrets-stdin and --passphrase-fd 0 both read standard input; use another descriptor".into(),
    ))
}

/// The secrets on standard input, one a line.
pub(crate) fn lines_of_stdin(count: usize) -> Result<Vec<Entrusted>, Failure> {
    let mut stdin = io::stdin().lock();
    (0..count).map(|_| read_line(&mut stdin).map(Entrusted::new)).collect()
}

fn from_fd(fd: RawFd) -> Result<Entrusted, Failure> {
    read_fd(fd).map(Entrusted::new)
}

fn type_in(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let typed = rpassword::prompt_password(prompt).map_err(|_| {
        Failure::Usage(
            "a secret is needed, and there is no terminal to type it on; give it with --passphrase-fd (a passphrase) \
             or --secrets-stdin (a server's)"
                .into(),
        )
    })?;
    Ok(Zeroizing::new(typed))
}

fn read_fd(fd: RawFd) -> Result<Zeroizing<String>, Failure> {
    if fd == 0 {
        return read_line(&mut io::stdin().lock());
    }
    let mut file = open_fd(fd).map_err(|error| {
        Failure::Usage(format!(
            "file descriptor {fd} can't be read ({error}); open it, for example with {fd}<file"
        ))
    })?;
    read_line(&mut file)
}

/// A copy of a descriptor this process was started with. `pidfd_getfd` gives one of a socket too, which can't be opened anew;
/// where the system forbids it, files and pipes still open by name.
fn open_fd(fd: RawFd) -> io::Result<File> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    let copy = pidfd_open(getpid(), PidfdFlags::empty())
        .and_then(|itself| pidfd_getfd(itself, fd, PidfdGetfdFlags::empty()));
    copy.map(File::from).or_else(|_| File::open(format!("/dev/fd/{fd}")))
}

/// Reads to the end of the line, byte by byte: what follows belongs to the next reader.
fn read_line(from: &mut impl Read) -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(Vec::with_capacity(MAX));
    let mut byte = [0];
    while line.len() < MAX && from.read(&mut byte)? == 1 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    if line.is_empty() || line.len() == MAX {
        return Err(Failure::Usage(
            "a secret was expected there, on a line of its own; nothing was changed".into(),
        ));
    }
    let text =
        std::str::from_utf8(&line).map_err(|_| Failure::Usage("a secret must be UTF-8 text".into()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_line_and_the_next_reader_gets_the_next() {
        let mut from: &[u8] = b"one\r\ntwo\nthree";
        assert_eq!(*read_line(&mut from).unwrap(), "one");
        assert_eq!(*read_line(&mut from).unwrap(), "two");
        assert_eq!(*read_line(&mut from).unwrap(), "three");
        assert!(read_line(&mut from).is_err());
    }

    #[test]
    fn endless_and_unreadable_secrets_are_refused() {
        assert!(read_line(&mut io::repeat(b'x')).is_err());
        assert!(read_line(&mut &b"\xff\xfe\n"[..]).is_err());
    }

    #[test]
    fn a_secret_is_read_from_a_pipe_a_socket_and_a_file() {
        use std::io::Write;
        use std::os::fd::AsRawFd;
        let (mut here, there) = std::os::unix::net::UnixStream::pair().unwrap();
        here.write_all(b"from a socket\n").unwrap();
        assert_eq!(*read_fd(there.as_raw_fd()).unwrap(), "from a socket");
        let (read, mut write) = io::pipe().unwrap();
        write.write_all(b"from a pipe\n").unwrap();
        assert_eq!(*read_fd(read.as_raw_fd()).unwrap(), "from a pipe");
    }

    #[test]
    fn a_descriptor_that_is_not_open_is_a_clear_error() {
        let error = read_fd(987).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("987"), "{error}");
    }
}
