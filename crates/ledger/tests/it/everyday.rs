//! The ledger as the broker uses it: write, find, count, close, open again.

use crate::support::*;
use domain::{AgentName, DelegationId, SignError, Signature, Signer, Target};
use ledger::{Filter, Ledger, LedgerError, Line, Usage};
use proof::receipt::{Body, Checkpoint, Kind, Status, Verdict};
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use tempfile::tempdir;

#[tokio::test]
async fn what_is_appended_is_durable_found_and_verifies() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    let entry = ledger.append(opened("a", "read", at(1)), &key()).unwrap();
    ledger.durable(entry.seq).await.unwrap();
    assert_eq!(ledger.query(&Filter::default()).unwrap(), [entry]);
    let report = verify(dir.path());
    assert!(report.holds(), "{report:?}");
    assert_eq!((report.so_far, report.unfinished), (ledger.checkpoint(), 1));
}

#[test]
fn a_ledger_opened_again_goes_on_where_it_was() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    fill(&ledger, 3);
    let before = (ledger.checkpoint(), ledger.query(&Filter::default()).unwrap());
    drop(ledger);
    let (ledger, recovery) = Ledger::open(dir.path(), at(100)).unwrap();
    assert_eq!((ledger.checkpoint(), ledger.query(&Filter::default()).unwrap()), before);
    assert!(recovery.torn.is_none() && recovery.suspect.is_none() && ledger.unfinished().unwrap().is_empty());
    assert_eq!(ledger.append(opened("z", "read", at(101)), &key()).unwrap().seq, 6);
    assert_eq!(ledger.newest(), Some(at(101)));
    assert!(verify(dir.path()).holds());
}

#[test]
fn a_second_wallet_on_one_ledger_is_refused() {
    let dir = tempdir().unwrap();
    let _first = open(dir.path());
    assert!(matches!(Ledger::open(dir.path(), at(0)), Err(LedgerError::InUse(_))));
}

#[test]
fn nobody_else_can_read_the_ledger() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("deep/ledger");
    let _ledger = open(&path);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&path.join("000001.jsonl"))), (0o700, 0o600));
}

#[test]
fn files_are_closed_by_a_checkpoint_before_they_grow_beyond_8_mib() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    let big = |n: i64| Body { note: Some("n".repeat(900_000)), ..Body::new(Kind::ServerChanged, at(n)) };
    for number in 0..20 {
        ledger.append(big(number), &key()).unwrap();
    }
    drop(ledger);
    let sizes: Vec<_> = ["000001.jsonl", "000002.jsonl", "000003.jsonl"]
        .map(|name| fs::metadata(dir.path().join(name)).unwrap().len())
        .into();
    assert!(sizes.iter().all(|size| (1..=8 * 1024 * 1024).contains(size)), "{sizes:?}");
    let first = fs::read_to_string(dir.path().join("000001.jsonl")).unwrap();
    assert!(first.lines().last().unwrap().starts_with("{\"checkpoint\":"));
    let report = verify(dir.path());
    assert!(report.holds() && report.files == 3 && report.so_far.size == 20, "{report:?}");
    assert_eq!(open(dir.path()).append(big(20), &key()).unwrap().seq, 20);
}

#[test]
fn a_receipt_that_no_file_could_hold_is_refused_and_the_next_one_is_not() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    let huge = Body { note: Some("n".repeat(9 << 20)), ..Body::new(Kind::ServerChanged, at(0)) };
    assert!(matches!(ledger.append(huge, &key()), Err(LedgerError::TooLong(_))));
    assert_eq!(ledger.append(opened("a", "read", at(1)), &key()).unwrap().seq, 0);
}

#[test]
fn a_locked_wallet_writes_nothing() {
    struct Locked;
    impl Signer for Locked {
        fn public_key(&self) -> domain::PublicKey {
            key().public_key()
        }
        fn sign(&self, _: &[u8]) -> Result<Signature, SignError> {
            Err(SignError::Locked)
        }
    }
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    assert!(matches!(ledger.append(opened("a", "read", at(1)), &Locked), Err(LedgerError::Proof(_))));
    assert_eq!(ledger.checkpoint().size, 0);
    assert_eq!(fs::metadata(dir.path().join("000001.jsonl")).unwrap().len(), 0);
}

