//! Whatever is sent, the wallet answers the next request.

use crate::control::door::{Caller, attend, bind};
use crate::control::wire::MAX_REQUEST;
use crate::control::{Refusal, Request};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// A door behind which every request is answered with "here".
struct Door {
    _dir: TempDir,
    socket: PathBuf,
}

fn open_door() -> Door {
    let dir = TempDir::new().unwrap();
    let socket = dir.path().join("control.sock");
    let listener = bind(&socket).unwrap();
    tokio::spawn(attend(listener, |_request: Request, _caller: Caller| async {
        Ok::<Value, Refusal>(json!("here"))
    }));
    Door { _dir: dir, socket }
}

async fn send(socket: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    // A door that has heard enough closes before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

async fn is_well(door: &Door) -> bool {
    send(&door.socket, b"{\"look\":\"status\"}\n").await == "{\"done\":\"here\"}\n"
}

#[tokio::test]
async fn hostile_lines_are_refused_with_a_reason_and_the_next_request_is_answered() {
    let door = open_door();
    let deep = "[".repeat(100_000) + "\n";
    let lines: [&[u8]; 12] = [
        b"\n",
        b"hello\n",
        b"null\n",
        b"{}\n",
        b"{\"look\":\"everything\"}\n",
        b"{\"look\":\"status\",\"shrink\":\"lock\"}\n",
        b"{\"look\":{\"server\":\"../../etc\"}}\n",
        b"{\"grow\":{\"change\":{\"add_agent\":7}}}\n",
        b"{\"grow\":{\"change\":\"resume_all\",\"consent\":\"window\"}}\n",
        b"{\"unlock\":{\"passphrase\":[1,2,3]}}\n",
        b"\xff\xfe\x00\n",
        deep.as_bytes(),
    ];
    for line in lines {
        let answer = send(&door.socket, line).await;
        let shown = String::from_utf8_lossy(&line[..line.len().min(60)]).into_owned();
        assert!(answer.starts_with("{\"refused\":{\"exit\":2,"), "{shown:?} got {answer:?}");
        assert!(is_well(&door).await, "after {shown:?}");
    }
}

#[tokio::test]
async fn an_endless_line_is_cut_off_and_the_next_request_is_answered() {
    let door = open_door();
    let answer = send(&door.socket, &vec![b'x'; MAX_REQUEST + 1]).await;
    assert!(answer.is_empty() || answer.contains("longer than"), "{answer}");
    assert!(is_well(&door).await);
}

#[tokio::test]
async fn a_refusal_never_repeats_what_was_sent() {
    let door = open_door();
    let answer = send(&door.socket, b"{\"unlock\":{\"passphrase\":{\"canary-passphrase\":1}}}\n").await;
    assert!(answer.contains("refused"), "{answer}");
    assert!(!answer.contains("canary"), "{answer}");
}

#[tokio::test]
async fn silent_and_half_said_connections_hold_up_nobody() {
    let door = open_door();
    let mut idle = Vec::new();
    for _ in 0..10 {
        let mut stream = UnixStream::connect(&door.socket).await.unwrap();
        stream.write_all(b"{\"look\":").await.unwrap();
        idle.push(stream);
    }
    assert!(is_well(&door).await);
}

#[tokio::test]
async fn threat_21_any_number_of_idle_connections_keeps_nobody_out() {
    let door = open_door();
    let mut idle = Vec::new();
    for _ in 0..200 {
        idle.push(UnixStream::connect(&door.socket).await.unwrap());
    }
    assert!(is_well(&door).await);
    let mut told = String::new();
    idle[0].read_to_string(&mut told).await.unwrap();
    assert!(told.contains("others were quicker"), "{told}");
}

#[tokio::test]
async fn threat_21_a_flood_of_slow_requests_keeps_no_human_from_revoking() {
    let dir = TempDir::new().unwrap();
    let socket = dir.path().join("control.sock");
    tokio::spawn(attend(bind(&socket).unwrap(), |request, caller: Caller| async move {
        if !matches!(request, Request::Shrink(_)) {
            caller.gone().await;
        }
        Ok(Value::Null)
    }));
    let mut flood = Vec::new();
    for _ in 0..100 {
        let mut stream = UnixStream::connect(&socket).await.unwrap();
        stream.write_all(b"{\"look\":{\"tools\":\"slow\"}}\n").await.unwrap();
        flood.push(stream);
    }
    let revoke = b"{\"shrink\":{\"revoke_agent\":\"scout\"}}\n";
    assert_eq!(send(&socket, revoke).await, "{\"done\":null}\n");
    drop(flood);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_ended() {
    let door = open_door();
    let answer = send(&door.socket, b"").await;
    assert!(answer.contains("no request came"), "{answer}");
}

#[tokio::test]
async fn who_hangs_up_is_noticed_by_who_answers() {
    let dir = TempDir::new().unwrap();
    let socket = dir.path().join("control.sock");
    let (noticed, mut notice) = tokio::sync::mpsc::channel(1);
    tokio::spawn(attend(bind(&socket).unwrap(), move |_request, caller: Caller| {
        let noticed = noticed.clone();
        async move {
            caller.gone().await;
            let _ = noticed.send(()).await;
            Ok(Value::Null)
        }
    }));
    let mut stream = UnixStream::connect(&socket).await.unwrap();
    stream.write_all(b"{\"look\":\"status\"}\n").await.unwrap();
    drop(stream);
    assert!(notice.recv().await.is_some());
}

#[tokio::test]
async fn the_socket_is_for_its_owner_alone_and_replaces_a_dead_one() {
    let dir = TempDir::new().unwrap();
    let socket = dir.path().join("control.sock");
    drop(bind(&socket).unwrap());
    let _again = bind(&socket).unwrap();
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_file_in_the_socket_s_place_is_not_removed() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("control.sock");
    std::fs::write(&path, "precious").unwrap();
    assert!(bind(&path).is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}
