//! `kill -9`, many times, in the middle of writing: what was acknowledged is there.

use crate::support::*;
use domain::Signer;
use ledger::{Filter, Ledger};
use proof::receipt::{Body, Kind};
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::tempdir;

const DIR: &str = "COUNTERSIGN_TEST_LEDGER";

#[test]
fn a_wallet_killed_fifty_times_under_load_loses_no_acknowledged_receipt() {
    let dir = tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..50 {
        let mut writer = start_writer(dir.path());
        let mut acks = BufReader::new(writer.stdout.take().unwrap());
        // Kill at another point of its work each time, the first moments of recovery included.
        take_acks(&mut acks, round * 3 % 40, &mut acknowledged);
        writer.kill().unwrap();
        writer.wait().unwrap();
        take_acks(&mut acks, usize::MAX, &mut acknowledged);
    }
    let (ledger, recovery) = Ledger::open(dir.path(), at(0)).unwrap();
    assert_eq!(recovery.suspect, None);
    let report = verify(dir.path());
    assert!(report.holds(), "{report:?}");
    let all = ledger.query(&Filter { limit: Some(usize::MAX), ..Filter::default() }).unwrap();
    let written: Vec<_> = all.iter().rev().map(|entry| (entry.seq, entry.digest.to_string())).collect();
    assert!(acknowledged.len() > 200, "too little was written to tell: {}", acknowledged.len());
    for (seq, digest) in acknowledged {
        assert_eq!(written[usize::try_from(seq).unwrap()], (seq, digest));
    }
}

/// Reads up to `count` acknowledgements; the last may have been cut off with its writer.
fn take_acks(acks: &mut impl BufRead, count: usize, acknowledged: &mut Vec<(u64, String)>) {
    for _ in 0..count {
        let mut line = String::new();
        if acks.read_line(&mut line).unwrap() == 0 || !line.ends_with('\n') {
            return;
        }
        let Some((seq, digest)) = line.trim_end().strip_prefix("ack ").and_then(|ack| ack.split_once(' '))
        else {
            continue;
        };
        acknowledged.push((seq.parse().unwrap(), digest.to_owned()));
    }
}

fn start_writer(dir: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash::writer_until_killed", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "the other process of the test above, which kills it"]
fn writer_until_killed() {
    let Some(dir) = env::var_os(DIR) else { return };
    let (ledger, _) = Ledger::open(Path::new(&dir), at(0)).unwrap();
    let mut out = std::io::stdout().lock();
    for lost in ledger.unfinished().unwrap() {
        let body = Body::unknown_outcome(&lost.body, at(1));
        let entry = ledger.append(body, &key()).unwrap();
        writeln!(out, "ack {} {}", entry.seq, entry.digest).unwrap();
    }
    for number in 0_i64.. {
        let call = format!("{}-{number}", std::process::id());
        for body in [opened(&call, "read", at(number)), closed(&call, "read", at(number))] {
            let entry = ledger.append(body, &key()).unwrap();
            writeln!(out, "ack {} {}", entry.seq, entry.digest).unwrap();
        }
    }
}

#[test]
fn every_length_a_crash_could_leave_a_file_at_is_mended() {
    let dir = tempdir().unwrap();
    fill(&open(dir.path()), 2);
    let path = dir.path().join("000001.jsonl");
    let whole = fs::read(&path).unwrap();
    let ends: Vec<_> =
        whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    for length in (0..whole.len()).step_by(7) {
        fs::write(&path, &whole[..length]).unwrap();
        let ledger = open(dir.path());
        let kept = ends.iter().filter(|end| **end <= length).count() as u64;
        assert_eq!(ledger.checkpoint().size, kept);
        ledger.append(opened("next", "read", at(5)), &key()).unwrap();
        drop(ledger);
        assert!(verify(dir.path()).holds(), "cut at {length}");
    }
    let mut side = Vec::new();
    for file in fs::read_dir(dir.path()).unwrap() {
        let path = file.unwrap().path();
        if path.to_string_lossy().contains("torn") {
            fs::File::open(path).unwrap().read_to_end(&mut side).unwrap();
        }
    }
    assert!(!side.is_empty());
}

#[test]
fn every_step_of_going_on_to_the_next_file_can_be_the_last_before_a_crash() {
    let written = tempdir().unwrap();
    let ledger = open(written.path());
    for number in 0..3 {
        ledger.append(big(number), &key()).unwrap();
    }
    drop(ledger);
    let read = |name: &str| fs::read(written.path().join(name)).unwrap();
    let (first, second) = (read("000001.jsonl"), read("000002.jsonl"));
    let checkpoint = first[..first.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    // The first file, the second, and how many receipts are whole.
    let steps: [(&[u8], &[u8], u64); 4] = [
        (&first[..checkpoint], b"", 2),
        (&first[..checkpoint + 40], b"", 2),
        (&first, b"", 2),
        (&first, &second[..100], 2),
    ];
    for (step, (first, second, whole)) in steps.into_iter().enumerate() {
        let dir = tempdir().unwrap();
        fs::write(dir.path().join("000001.jsonl"), first).unwrap();
        fs::write(dir.path().join("000002.jsonl"), second).unwrap();
        let ledger = open(dir.path());
        assert_eq!(ledger.checkpoint().size, whole, "step {step}");
        ledger.append(big(3), &key()).unwrap();
        let report = ledger.verify(&key().public_key(), None).unwrap();
        assert!(report.holds() && report.files == 2, "step {step}: {report:?}");
    }
}

fn big(number: i64) -> Body {
    Body { note: Some("n".repeat(3_000_000)), ..Body::new(Kind::ServerChanged, at(number)) }
}

#[test]
fn what_a_power_cut_may_leave_at_the_end_is_set_aside() {
    let dir = tempdir().unwrap();
    fill(&open(dir.path()), 1);
    let path = dir.path().join("000001.jsonl");
    let whole = fs::read(&path).unwrap();
    for tail in [vec![0; 4096], vec![0xff, 0xfe], b"{".to_vec(), whole[..whole.len() - 1].to_vec()] {
        fs::write(&path, [whole.as_slice(), &tail].concat()).unwrap();
        let (ledger, recovery) = Ledger::open(dir.path(), at(1)).unwrap();
        assert!(recovery.torn.is_some());
        drop(ledger);
        assert!(fs::read(&path).unwrap().starts_with(&whole));
    }
}