#[test]
fn receipts_are_found_by_who_where_what_and_how_it_ended() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.append(opened("a", "read", at(1)), &key()).unwrap();
    ledger.append(closed("a", "read", at(2)), &key()).unwrap();
    ledger.append(denied("b", "wipe", at(3)), &key()).unwrap();
    let other = Body { agent: Some(AgentName::parse("codex").unwrap()), ..opened("c", "read", at(4)) };
    ledger.append(other, &key()).unwrap();
    let note = Some("They SAY \"Aye\"\nand go".into());
    ledger.append(Body { note, ..Body::new(Kind::VaultLocked, at(2)) }, &key()).unwrap();
    let found = |filter: Filter| -> Vec<u64> {
        ledger.query(&filter).unwrap().into_iter().map(|entry| entry.seq).collect()
    };
    let all = Filter::default;
    let agent = |name: &str| Some(AgentName::parse(name).unwrap());
    assert_eq!(found(all()), [4, 3, 2, 1, 0]);
    assert_eq!(found(Filter { agent: agent("codex"), ..all() }), [3]);
    assert_eq!(found(Filter { agent: agent("nobody"), ..all() }), [0_u64; 0]);
    assert_eq!(found(Filter { server: Some(server()), limit: Some(2), ..all() }), [3, 2]);
    assert_eq!(found(Filter { kinds: vec![Kind::CallOpened], before: Some(3), ..all() }), [0]);
    assert_eq!(found(Filter { verdict: Some(Verdict::Denied), ..all() }), [2]);
    assert_eq!(found(Filter { status: Some(Status::Ok), ..all() }), [1]);
    assert_eq!(found(Filter { since: Some(at(3)), ..all() }), [3, 2]);
    assert_eq!(found(Filter { after: Some(2), ..all() }), [4, 3]);
    assert_eq!(found(Filter { text: Some("WIPE".into()), ..all() }), [2]);
    assert_eq!(found(Filter { text: Some("not_granted".into()), ..all() }), [2]);
    assert_eq!(found(Filter { text: Some("read".into()), limit: Some(1), ..all() }), [3]);
    assert_eq!(found(Filter { text: Some("12".into()), kinds: vec![Kind::CallDenied], ..all() }), [2]);
    assert_eq!(found(Filter { text: Some("say \"aye\"\n".into()), ..all() }), [4]);
    assert_eq!(found(Filter { text: Some("sha-256".into()), ..all() }), [0_u64; 0]);
}

#[test]
fn a_line_is_handed_out_by_its_number_whatever_an_agent_writes_into_others() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    let mut posing = opened("a", "read", at(1));
    posing.arguments.as_mut().unwrap().preview = Some(serde_json::json!({"seq": 1, "sig": ""}));
    ledger.append(posing, &key()).unwrap();
    let entry = ledger.append(closed("a", "read", at(2)), &key()).unwrap();
    let line = ledger.line(1).unwrap().unwrap();
    assert_eq!(proof::sha256(line.as_bytes()), entry.digest);
    assert_eq!(ledger.line(2).unwrap(), None);
}

