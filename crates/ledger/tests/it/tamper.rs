//! Threat 23: whatever is done to the files afterwards shows.

use crate::support::*;
use domain::Signer;
use ledger::{Finding, Report};
use proof::SigningKey;
use proof::chain::Flaw;
use proof::receipt::{Body, Checkpoint, Kind};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::{TempDir, tempdir};

/// A small ledger as it was written, and the checkpoint the wallet keeps elsewhere.
static GENUINE: LazyLock<(Vec<u8>, Checkpoint)> = LazyLock::new(|| {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    fill(&ledger, 3);
    ledger.append(denied("x", "wipe", at(100)), &key()).unwrap();
    (fs::read(dir.path().join("000001.jsonl")).unwrap(), ledger.checkpoint())
});

fn genuine() -> Vec<u8> {
    GENUINE.0.clone()
}

fn lines() -> Vec<Vec<u8>> {
    GENUINE.0.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn audit(bytes: &[u8], known: Option<&Checkpoint>) -> Report {
    ledger::verify_stream(Path::new("000001.jsonl"), bytes, &key().public_key(), known).unwrap()
}

/// Whether the change shows even to somebody without the checkpoint.
fn shows(bytes: &[u8]) -> bool {
    !audit(bytes, None).holds()
}

fn flaws(bytes: &[u8], known: Option<&Checkpoint>) -> Vec<(u64, Flaw)> {
    audit(bytes, known).findings.into_iter().map(|finding| (finding.line, finding.flaw)).collect()
}

fn index() -> impl Strategy<Value = usize> {
    0..GENUINE.0.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn threat_23_any_changed_byte_shows(at in index(), change in 1_u8..) {
        let mut bytes = genuine();
        bytes[at] ^= change;
        prop_assert!(shows(&bytes));
    }

    #[test]
    fn threat_23_any_byte_taken_out_shows(at in index()) {
        let mut bytes = genuine();
        bytes.remove(at);
        prop_assert!(shows(&bytes));
    }

    #[test]
    fn threat_23_any_byte_put_in_shows(at in index(), byte: u8) {
        let mut bytes = genuine();
        bytes.insert(at, byte);
        prop_assert!(shows(&bytes));
    }

    #[test]
    fn threat_23_any_two_bytes_exchanged_show(one in index(), other in index()) {
        let mut bytes = genuine();
        prop_assume!(bytes[one] != bytes[other]);
        bytes.swap(one, other);
        prop_assert!(shows(&bytes));
    }

    #[test]
    fn threat_23_any_tail_cut_off_shows_to_who_has_the_checkpoint(length in index()) {
        prop_assert!(!audit(&GENUINE.0[..length], Some(&GENUINE.1)).holds());
    }

    #[test]
    fn threat_23_any_two_lines_exchanged_show(one in 0_usize..7, other in 0_usize..7) {
        prop_assume!(one != other);
        let mut lines = lines();
        lines.swap(one, other);
        prop_assert!(shows(&lines.concat()));
    }

    #[test]
    fn threat_23_no_garbage_passes_for_a_ledger(bytes in prop::collection::vec(any::<u8>(), 1..400)) {
        prop_assert!(shows(&bytes));
    }
}

#[test]
fn the_ledger_as_it_was_written_holds() {
    assert!(audit(&GENUINE.0, Some(&GENUINE.1)).holds());
}

#[test]
fn threat_23_every_byte_of_a_last_line_counts() {
    let only = &lines()[0];
    for at in 0..only.len() {
        let mut changed = only.clone();
        changed[at] ^= 0x20;
        assert!(shows(&changed), "byte {at}");
    }
}

#[test]
fn threat_23_each_kind_of_tampering_is_named_with_its_line() {
    let take_out = |index: usize| {
        let mut lines = lines();
        lines.remove(index);
        lines.concat()
    };
    assert_eq!(flaws(&take_out(4), None), [(5, Flaw::Missing { from: 4, to: 4 })]);
    assert_eq!(flaws(&take_out(0), None), [(1, Flaw::Missing { from: 0, to: 0 })]);
    let mut repeated = lines();
    repeated.insert(3, repeated[2].clone());
    let found = flaws(&repeated.concat(), None);
    assert_eq!(found[0], (4, Flaw::Reordered { seq: 2, expected: 3 }));
    let cut = lines()[..5].concat();
    assert_eq!(flaws(&cut, None), []);
    assert_eq!(flaws(&cut, Some(&GENUINE.1)), [(5, Flaw::CutOff { known: 7, found: 5 })]);
    let torn = &GENUINE.0[..GENUINE.0.len() - 1];
    assert_eq!(flaws(torn, None), [(7, Flaw::Torn)]);
}

#[test]
fn threat_23_a_ledger_signed_by_another_key_is_not_this_wallets() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    let thief = SigningKey::from_seed(&[13; 32]);
    ledger.append(opened("a", "read", at(0)), &thief).unwrap();
    let [Finding { flaw: Flaw::Changed(_), .. }] = verify(dir.path()).findings.as_slice() else { panic!() };
}

#[test]
fn threat_23_a_whole_ledger_written_anew_shows_to_who_has_the_checkpoint() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    fill(&ledger, 10);
    let bytes = fs::read(dir.path().join("000001.jsonl")).unwrap();
    assert!(audit(&bytes, None).holds());
    let found = flaws(&bytes, Some(&GENUINE.1));
    assert!(found.iter().any(|(_, flaw)| matches!(flaw, Flaw::Rewritten(_))), "{found:?}");
}

/// Three files.
fn large() -> (TempDir, Checkpoint, [PathBuf; 3]) {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    for number in 0..6 {
        let note = Some("n".repeat(4_000_000));
        ledger.append(Body { note, ..Body::new(Kind::ServerChanged, at(number)) }, &key()).unwrap();
    }
    let paths = [1, 2, 3].map(|number| dir.path().join(format!("00000{number}.jsonl")));
    (dir, ledger.checkpoint(), paths)
}

fn audit_dir(dir: &TempDir, known: &Checkpoint) -> Vec<Flaw> {
    let report = ledger::verify_dir(dir.path(), &key().public_key(), Some(known)).unwrap();
    report.findings.into_iter().map(|finding| finding.flaw).collect()
}

#[test]
fn threat_23_files_taken_away_exchanged_or_reopened_show() {
    let (dir, known, [first, second, third]) = large();
    assert_eq!(audit_dir(&dir, &known), []);

    let aside = dir.path().join("aside");
    fs::rename(&second, &aside).unwrap();
    assert!(matches!(audit_dir(&dir, &known)[..], [Flaw::Missing { from: 2, to: 3 }]));
    fs::rename(&aside, &second).unwrap();

    fs::rename(&third, &aside).unwrap();
    assert!(matches!(audit_dir(&dir, &known)[..], [Flaw::CutOff { known: 6, found: 4 }]));
    fs::rename(&second, &third).unwrap();
    fs::rename(&aside, &second).unwrap();
    assert!(audit_dir(&dir, &known).iter().any(|flaw| matches!(flaw, Flaw::Missing { .. })));
    fs::rename(&second, &aside).unwrap();
    fs::rename(&third, &second).unwrap();
    fs::rename(&aside, &third).unwrap();

    let text = fs::read_to_string(&first).unwrap();
    let (checkpoint, _) = text.rmatch_indices("{\"checkpoint\"").next().unwrap();
    fs::write(&first, &text[..checkpoint]).unwrap();
    assert_eq!(audit_dir(&dir, &known), [Flaw::Unclosed]);
}
