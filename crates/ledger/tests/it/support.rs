//! What the ledger's tests share: a key, a clock that ticks, and bodies as the broker would write them.

use domain::{AgentName, CallId, DelegationId, ServerName, Signer, Target, Timestamp};
use ledger::{Ledger, Report};
use proof::SigningKey;
use proof::receipt::{Arguments, Body, Decision, Kind, Outcome, Status, Tool, Verdict};
use serde_json::json;
use std::path::Path;

/// The receipt key of all tests.
pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed(&[42; 32])
}

/// A moment, `seconds` after a fixed one.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_795_000_000 + seconds)
}

pub(crate) fn open(dir: &Path) -> Ledger {
    Ledger::open(dir, at(0)).unwrap().0
}

pub(crate) fn delegation() -> DelegationId {
    DelegationId::new("d-1")
}

pub(crate) fn server() -> ServerName {
    ServerName::parse("github").unwrap()
}

/// A call that goes out.
pub(crate) fn opened(call: &str, tool: &str, time: Timestamp) -> Body {
    Body {
        human: Some("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp".into()),
        agent: Some(AgentName::parse("claude").unwrap()),
        server: Some(server()),
        delegation: Some(delegation()),
        call: Some(CallId::new(call)),
        tool: Some(Tool { target: Target::tool(tool), definition: Some(proof::sha256(b"definition")) }),
        arguments: Some(Arguments {
            digest: proof::call_digest(tool, &json!({"title": call})),
            preview: Some(json!({"title": call, "amount": 12})),
        }),
        decision: Some(Decision {
            outcome: Verdict::Allowed,
            reason: None,
            rule: Some("delegation".into()),
            approval: None,
        }),
        ..Body::new(Kind::CallOpened, time)
    }
}

/// The end of that call.
pub(crate) fn closed(call: &str, tool: &str, time: Timestamp) -> Body {
    let outcome = Outcome { duration_us: Some(1_250), bytes: Some(17), ..Outcome::ended(Status::Ok) };
    Body { kind: Kind::CallClosed, decision: None, outcome: Some(outcome), ..opened(call, tool, time) }
}

/// A call that was refused.
pub(crate) fn denied(call: &str, tool: &str, time: Timestamp) -> Body {
    let decision =
        Decision { outcome: Verdict::Denied, reason: Some("not_granted".into()), rule: None, approval: None };
    Body { kind: Kind::CallDenied, decision: Some(decision), ..opened(call, tool, time) }
}

pub(crate) fn verify(dir: &Path) -> Report {
    ledger::verify_dir(dir, &key().public_key(), None).unwrap()
}

/// Appends `count` calls, opened and closed.
pub(crate) fn fill(ledger: &Ledger, count: usize) {
    for number in 0..count {
        let call = format!("call-{number}");
        let time = at(i64::try_from(number).unwrap());
        ledger.append(opened(&call, "create_issue", time), &key()).unwrap();
        ledger.append(closed(&call, "create_issue", time), &key()).unwrap();
    }
}
