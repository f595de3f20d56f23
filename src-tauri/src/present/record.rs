//! The record as people read it: one line a call, however many receipts it left.

use super::agents::count;
use crate::view::{self, Outcome, ResultKind};
use broker::record::{Body, Entry, Filter, Kind, Status, Verdict};
use broker::{Broker, BrokerError, LiveCall};
use domain::{CallId, Denial, ServerName, Timestamp};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Lines on a page, if nobody says otherwise, and at most.
const PAGE: usize = 200;
const LONGEST_PAGE: usize = 1000;
/// A call's first receipt is looked for so many receipts before its last.
const REACH: u64 = 500;
/// The most receipts read for figures and tallies.
const FIGURES: usize = 5000;
/// So many lines about a server itself are shown with it.
const HAPPENED: usize = 8;
/// The longest gist of arguments.
const GIST: usize = 160;

/// A page of the record, newest first.
pub(crate) fn page(broker: &Broker, wanted: &view::Filter) -> Result<view::Page, BrokerError> {
    let limit = wanted.limit.map_or(PAGE, |limit| usize::try_from(limit).unwrap_or(PAGE)).min(LONGEST_PAGE);
    let filter = filter(wanted, limit + 1);
    let mut found = broker.activity(&filter)?;
    let more = found.len() > limit;
    found.truncate(limit);
    found.retain(ends_alone(&found));
    Ok(view::Page { entries: lines(broker, &found)?, total: total(broker)?, more })
}

/// The lines for these receipts; a call's last receipt is told with what its first one knows.
pub(crate) fn lines(broker: &Broker, found: &[Entry]) -> Result<Vec<view::Entry>, BrokerError> {
    let (Some(newest), Some(oldest)) = (found.first(), found.last()) else { return Ok(vec![]) };
    let opened = broker.activity(&Filter {
        kinds: vec![Kind::CallOpened],
        after: Some(oldest.seq.saturating_sub(REACH)),
        before: Some(newest.seq + 1),
        limit: Some(LONGEST_PAGE + FIGURES),
        ..Filter::default()
    })?;
    let opened: HashMap<_, _> =
        opened.iter().filter_map(|entry| Some((entry.body.call.as_ref()?, &entry.body))).collect();
    Ok(found.iter().map(|entry| line(entry, first(&opened, entry))).collect())
}

/// One receipt as a line of the log.
pub(super) fn line(entry: &Entry, opened: Option<&Body>) -> view::Entry {
    let body = &entry.body;
    let arguments = body.arguments.as_ref().or_else(|| opened?.arguments.as_ref());
    let preview = arguments.and_then(|arguments| arguments.preview.as_ref());
    view::Entry {
        seq: entry.seq,
        at: opened.map_or(body.time, |opened| opened.time),
        kind: body.kind.to_string(),
        agent: body.agent.clone(),
        server: body.server.clone(),
        tool: body.tool.as_ref().map(|tool| tool.target.name.clone()),
        gist: preview.map(gist).or_else(|| body.note.clone()).unwrap_or_default(),
        asked: was_asked(opened.unwrap_or(body)),
        outcome: outcome(body),
        took_us: body.outcome.as_ref().and_then(|outcome| outcome.duration_us),
    }
}

/// The lines of receipts from number `seq` on, oldest first; after a burst only the newest of them.
pub(crate) fn since(broker: &Broker, seq: u64) -> Result<Vec<view::Entry>, BrokerError> {
    let new = Filter { kinds: told(), after: seq.checked_sub(1), limit: Some(PAGE), ..Filter::default() };
    let mut found = broker.activity(&new)?;
    found.retain(ends_alone(&found));
    let mut lines = lines(broker, &found)?;
    lines.reverse();
    Ok(lines)
}

/// A call that was opened and has no end yet: it may go through. None if nothing of it has left.
pub(crate) fn uncertain(broker: &Broker, call: &LiveCall) -> Option<view::Entry> {
    let opened = Filter {
        agent: Some(call.agent.clone()),
        kinds: vec![Kind::CallOpened],
        since: Some(call.since),
        limit: Some(FIGURES),
        ..Filter::default()
    };
    let found = broker.activity(&opened).ok()?;
    let entry = found.iter().find(|entry| entry.body.call.as_ref() == Some(&call.id))?;
    Some(view::Entry { outcome: Outcome::Unknown, ..line(entry, None) })
}

/// What the record tells of a server itself lately, oldest first.
pub(crate) fn happened(broker: &Broker, server: &ServerName) -> Result<Vec<view::Entry>, BrokerError> {
    let of = Filter {
        server: Some(server.clone()),
        kinds: Kind::ALL.iter().copied().filter(|kind| is_of_server(*kind)).collect(),
        limit: Some(HAPPENED),
        ..Filter::default()
    };
    let mut lines = lines(broker, &broker.activity(&of)?)?;
    lines.reverse();
    Ok(lines)
}

