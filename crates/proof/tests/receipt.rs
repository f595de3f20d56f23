//! Receipts: what is written reads back, in one spelling, and nothing else does.
#![cfg(test)]

use domain::{CallId, Digest, Peer, Program, Signer, Target, Timestamp};
use proof::receipt::{self, Arguments, Body, Checkpoint, GENESIS, Kind, Outcome, Status, Tool};
use proof::{ProofError, SigningKey};
use proptest::prelude::*;
use serde_json::Value;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

const TIME: Timestamp = Timestamp::from_micros(1_795_171_343_000_250);

fn key() -> SigningKey {
    SigningKey::from_seed(&[4; 32])
}

fn program(path: impl Into<PathBuf>) -> Program {
    Program { path: path.into(), sha256: Digest::new([1; 32]) }
}

fn body(note: String, name: String, arguments: Value) -> Body {
    let peer = Peer { pid: 7, uid: 1000, program: program("/opt/agent"), shim: Some(program("/opt/shim")) };
    let outcome = Outcome {
        duration_us: Some(u64::MAX),
        bytes: Some(0),
        error: Some("-32602".into()),
        ..Outcome::ended(Status::Failed)
    };
    Body {
        peer: Some(peer),
        call: Some(CallId::new("c-1")),
        tool: Some(Tool { target: Target::tool(name), definition: None }),
        arguments: Some(Arguments { digest: proof::digest(&arguments), preview: Some(arguments) }),
        outcome: Some(outcome),
        note: Some(note),
        ..Body::new(Kind::CallClosed, TIME)
    }
}

proptest! {
    #[test]
    fn a_receipt_reads_back_as_it_was_written(note: String, name: String, text: String, number: u64, seq: u64) {
        let arguments = serde_json::json!({ text.clone(): [number, text, null, true] });
        let body = body(note, name, arguments);
        let prev = proof::sha256(b"the line before");
        let line = receipt::sign(seq, prev, &body, &key()).unwrap();
        prop_assert!(!line.contains(&b'\n'), "one receipt, one line");
        let receipt = receipt::verify(&line, &key().public_key()).unwrap();
        prop_assert_eq!(&receipt.payload.body, &body);
        prop_assert_eq!((receipt.payload.seq, receipt.payload.prev, receipt.digest), (seq, prev, proof::sha256(&line)));
    }

    #[test]
    fn a_checkpoint_reads_back_as_it_was_written(size: u64, head: [u8; 32]) {
        let checkpoint = Checkpoint { size, head: Digest::new(head), time: TIME };
        let line = checkpoint.sign(&key()).unwrap();
        prop_assert!(Checkpoint::is(&line));
        prop_assert_eq!(Checkpoint::verify(&line, &key().public_key()), Ok(checkpoint));
    }
}

#[test]
fn threat_24_a_receipt_keeps_what_is_shown_of_arguments_and_nothing_else_of_them() {
    let body = Body {
        arguments: Some(Arguments { digest: proof::digest(&"hunter2".into()), preview: None }),
        ..Body::new(Kind::CallOpened, TIME)
    };
    let line = receipt::sign(0, GENESIS, &body, &key()).unwrap();
    assert!(!String::from_utf8(line).unwrap().contains("hunter2"));
}

#[test]
fn a_program_whose_path_json_can_not_hold_gives_no_receipt() {
    let odd = program(OsString::from_vec(b"/opt/\xff".to_vec()));
    let peer = Peer { pid: 7, uid: 1000, program: odd.clone(), shim: Some(odd) };
    let body = Body { peer: Some(peer), ..Body::new(Kind::AgentConnected, TIME) };
    assert!(matches!(receipt::sign(0, GENESIS, &body, &key()), Err(ProofError::Unwritable(_))));
}

#[test]
fn an_object_that_the_parser_takes_for_a_number_is_no_receipt() {
    let line = receipt::sign(0, GENESIS, &Body::new(Kind::VaultLocked, TIME), &key()).unwrap();
    let text = String::from_utf8(line).unwrap();
    let posing = text.replace("\"seq\":0", "\"seq\":{\"$serde_json::private::Number\":\"0\"}");
    assert_ne!(posing, text);
    assert!(receipt::read(posing.as_bytes()).is_err());
}

#[test]
fn a_call_closed_as_unknown_is_the_call_that_was_opened() {
    let opened =
        Body { kind: Kind::CallOpened, outcome: None, ..body("n".into(), "read".into(), Value::Null) };
    let closed = Body::unknown_outcome(&opened, TIME);
    assert_eq!((closed.kind, &closed.call, &closed.tool), (Kind::CallClosed, &opened.call, &opened.tool));
    assert_eq!(closed.outcome, Some(Outcome::ended(Status::Unknown)));
}