#[test]
fn budgets_count_what_was_opened_under_a_delegation_for_a_tool_and_survive_a_restart() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    for (call, seconds) in [("a", 0), ("b", 30), ("c", 70)] {
        ledger.append(opened(call, "read", at(seconds)), &key()).unwrap();
        ledger.append(closed(call, "read", at(seconds)), &key()).unwrap();
    }
    ledger.append(opened("d", "wipe", at(71)), &key()).unwrap();
    ledger.append(denied("e", "read", at(72)), &key()).unwrap();
    let line = Line { delegation: delegation(), server: server(), target: Target::tool("read") };
    let usage = |ledger: &Ledger, seconds| ledger.usage(&line, at(seconds));
    let expected = Usage { calls: 3, last_minute: 2, oldest_in_minute: Some(at(30)) };
    assert_eq!(usage(&ledger, 75), expected);
    assert_eq!(usage(&ledger, 90), Usage { calls: 3, last_minute: 1, oldest_in_minute: Some(at(70)) });
    drop(ledger);
    let ledger = open(dir.path());
    assert_eq!(usage(&ledger, 75), expected);
    let other = Line { delegation: DelegationId::new("d-2"), ..line.clone() };
    let other = ledger.usage(&other, at(75));
    assert_eq!(other, Usage::default());
}

#[test]
fn a_clock_set_back_frees_no_call_of_the_minute() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    for (call, seconds) in [("a", 100), ("b", 40), ("c", 101)] {
        ledger.append(opened(call, "read", at(seconds)), &key()).unwrap();
    }
    let line = Line { delegation: delegation(), server: server(), target: Target::tool("read") };
    let usage = ledger.usage(&line, at(102));
    assert_eq!(usage, Usage { calls: 3, last_minute: 3, oldest_in_minute: Some(at(100)) });
}

#[test]
fn calls_without_an_end_are_handed_out_until_they_are_closed_once() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    fill(&ledger, 2);
    ledger.append(opened("lost", "pay", at(50)), &key()).unwrap();
    assert_eq!(ledger.unfinished().unwrap().len(), 1, "also without a restart");
    drop(ledger);
    let ledger = open(dir.path());
    let unfinished = ledger.unfinished().unwrap();
    let [lost] = unfinished.as_slice() else { panic!("{unfinished:?}") };
    let closing = Body::unknown_outcome(&lost.body, at(60));
    assert_eq!(closing.call.as_ref().unwrap().as_str(), "lost");
    ledger.append(closing, &key()).unwrap();
    let late = ledger.append(closed("lost", "pay", at(61)), &key());
    assert!(matches!(late, Err(LedgerError::NotOpen(_))), "a second end is refused: {late:?}");
    let unknown = Filter { status: Some(Status::Unknown), ..Filter::default() };
    assert_eq!(ledger.query(&unknown).unwrap().len(), 1);
    drop(ledger);
    assert!(open(dir.path()).unfinished().unwrap().is_empty());
    assert_eq!(verify(dir.path()).unfinished, 0);
}

#[test]
fn a_checkpoint_holds_until_the_ledger_is_cut_or_rewritten_below_it() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    let none = ledger.checkpoint();
    fill(&ledger, 2);
    let known = ledger.checkpoint();
    fill(&ledger, 2);
    assert!(ledger.holds(&none).unwrap() && ledger.holds(&known).unwrap());
    assert!(ledger.holds(&ledger.checkpoint()).unwrap());
    assert!(!ledger.holds(&Checkpoint { head: none.head, ..known }).unwrap(), "another receipt stands there");
    assert!(!ledger.holds(&Checkpoint { size: 9, ..known }).unwrap(), "there are only eight");
}

#[test]
fn a_line_cut_off_by_a_crash_is_set_aside_and_writing_goes_on() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    fill(&ledger, 2);
    let good = ledger.checkpoint();
    drop(ledger);
    let path = dir.path().join("000001.jsonl");
    let torn = b"{\"payload\":{\"agent\":\"cla";
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(torn);
    fs::write(&path, bytes).unwrap();
    let (ledger, recovery) = Ledger::open(dir.path(), at(9)).unwrap();
    assert_eq!(fs::read(recovery.torn.unwrap()).unwrap(), torn);
    assert_eq!(ledger.checkpoint(), good);
    ledger.append(opened("next", "read", at(10)), &key()).unwrap();
    assert!(verify(dir.path()).holds());
}