/// When the server ended the login, if that is why there is none.
pub(crate) fn login_ended(broker: &Broker, server: &ServerName) -> Option<Timestamp> {
    let of = |kinds, after, limit| {
        let filter =
            Filter { server: Some(server.clone()), kinds, after, limit: Some(limit), ..Filter::default() };
        broker.activity(&filter).ok()
    };
    let human = vec![Kind::LoginCompleted, Kind::LoginEnded, Kind::ServerAdded];
    let last = of(human, None, 1)?.pop().filter(|last| last.body.kind == Kind::LoginCompleted)?;
    // One with a note is about a login that holds and does not reach far enough.
    let needed = of(vec![Kind::LoginNeeded], Some(last.seq), FIGURES)?;
    Some(needed.iter().rfind(|needed| needed.body.note.is_none())?.body.time)
}

fn is_of_server(kind: Kind) -> bool {
    ["login.", "server."].iter().any(|subject| kind.as_str().starts_with(subject))
}

/// Calls since `since`, oldest first, as notches.
pub(crate) fn notches(
    broker: &Broker,
    of: Filter,
    since: Timestamp,
) -> Result<Vec<view::Notch>, BrokerError> {
    let kinds = vec![Kind::CallOpened, Kind::CallDenied];
    let calls = broker.activity(&Filter { kinds, since: Some(since), limit: Some(FIGURES), ..of })?;
    let notch = |entry: Entry| {
        let refused = entry.body.kind == Kind::CallDenied;
        let (asked, at) = (was_asked(&entry.body), entry.body.time);
        Some(view::Notch { agent: entry.body.agent?, at, asked, refused })
    };
    Ok(calls.into_iter().rev().filter_map(notch).collect())
}

/// The last hour's notches.
pub(crate) fn hour(broker: &Broker) -> Result<Vec<view::Notch>, BrokerError> {
    let ago = broker.now().micros() - 3_600_000_000;
    notches(broker, Filter::default(), Timestamp::from_micros(ago))
}

/// Today's figures.
pub(crate) fn today(broker: &Broker, of: Filter) -> Result<view::Today, BrokerError> {
    let since = midnight(broker.now());
    let notches = notches(broker, of.clone(), since)?;
    let closed = Filter { kinds: vec![Kind::CallClosed], since: Some(since), limit: Some(FIGURES), ..of };
    let took = |entry: &Entry| entry.body.outcome.as_ref()?.duration_us;
    let mut took: Vec<_> = broker.activity(&closed)?.iter().filter_map(took).collect();
    took.sort_unstable();
    Ok(view::Today {
        calls: count(notches.len()),
        asked: count(notches.iter().filter(|notch| notch.asked).count()),
        refused: count(notches.iter().filter(|notch| notch.refused).count()),
        median_ms: took.get(took.len() / 2).map(|us| u32::try_from(us / 1000).unwrap_or(u32::MAX)),
    })
}

/// How many receipts there are.
pub(crate) fn total(broker: &Broker) -> Result<u64, BrokerError> {
    let newest = broker.activity(&Filter { limit: Some(1), ..Filter::default() })?;
    Ok(newest.first().map_or(0, |entry| entry.seq + 1))
}

/// When today began, by the human's calendar.
pub(crate) fn midnight(now: Timestamp) -> Timestamp {
    let today =
        jiff::Timestamp::from_microsecond(now.micros()).map(|now| now.to_zoned(jiff::tz::TimeZone::system()));
    let began = today.and_then(|today| today.start_of_day());
    began.map_or(now, |began| Timestamp::from_micros(began.timestamp().as_microsecond()))
}

fn first<'a>(opened: &HashMap<&CallId, &'a Body>, entry: &Entry) -> Option<&'a Body> {
    opened.get(entry.body.call.as_ref()?).copied()
}

fn filter(wanted: &view::Filter, limit: usize) -> Filter {
    let (mut kinds, mut status) = (told(), None);
    match wanted.result {
        None => {}
        Some(ResultKind::Allowed) => status = Some(Status::Ok),
        Some(ResultKind::Failed) => status = Some(Status::Failed),
        Some(ResultKind::Unknown) => status = Some(Status::Unknown),
        Some(ResultKind::Refused) => kinds = vec![Kind::CallDenied],
        Some(ResultKind::Asked) => {
            kinds = vec![Kind::ApprovalGranted, Kind::ApprovalRefused, Kind::ApprovalExpired];
        }
    }
    Filter {
        agent: wanted.agent.clone(),
        server: wanted.server.clone(),
        kinds,
        verdict: None,
        status,
        since: wanted.since,
        text: wanted.text.clone().filter(|text| !text.trim().is_empty()),
        after: None,
        before: wanted.before,
        limit: Some(limit),
    }
}

