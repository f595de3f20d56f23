//! One receipt in full, checked just now.

use super::agents::program;
use super::questions::arguments;
use super::record::{line, lines};
use crate::view::{self, Check, Checked, Link};
use broker::record::{Body, Entry, Filter, Kind, Report};
use broker::{Broker, BrokerError, DelegationView, ReceiptCheck};

/// The receipt with this number, if there is one.
pub(crate) fn receipt(broker: &Broker, seq: u64) -> Result<Option<view::Receipt>, BrokerError> {
    let (Some(entry), Some(check)) = (at(broker, seq)?, broker.check_receipt(seq)?) else { return Ok(None) };
    let opened = opened(broker, &entry)?;
    let opened = opened.as_ref().map(|opened| &opened.body);
    let body = &entry.body;
    let sent = body.arguments.as_ref().or_else(|| opened?.arguments.as_ref());
    let peer = body.peer.as_ref().or_else(|| opened?.peer.as_ref());
    let held = body.delegation.as_ref().and_then(|id| broker.delegation(id).ok());
    let outcome = body.outcome.as_ref();
    Ok(Some(view::Receipt {
        entry: line(&entry, opened),
        arguments: sent.and_then(|sent| sent.preview.as_ref()).map(arguments).unwrap_or_default(),
        arguments_digest: sent.map(|sent| sent.digest.to_string()),
        definition: body.tool.as_ref().and_then(|tool| tool.definition).map(|pin| pin.to_string()),
        program: peer.map(|peer| program(&peer.program, Some(peer.pid))),
        delegation: body.delegation.clone(),
        signed: held.as_ref().map(|held| held.delegation.issued),
        bytes: outcome.and_then(|outcome| outcome.bytes),
        answer_digest: outcome.and_then(|outcome| outcome.digest).map(|digest| digest.to_string()),
        checks: checks(body, held.as_ref(), check),
        previous: seq.checked_sub(1).map(|seq| at(broker, seq)).transpose()?.flatten().map(link),
        next: at(broker, seq + 1)?.map(link),
        line: broker.signed_line(seq)?.unwrap_or_default(),
        this: link(entry),
    }))
}

/// What a whole record's verification says.
pub(crate) fn verdict(report: &Report) -> view::Verdict {
    let more = (report.more > 0).then(|| format!("and {} more", report.more));
    view::Verdict {
        whole: report.holds(),
        receipts: report.so_far.size,
        faults: report.findings.iter().map(ToString::to_string).chain(more).collect(),
    }
}

/// The last lines about one agent.
pub(crate) fn last(
    broker: &Broker,
    agent: &domain::AgentName,
    limit: usize,
) -> Result<Vec<view::Entry>, BrokerError> {
    let kinds = vec![Kind::CallClosed, Kind::CallDenied];
    let of = Filter { agent: Some(agent.clone()), kinds, limit: Some(limit), ..Filter::default() };
    lines(broker, &broker.activity(&of)?)
}

fn at(broker: &Broker, seq: u64) -> Result<Option<Entry>, BrokerError> {
    let one = Filter { before: Some(seq + 1), limit: Some(1), ..Filter::default() };
    Ok(broker.activity(&one)?.pop().filter(|entry| entry.seq == seq))
}

/// The first receipt of the call that this one ends.
fn opened(broker: &Broker, entry: &Entry) -> Result<Option<Entry>, BrokerError> {
    if entry.body.kind != Kind::CallClosed {
        return Ok(None);
    }
    let before = Filter {
        agent: entry.body.agent.clone(),
        kinds: vec![Kind::CallOpened],
        before: Some(entry.seq),
        ..Filter::default()
    };
    Ok(broker.activity(&before)?.into_iter().find(|opened| opened.body.call == entry.body.call))
}

fn checks(body: &Body, held: Option<&DelegationView>, found: ReceiptCheck) -> Vec<Checked> {
    let mut checks = vec![
        Checked { check: Check::Signature, holds: found.signed },
        Checked { check: Check::Chain, holds: found.follows },
    ];
    if let Some(held) = held {
        let span = &held.delegation;
        let holds = span.not_before <= body.time && body.time < span.expires;
        checks.push(Checked { check: Check::Delegation, holds });
    }
    if !body.proof.is_empty() {
        checks.push(Checked { check: Check::Proof, holds: found.signed });
    }
    checks
}

fn link(entry: Entry) -> Link {
    Link { seq: entry.seq, hash: entry.digest.to_hex() }
}
