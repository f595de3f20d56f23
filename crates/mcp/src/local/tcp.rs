//! Whose the other end of a connection over loopback is, as `/proc` tells it (proc(5), `/proc/net/tcp`).

use crate::process::Process;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// `TCP_ESTABLISHED` and `TCP_LISTEN`, as the tables write them.
const ESTABLISHED: &str = "01";
const LISTEN: &str = "0A";

/// A socket of this machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Socket {
    /// The user it belongs to.
    pub uid: u32,
    /// By which a process' descriptors name it.
    inode: u64,
}

impl Socket {
    /// The other end of a connection: the one whose own address is our `remote`, and whose remote one is our `local`.
    ///
    /// # Errors
    /// When the tables can't be read.
    pub fn across(local: SocketAddr, remote: SocketAddr) -> io::Result<Option<Self>> {
        find(|row| row.state == ESTABLISHED && row.local == remote && row.remote == local)
    }

    /// Who listens on a port of this machine.
    ///
    /// # Errors
    /// When the tables can't be read.
    pub fn listening(port: u16) -> io::Result<Option<Self>> {
        let here = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
        find(|row| row.state == LISTEN && row.local.port() == port && here(row.local.ip()))
    }

    /// The processes that hold it: more than one where a descriptor was inherited or passed on. Looks through all processes of
    /// this user, which takes some milliseconds.
    #[must_use]
    pub(crate) fn holders(self) -> Vec<Process> {
        Process::all().into_iter().filter(|process| self.is_held_by(*process)).collect()
    }

    /// Whether a process holds it.
    pub(crate) fn is_held_by(self, process: Process) -> bool {
        let name = format!("socket:[{}]", self.inode);
        let descriptors = fs::read_dir(format!("/proc/{}/fd", process.pid)).into_iter().flatten().flatten();
        descriptors
            .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
            .any(|link| link.as_os_str() == name.as_str())
    }
}

struct Row<'a> {
    local: SocketAddr,
    remote: SocketAddr,
    state: &'a str,
    socket: Socket,
}

fn find(wanted: impl Fn(&Row<'_>) -> bool) -> io::Result<Option<Socket>> {
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = match fs::read_to_string(table) {
            // A machine without IPv6 has no such table.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            text => text?,
        };
        let rows = text.lines().skip(1).filter_map(parse);
        if let Some(row) = rows.into_iter().find(|row| wanted(row)) {
            return Ok(Some(row.socket));
        }
    }
    Ok(None)
}

/// `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`
fn parse(line: &str) -> Option<Row<'_>> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (local, remote, state) = (address(fields.next()?)?, address(fields.next()?)?, fields.next()?);
    let mut fields = fields.skip(3);
    let uid = fields.next()?.parse().ok()?;
    let inode = fields.nth(1)?.parse().ok()?;
    Some(Row { local, remote, state, socket: Socket { uid, inode } })
}

/// An address in hexadecimal, each of its 32-bit words as the machine keeps them, a colon, and the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let words: Vec<[u8; 4]> = (0..ip.len() / 8)
        .map(|word| u32::from_str_radix(ip.get(word * 8..word * 8 + 8)?, 16).ok().map(u32::to_ne_bytes))
        .collect::<Option<_>>()?;
    let ip = match words.as_slice() {
        [v4] => IpAddr::from(Ipv4Addr::from(*v4)),
        [_, _, _, _] => {
            IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(words.concat()).ok()?)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::Evidence;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn both_ends_of_a_connection_of_our_own_are_found_to_be_ours() {
        for host in ["127.0.0.1:0", "[::1]:0"] {
            // This machine may have no IPv6.
            let Ok(listener) = TcpListener::bind(host) else { continue };
            let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (ours, remote) = listener.accept().unwrap();
            let socket = Socket::across(ours.local_addr().unwrap(), remote).unwrap().unwrap();
            assert_eq!(socket.uid, rustix::process::getuid().as_raw());
            let pids: Vec<_> = socket.holders().iter().map(|process| process.pid).collect();
            assert_eq!(pids, [std::process::id()]);
            drop(theirs);
        }
    }

    #[test]
    fn threat_04_a_connection_another_process_made_is_not_ours() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut child = std::process::Command::new("bash")
            .args(["-c", &format!("exec 3<>/dev/tcp/127.0.0.1/{}; read -r _", address.port())])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let (ours, remote) = listener.accept().unwrap();
        let holders = Evidence::default().across(ours.local_addr().unwrap(), remote).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let [bash] = holders.as_slice() else { panic!("{holders:?}") };
        assert_eq!((bash.pid, bash.uid), (child.id(), rustix::process::getuid().as_raw()));
        assert!(bash.program.path.ends_with("bash"), "{bash:?}");
        Evidence::default().across(ours.local_addr().unwrap(), remote).unwrap_err();
    }

    #[test]
    fn who_listens_on_a_port_is_found_and_nobody_on_a_free_one() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(Socket::listening(port).unwrap().is_some());
        drop(listener);
        assert_eq!(Socket::listening(port).unwrap(), None);
    }
}