/// Kinds with a line of their own: a call is told by its last receipt, and that tells of the question about it, too.
fn told() -> Vec<Kind> {
    let silent = [Kind::CallOpened, Kind::ApprovalAsked, Kind::ApprovalGranted, Kind::ApprovalRefused];
    Kind::ALL.iter().copied().filter(|kind| !silent.contains(kind)).collect()
}

/// Keeps a question that ended unanswered only where the call ended with it: the agent took it back. Any other call was
/// refused then, and has its own line.
fn ends_alone(found: &[Entry]) -> impl FnMut(&Entry) -> bool + use<> {
    let denied = found.iter().filter(|entry| entry.body.kind == Kind::CallDenied);
    let denied: HashSet<_> = denied.filter_map(|entry| entry.body.call.clone()).collect();
    move |entry| {
        let expired = entry.body.kind == Kind::ApprovalExpired;
        !(expired && entry.body.call.as_ref().is_some_and(|call| denied.contains(call)))
    }
}

fn outcome(body: &Body) -> Outcome {
    if body.kind == Kind::CallDenied || body.kind == Kind::ApprovalRefused {
        return refused(body);
    }
    let Some(outcome) = &body.outcome else { return Outcome::Noted };
    match outcome.status {
        Status::Ok => Outcome::Allowed,
        Status::Failed => Outcome::Failed { why: outcome.error.clone().unwrap_or_default() },
        Status::Cancelled | Status::Unknown => Outcome::Unknown,
    }
}

fn refused(body: &Body) -> Outcome {
    let decided = body.decision.as_ref().and_then(|decision| decision.reason.clone());
    let failed = || body.outcome.as_ref().and_then(|outcome| outcome.error.clone());
    let code = decided.or_else(failed).unwrap_or_else(|| "human_denied".into());
    let why = body.note.clone().unwrap_or_else(|| code.replace('_', " "));
    Outcome::Refused { code, why }
}

fn was_asked(body: &Body) -> bool {
    let asked = |decision: &broker::record::Decision| {
        decision.approval.is_some() || decision.outcome == Verdict::Asked
    };
    body.decision.as_ref().is_some_and(|decision| asked(decision) || refused_by_human(decision))
}

/// Whether a call was refused because of what the human said, or did not say.
fn refused_by_human(decision: &broker::record::Decision) -> bool {
    let reason = decision.reason.as_deref();
    [Denial::HumanDenied, Denial::Unanswered].iter().any(|denial| reason == Some(denial.code()))
}

/// Arguments in one short line.
fn gist(arguments: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let line = match arguments.as_object() {
        Some(named) => named
            .iter()
            .map(|(name, value)| format!("{name}: {}", text(value)))
            .collect::<Vec<_>>()
            .join(", "),
        None if arguments.is_null() => String::new(),
        None => text(arguments),
    };
    match line.char_indices().nth(GIST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_gist_is_one_short_line() {
        assert_eq!(gist(&json!({"repo": "acme/atlas", "n": 3})), "repo: acme/atlas, n: 3");
        assert_eq!(gist(&Value::Null), "");
        assert_eq!(gist(&json!({"long": "é".repeat(1000)})).chars().count(), GIST + 1);
    }

    #[test]
    fn a_call_has_one_line_whatever_receipts_it_left() {
        assert!(!told().contains(&Kind::CallOpened));
        assert!(told().contains(&Kind::CallClosed) && told().contains(&Kind::CallDenied));
    }

    #[test]
    fn a_denied_call_reads_as_one_line_and_counts_as_asked() {
        assert!(!told().contains(&Kind::ApprovalRefused) && !told().contains(&Kind::ApprovalGranted));
        let mut denied = Body::new(Kind::CallDenied, Timestamp::from_seconds(0));
        denied.decision = Some(broker::record::Decision {
            outcome: Verdict::Denied,
            reason: Some("human_denied".into()),
            rule: None,
            approval: None,
        });
        assert!(was_asked(&denied));
    }

    #[test]
    fn an_answer_that_never_came_is_not_called_allowed() {
        let mut closed = Body::new(Kind::CallClosed, Timestamp::from_seconds(0));
        closed.outcome = Some(broker::record::Outcome::ended(Status::Cancelled));
        assert!(matches!(outcome(&closed), Outcome::Unknown));
    }
}
