//! A full disk, and other disks that won't: nothing is claimed, and writing goes on when it can.

use crate::support::*;
use ledger::{Filter, Ledger, LedgerError};
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::tempdir;

const DIR: &str = "COUNTERSIGN_TEST_LEDGER";

/// The limit on the size of a file stands in for a full disk: the same call fails in the same place, with as many bytes
/// of the line written as still fit. It needs no privilege and no file system of its own.
#[test]
fn a_full_disk_refuses_the_receipt_keeps_the_ledger_whole_and_is_forgiven() {
    let dir = tempdir().unwrap();
    let status = Command::new("sh")
        // Without the trap the system would end the process instead of failing its write.
        .args(["-c", "trap '' XFSZ; ulimit -S -f 16; exec \"$0\" \"$@\""])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "disk::writer_on_a_full_disk", "--ignored", "--nocapture"])
        .env(DIR, dir.path())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let report = verify(dir.path());
    assert!(report.holds() && report.so_far.size > 3, "{report:?}");
}

#[test]
#[ignore = "the other process of the test above, which limits it"]
fn writer_on_a_full_disk() {
    let Some(dir) = env::var_os(DIR) else { return };
    let dir = Path::new(&dir);
    let ledger = open(dir);
    let (count, error) = append_until_refused(&ledger);
    assert!(matches!(error, LedgerError::Io { doing: "write", .. }), "{error}");
    assert_eq!(ledger.checkpoint().size, count);
    assert!(verify(dir).holds());
    assert_eq!(ledger.query(&Filter { limit: Some(1000), ..Filter::default() }).unwrap().len() as u64, count);

    let hard = rustix::process::getrlimit(rustix::process::Resource::Fsize).maximum;
    let unlimited = rustix::process::Rlimit { current: hard, maximum: hard };
    rustix::process::setrlimit(rustix::process::Resource::Fsize, unlimited).unwrap();
    assert_eq!(ledger.append(opened("after", "read", at(5)), &key()).unwrap().seq, count);
    drop(ledger);
    assert!(Ledger::open(dir, at(6)).unwrap().1.torn.is_none());
}

fn append_until_refused(ledger: &Ledger) -> (u64, LedgerError) {
    for count in 0.. {
        if let Err(error) = ledger.append(opened(&format!("call-{count}"), "read", at(1)), &key()) {
            return (count, error);
        }
    }
    unreachable!("the disk never fills")
}

#[test]
fn a_next_file_that_can_not_be_made_refuses_the_receipt_and_leaves_the_last_file_open() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    let obstacle = dir.path().join("000002.jsonl");
    fs::create_dir(&obstacle).unwrap();
    let big = |n: i64| {
        let note = Some("n".repeat(3_000_000));
        proof::receipt::Body { note, ..proof::receipt::Body::new(proof::receipt::Kind::ServerChanged, at(n)) }
    };
    ledger.append(big(0), &key()).unwrap();
    ledger.append(big(1), &key()).unwrap();
    assert!(matches!(ledger.append(big(2), &key()), Err(LedgerError::Io { doing: "open", .. })));
    assert_eq!(ledger.append(opened("small", "read", at(3)), &key()).unwrap().seq, 2);
    fs::remove_dir(&obstacle).unwrap();
    assert_eq!(ledger.append(big(4), &key()).unwrap().seq, 3);
    let report = verify(dir.path());
    assert!(report.holds() && report.files == 2, "{report:?}");
}

#[test]
fn a_place_that_is_no_folder_is_refused_with_its_name() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("ledger");
    fs::write(&path, b"").unwrap();
    let Err(error) = Ledger::open(&path, at(0)) else { panic!("opened a file as a folder") };
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
}
