//! The local socket and the evidence about who connects to it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use domain::Digest;
use mcp::local::{Evidence, EvidenceError, Listener, LocalError};
use sha2::{Digest as _, Sha256};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let socket = dir.path().join("run/agent.sock");
    (dir, socket)
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o777
}

fn sha256(path: &Path) -> Digest {
    Digest::new(Sha256::digest(fs::read(path).unwrap()).into())
}

/// Run by the tests below in a process of its own: connects and waits to be let go.
#[test]
fn child_that_connects() {
    let Ok(socket) = std::env::var("MCP_TEST_SOCKET") else { return };
    let _connection = std::os::unix::net::UnixStream::connect(socket).unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// Starts `program`, a copy of this test, as a connecting child.
fn connect_as(program: &Path, socket: &Path) -> std::process::Child {
    Command::new(program)
        .args(["--exact", "child_that_connects"])
        .env("MCP_TEST_SOCKET", socket)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn threat_04_the_socket_is_for_this_user_alone() {
    let (_dir, socket) = place();
    fs::create_dir(socket.parent().unwrap()).unwrap();
    fs::set_permissions(socket.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    let listener = Listener::bind(&socket).unwrap();
    assert_eq!((mode(&socket), mode(socket.parent().unwrap())), (0o600, 0o700));
    drop(listener);
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_second_wallet_on_the_same_socket_is_refused() {
    let (_dir, socket) = place();
    let _first = Listener::bind(&socket).unwrap();
    assert!(matches!(Listener::bind(&socket), Err(LocalError::InUse(_))));
}

#[tokio::test]
async fn a_socket_nobody_listens_on_is_replaced() {
    let (_dir, socket) = place();
    fs::create_dir(socket.parent().unwrap()).unwrap();
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    assert!(Listener::bind(&socket).is_ok());
}

#[tokio::test]
async fn what_is_no_socket_is_left_alone_and_a_linked_folder_is_not_followed() {
    let (dir, socket) = place();
    fs::create_dir(socket.parent().unwrap()).unwrap();
    fs::write(&socket, "precious").unwrap();
    assert!(matches!(Listener::bind(&socket), Err(LocalError::InTheWay(_))));
    assert_eq!(fs::read(&socket).unwrap(), b"precious");

    let link = dir.path().join("link");
    std::os::unix::fs::symlink(socket.parent().unwrap(), &link).unwrap();
    assert!(matches!(Listener::bind(&link.join("a.sock")), Err(LocalError::ForeignDir(_))));
}

#[tokio::test]
async fn threat_04_the_evidence_names_the_connecting_program_and_its_parent() {
    let (_dir, socket) = place();
    let listener = Listener::bind(&socket).unwrap();
    let this = std::env::current_exe().unwrap();
    let mut child = connect_as(&this, &socket);
    let connection = listener.accept().await.unwrap();
    assert_eq!(connection.pid, child.id());
    let peer = Evidence::default().of(connection.pid, connection.uid).unwrap().peer;
    assert_eq!((peer.pid, peer.uid), (std::process::id(), rustix::process::geteuid().as_raw()));
    let shim = peer.shim.unwrap();
    assert_eq!((shim.path.as_path(), shim.sha256), (this.as_path(), sha256(&this)));
    assert_eq!((peer.program.path.as_path(), peer.program.sha256), (this.as_path(), sha256(&this)));
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[tokio::test]
async fn threat_04_a_changed_copy_of_a_program_has_another_digest_even_at_the_same_path() {
    let (dir, socket) = place();
    let listener = Listener::bind(&socket).unwrap();
    let evidence = Evidence::default();
    let copy = dir.path().join("copy");
    let mut seen = Vec::new();
    for change in [&b""[..], b"\0"] {
        let _ = fs::remove_file(&copy);
        fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        OpenOptions::new().append(true).open(&copy).unwrap().write_all(change).unwrap();
        let mut child = connect_as(&copy, &socket);
        let connection = listener.accept().await.unwrap();
        let peer = evidence.of(connection.pid, connection.uid).unwrap().peer;
        let shim = peer.shim.unwrap();
        assert_eq!(shim.path, copy);
        assert_eq!(shim.sha256, sha256(&copy));
        seen.push(shim.sha256);
        drop(child.stdin.take());
        child.wait().unwrap();
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn threat_04_a_program_replaced_while_it_runs_is_known_by_what_runs() {
    let (dir, socket) = place();
    let listener = Listener::bind(&socket).unwrap();
    let copy = dir.path().join("copy");
    fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let running = sha256(&copy);
    let mut child = connect_as(&copy, &socket);
    let connection = listener.accept().await.unwrap();
    fs::remove_file(&copy).unwrap();
    fs::write(&copy, "the program the human accepted").unwrap();
    let peer = Evidence::default().of(connection.pid, connection.uid).unwrap().peer;
    assert_eq!(peer.shim.unwrap().sha256, running);
    drop(child.stdin.take());
    child.wait().unwrap();
}

/// Run by the test below in a process of its own: connects, and becomes another program when it is told to.
#[test]
fn child_that_connects_and_becomes_another_program() {
    let Ok(socket) = std::env::var("MCP_TEST_SOCKET") else { return };
    let connection = std::os::unix::net::UnixStream::connect(socket).unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
    rustix::io::fcntl_setfd(&connection, rustix::io::FdFlags::empty()).unwrap();
    panic!("{}", std::os::unix::process::CommandExt::exec(Command::new("/bin/sleep").arg("60")));
}

#[tokio::test]
async fn threat_04_a_process_that_becomes_another_program_after_it_connected_is_noticed() {
    let (_dir, socket) = place();
    let listener = Listener::bind(&socket).unwrap();
    let this = std::env::current_exe().unwrap();
    let mut child = Command::new(&this)
        .args(["--exact", "child_that_connects_and_becomes_another_program"])
        .env("MCP_TEST_SOCKET", &socket)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let connection = listener.accept().await.unwrap();
    let evidence = Evidence::default();
    let seen = evidence.of(connection.pid, connection.uid).unwrap();
    evidence.still(&seen).unwrap();

    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let exe = PathBuf::from(format!("/proc/{}/exe", child.id()));
    // In between it has no program at all for a moment.
    while !fs::read_link(&exe).is_ok_and(|now| now != this) {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let noticed = evidence.still(&seen).unwrap_err();
    assert!(matches!(noticed, EvidenceError::Changed(pid) if pid == child.id()), "{noticed}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_connection_whose_process_has_ended_gives_no_evidence() {
    let (_dir, socket) = place();
    let listener = Listener::bind(&socket).unwrap();
    let mut child = connect_as(&std::env::current_exe().unwrap(), &socket);
    let connection = listener.accept().await.unwrap();
    drop(child.stdin.take());
    child.wait().unwrap();
    assert!(Evidence::default().of(connection.pid, connection.uid).is_err());
}
