//! Every file under `tests/vectors` is read, judged, and compared with the verdict written in it.
#![cfg(test)]

use domain::{Delegation, Digest, PublicKey, Signer, Timestamp};
use proof::call_proof::{self, Expected, ProofClaims, ProvedCall};
use proof::chain::Verifier;
use proof::receipt::Checkpoint;
use proof::{SigningKey, canonical, did_key, digest, parse_did_key, sd_jwt};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a vector expects, and what each of them has.
#[derive(Deserialize)]
struct Vector<T> {
    verdict: Verdict,
    #[serde(default)]
    reason: Option<String>,
    #[serde(flatten)]
    case: T,
}

#[derive(Deserialize, PartialEq, Eq, Debug, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Accepted,
    Refused,
}

/// Reads every file of a group, and fails when there are fewer than there should be.
fn each<T: DeserializeOwned>(group: &str, at_least: usize, judge: impl Fn(&str, Vector<T>)) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(group);
    let mut paths: Vec<PathBuf> = fs::read_dir(&dir).unwrap().map(|item| item.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= at_least, "{} files in {group}", paths.len());
    for path in paths {
        let name = path.file_stem().unwrap().to_string_lossy();
        let vector = serde_json::from_slice(&fs::read(&path).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        judge(&format!("{group}/{name}"), vector);
    }
}

/// Compares an outcome with the verdict; gives back what was accepted.
fn judged<C, T>(name: &str, vector: &Vector<C>, outcome: Result<T, String>) -> Option<T> {
    match (vector.verdict, outcome) {
        (Verdict::Accepted, Ok(accepted)) => Some(accepted),
        (Verdict::Refused, Err(reason)) => {
            assert_eq!(Some(reason), vector.reason, "{name}");
            None
        }
        (expected, outcome) => panic!("{name}: expected {expected:?}, got {:?}", outcome.err()),
    }
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn key(did: &str) -> PublicKey {
    parse_did_key(did).unwrap()
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    let byte = |index: usize| u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).unwrap();
    std::array::from_fn(byte)
}

#[derive(Deserialize)]
struct Canonical {
    input: Option<String>,
    canonical: Option<String>,
    digest: Option<Digest>,
    numbers: Option<Vec<(String, String)>>,
}

#[test]
fn canonical_json_is_what_another_implementation_makes_of_it() {
    each("canonical", 20, |name, vector: Vector<Canonical>| {
        for (bits, spelling) in vector.case.numbers.iter().flatten() {
            let double = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
            let ours = canonical(&serde_json::from_str(&serde_json::to_string(&double).unwrap()).unwrap());
            assert_eq!(&String::from_utf8(ours).unwrap(), spelling, "{name}: {bits}");
        }
        let Some(input) = &vector.case.input else { return };
        let outcome = proof::parse(input.as_bytes()).map_err(|error| {
            let code = match error {
                proof::JsonError::Syntax { .. } => "syntax",
                proof::JsonError::Duplicate { .. } => "duplicate",
                proof::JsonError::Reserved { .. } => "reserved",
            };
            code.to_owned()
        });
        if let Some(value) = judged(name, &vector, outcome) {
            let ours = String::from_utf8(canonical(&value)).unwrap();
            assert_eq!(Some(ours), vector.case.canonical, "{name}");
            assert_eq!(Some(digest(&value)), vector.case.digest, "{name}");
        }
    });
}

#[derive(Deserialize)]
struct DelegationCase {
    text: String,
    now: String,
    human: String,
    agent: Option<String>,
    tools: Option<Vec<String>>,
    made_from: Option<DelegationParts>,
}

#[derive(Deserialize)]
struct DelegationParts {
    delegation: Delegation,
    human_seed: String,
    agent_seed: String,
    salts: Vec<String>,
}

#[test]
fn delegations_hold_or_are_refused_as_written() {
    each("delegation", 54, |name, vector: Vector<DelegationCase>| {
        let case = &vector.case;
        let outcome = sd_jwt::verify(&case.text, time(&case.now), Some(&key(&case.human)));
        let outcome = outcome.map_err(|error| error.code().to_owned());
        let Some(verified) = judged(name, &vector, outcome) else { return };
        assert_eq!(Some(did_key(&verified.agent)), case.agent, "{name}");
        let tools = verified.details.iter().flat_map(|detail| &detail.tools).map(|tool| tool.name.clone());
        assert_eq!(Some(tools.collect()), case.tools, "{name}");
        if let Some(parts) = &case.made_from {
            assert_eq!(issue(parts), case.text, "{name}");
        }
    });
}