#[test]
fn a_crash_between_making_the_next_file_and_closing_the_last_leaves_no_trace() {
    let dir = tempdir().unwrap();
    fill(&open(dir.path()), 2);
    fs::write(dir.path().join("000002.jsonl"), b"").unwrap();
    let ledger = open(dir.path());
    fill(&ledger, 1);
    let report = verify(dir.path());
    assert!(report.holds() && report.files == 1, "{report:?}");
}

#[test]
fn a_damaged_ledger_is_reported_at_the_start_and_written_on() {
    let dir = tempdir().unwrap();
    fill(&open(dir.path()), 3);
    let path = dir.path().join("000001.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let without_third: Vec<_> =
        text.lines().enumerate().filter(|(index, _)| *index != 2).map(|(_, line)| line).collect();
    fs::write(&path, without_third.join("\n") + "\n").unwrap();
    let (ledger, recovery) = Ledger::open(dir.path(), at(9)).unwrap();
    assert_eq!(recovery.suspect, Some((path, 3)));
    assert_eq!(ledger.append(opened("next", "read", at(10)), &key()).unwrap().seq, 6);
    assert_eq!(verify(dir.path()).findings.len(), 1);
}

#[test]
fn an_export_is_the_lines_themselves_and_verifies_alone() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    fill(&ledger, 5);
    let mut out = Vec::new();
    let bytes = ledger::export(dir.path(), &mut out).unwrap();
    assert_eq!(bytes, out.len() as u64);
    let known = ledger.checkpoint();
    let name = std::path::Path::new("export.jsonl");
    let verify =
        |lines: &[u8]| ledger::verify_stream(name, lines, &key().public_key(), Some(&known)).unwrap();
    assert!(verify(&out).holds());
    let shorter = out[..out.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    assert!(!verify(&out[..shorter]).holds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_written_at_once_by_many_make_one_chain() {
    let dir = tempdir().unwrap();
    let ledger = std::sync::Arc::new(open(dir.path()));
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let ledger = std::sync::Arc::clone(&ledger);
            tokio::spawn(async move {
                for call in 0..25 {
                    let body = opened(&format!("{task}-{call}"), "read", at(call));
                    let seq = ledger.append(body, &key()).unwrap().seq;
                    ledger.durable(seq).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let report = verify(dir.path());
    assert!(report.holds() && report.so_far.size == 200, "{report:?}");
}

#[test]
fn a_ledger_can_be_verified_and_exported_while_it_is_written() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    let public = key().public_key();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| fill(&ledger, 150));
        while !writing.is_finished() {
            let report = ledger.verify(&public, None).unwrap();
            assert!(report.holds(), "{report:?}");
            let mut out = Vec::new();
            ledger.export(&mut out).unwrap();
            assert!(out.is_empty() || out.ends_with(b"\n"));
        }
    });
    assert_eq!(ledger.verify(&public, Some(&ledger.checkpoint())).unwrap().so_far.size, 300);
}

#[test]
fn receipts_are_read_without_the_wallet_from_the_folder_and_from_an_export_alike() {
    let dir = tempdir().unwrap();
    let ledger = open(dir.path());
    fill(&ledger, 3);
    let export = dir.path().join("export");
    ledger.export(&mut std::fs::File::create(&export).unwrap()).unwrap();
    let mut file = std::fs::File::options().append(true).open(&export).unwrap();
    std::io::Write::write_all(&mut file, b"not a receipt\n{}\n").unwrap();

    for path in [dir.path(), &export] {
        let (mut all, mut first) = (vec![], vec![]);
        ledger::each_receipt(path, |receipt| {
            all.push(receipt.payload.seq);
            ControlFlow::Continue(())
        })
        .unwrap();
        ledger::each_receipt(path, |receipt| {
            first.push(receipt.payload.seq);
            ControlFlow::Break(())
        })
        .unwrap();
        assert_eq!((all, first), ((0..6).collect(), vec![0]), "{}", path.display());
    }
    assert!(ledger::each_receipt(&dir.path().join("nowhere"), |_| ControlFlow::Continue(())).is_err());
}
