//! Whatever comes through the control socket, the wallet goes on.

use crate::wallet::Wallet;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

fn connect(wallet: &Wallet) -> UnixStream {
    UnixStream::connect(wallet.path().join("run/control.sock")).unwrap()
}

fn sent(wallet: &Wallet, bytes: &[u8]) -> String {
    let mut stream = connect(wallet);
    // The wallet hangs up on who says too much.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn garbage_floods_and_silence_leave_the_wallet_running() {
    let wallet = Wallet::running();
    let idle: Vec<_> = (0..20).map(|_| connect(&wallet)).collect();
    let flood = vec![b'['; 1 << 20];
    for bytes in [&b"\x00\xff\n"[..], b"GET / HTTP/1.1\r\n\r\n", b"{\"grow\":{}}\n", &flood] {
        let answer = sent(&wallet, bytes);
        assert!(answer.is_empty() || answer.contains("refused"), "{answer}");
        wallet.run(&["status"]).done();
    }
    drop(idle);
}

#[test]
fn threat_13_an_agent_s_secret_opens_nothing_but_the_agent_s_own_door() {
    let wallet = Wallet::running();
    wallet.grows(&["agent", "add", "scout"]);
    let key = std::fs::read_to_string(wallet.path().join("data/agents/scout.key")).unwrap();
    let key = key.trim();
    for request in [
        format!(r#"{{"grow":{{"change":"resume_all","passphrase":"{key}"}}}}"#),
        format!(r#"{{"agent":"scout","proof":"{key}"}}"#),
    ] {
        let answer = sent(&wallet, format!("{request}\n").as_bytes());
        assert!(answer.contains("refused"), "{request}: {answer}");
        assert!(!answer.contains(key), "{answer}");
    }
    wallet.run(&["lock"]).done();
    assert_eq!(wallet.typed(key, &["unlock"]).code, 3);
    assert_eq!(wallet.run(&["status", "--json"]).json()["status"]["wallet"], "locked");
}