fn issue(parts: &DelegationParts) -> String {
    let human = SigningKey::from_seed(&bytes(&parts.human_seed));
    let agent = SigningKey::from_seed(&bytes(&parts.agent_seed)).public_key();
    let mut salts = parts.salts.iter().map(|salt| bytes(salt));
    sd_jwt::issue(&parts.delegation, &agent, || salts.next().unwrap(), &human).unwrap().to_text()
}

#[derive(Deserialize)]
struct CallProofCase {
    text: String,
    expected: Demand,
    #[serde(default)]
    nonce_seen: bool,
    made_from: Option<CallProofParts>,
}

#[derive(Deserialize)]
struct Demand {
    audience: String,
    call: ProvedCall,
    human: String,
    now: String,
    max_age_seconds: u64,
}

#[derive(Deserialize)]
struct CallProofParts {
    presentation: String,
    holder_seed: String,
    audience: String,
    iat: i64,
    nonce: String,
}

#[test]
fn call_proofs_hold_or_are_refused_as_written() {
    each("call-proof", 25, |name, vector: Vector<CallProofCase>| {
        let case = &vector.case;
        let expected = Expected {
            audience: &case.expected.audience,
            call: &case.expected.call,
            human: Some(&key(&case.expected.human)),
            now: time(&case.expected.now),
            max_age: Duration::from_secs(case.expected.max_age_seconds),
        };
        let outcome = call_proof::verify(&case.text, &expected, |_| !case.nonce_seen);
        judged(name, &vector, outcome.map_err(|error| error.code().to_owned()));
        if let Some(parts) = &case.made_from {
            assert_eq!(prove(parts, &case.expected.call), case.text, "{name}");
        }
    });
}

fn prove(parts: &CallProofParts, call: &ProvedCall) -> String {
    let delegation = sd_jwt::SdJwt::parse(&parts.presentation).unwrap();
    let claims = ProofClaims {
        audience: parts.audience.clone(),
        issued: Timestamp::from_seconds(parts.iat),
        nonce: parts.nonce.clone(),
        call: call.clone(),
    };
    let holder = SigningKey::from_seed(&bytes(&parts.holder_seed));
    call_proof::prove(&delegation.disclose(&parts.audience).unwrap(), &claims, &holder).unwrap()
}

#[derive(Deserialize)]
struct ReceiptCase {
    text: String,
    key: String,
    receipts: Option<u64>,
    flaw: Option<String>,
    line: Option<u64>,
    checkpoint: Option<KnownCheckpoint>,
}

#[derive(Deserialize)]
struct KnownCheckpoint {
    size: u64,
    head: String,
    time: String,
}

#[test]
fn threat_23_chains_of_receipts_hold_or_are_refused_as_written() {
    each("receipt", 30, |name, vector: Vector<ReceiptCase>| {
        let case = &vector.case;
        let known = case.checkpoint.as_ref().map(|known| Checkpoint {
            size: known.size,
            head: Digest::parse_hex(&known.head).unwrap(),
            time: time(&known.time),
        });
        let outcome = first_flaw(&case.text, Verifier::new(key(&case.key), known));
        assert_eq!(outcome.is_ok(), vector.verdict == Verdict::Accepted, "{name}: {outcome:?}");
        match outcome {
            Ok(receipts) => assert_eq!(Some(receipts), case.receipts, "{name}"),
            Err((line, flaw)) => {
                assert_eq!((Some(line), Some(flaw)), (case.line, case.flaw.clone()), "{name}")
            }
        }
    });
}

/// The number of receipts, or where the first flaw is and which.
fn first_flaw(text: &str, mut verifier: Verifier) -> Result<u64, (u64, String)> {
    let mut lines = 0;
    for line in text.split_inclusive('\n') {
        lines += 1;
        let whole = line.strip_suffix('\n').ok_or((lines, "torn".to_owned()))?;
        verifier.feed(whole.as_bytes()).map_err(|fault| (fault.line, fault.flaw.code().to_owned()))?;
    }
    let end = verifier.finish().map_err(|fault| (fault.line, fault.flaw.code().to_owned()))?;
    Ok(end.size)
}
