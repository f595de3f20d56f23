//! Where secrets are, and where they are not.

use crate::wallet::{PASSPHRASE, Wallet};
use std::fs;
use std::io::Write;
use std::path::Path;

const TOKEN: &str = "canary-token-0815-abcdef";

/// Every file below `dir` that holds `needle`.
fn holding(dir: &Path, needle: &str, found: &mut Vec<String>) {
    for item in fs::read_dir(dir).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            holding(&path, needle, found);
        } else if let Ok(bytes) = fs::read(&path)
            && bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
}

#[test]
fn threat_28_nothing_secret_stands_in_the_arguments_or_environment_of_the_wallet() {
    let wallet = Wallet::running();
    for file in ["cmdline", "environ"] {
        let bytes = fs::read(format!("/proc/{}/{file}", wallet.pid())).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("canary"), "{file}");
    }
}

#[test]
fn threat_24_a_server_s_secret_is_on_no_disk_in_the_clear() {
    let wallet = Wallet::running();
    let add = [
        "server",
        "add",
        "api",
        "--url",
        "https://mcp.example.com/mcp",
        "--header",
        "X-Api-Key",
        "--secrets-stdin",
    ];
    assert_eq!(wallet.typed(PASSPHRASE, &add).code, 2, "one stream can't be both");

    let script = r#"exec "$0" --home "$1" "${@:3}" --passphrase-fd 3 3<"$2""#;
    let passphrase = wallet.path().join("typed");
    fs::write(&passphrase, PASSPHRASE).unwrap();
    let mut shell = std::process::Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_countersign")])
        .args([wallet.path(), &passphrase])
        .args(add)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(shell.stdin.take().unwrap(), "{TOKEN}").unwrap();
    assert!(shell.wait().unwrap().success());
    fs::remove_file(&passphrase).unwrap();

    for canary in [TOKEN, PASSPHRASE] {
        let mut found = Vec::new();
        holding(wallet.path(), canary, &mut found);
        assert!(found.is_empty(), "{canary} is in {found:?}");
    }
    let shown = wallet.run(&["server", "list", "--json"]).done().out;
    assert!(shown.contains("X-Api-Key") && !shown.contains("canary"), "{shown}");
}

#[test]
fn folders_are_0700_and_files_and_sockets_0600() {
    use std::os::unix::fs::MetadataExt;
    let wallet = Wallet::running();
    wallet.grows(&["agent", "add", "scout"]);
    let mut open = Vec::new();
    look(wallet.path(), &mut |path, meta| {
        if meta.mode() & 0o077 != 0 {
            open.push(format!("{:o} {}", meta.mode() & 0o777, path.display()));
        }
    });
    assert!(open.is_empty(), "{open:?}");
}

fn look(dir: &Path, each: &mut impl FnMut(&Path, &fs::Metadata)) {
    for item in fs::read_dir(dir).unwrap() {
        let path = item.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        each(&path, &meta);
        if meta.is_dir() {
            look(&path, each);
        }
    }
}
