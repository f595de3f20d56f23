//! An agent's refusals in the record: all of them told, and none of them at a length the agent chooses.
//!
//! In any minute of a session the first of its kind is a receipt of its own; how often it was repeated is one more when the
//! minute is over. So is the number of those that were refused after too many different ones.

use super::{Session, lock};
use crate::end::Stop;
use crate::wanted::Misread;
use domain::{Denial, Digest, Target, Timestamp};
use proof::receipt::{self, Body, Verdict};
use std::collections::HashMap;
use std::mem;
use std::time::Duration;

/// How long equal refusals are counted before they are told.
const MINUTE: Duration = Duration::from_secs(60);
/// How many different refusals of a session are receipts of their own in a minute.
const DIFFERENT: usize = 120;
/// How much of a name that is too long is shown.
const SHOWN: usize = 64;

/// What a session was refused in this minute.
#[derive(Default)]
pub(super) struct Refusals {
    began: Option<Timestamp>,
    told: HashMap<Digest, (Body, u64)>,
    more: Option<(Body, u64)>,
}

impl Refusals {
    /// Takes one; gives what is to be recorded now.
    fn take(&mut self, body: Body) -> Vec<Body> {
        let over = self.began.is_none_or(|began| body.time.since(began) >= MINUTE);
        let mut due = if over { self.end(body.time) } else { vec![] };
        let (kind, told) = (kind_of(&body), self.told.len());
        if let Some((_, times)) = self.told.get_mut(&kind) {
            *times += 1;
        } else if told < DIFFERENT {
            self.told.insert(kind, (body.clone(), 0));
            due.push(body);
        } else {
            self.more.get_or_insert_with(|| (unnamed(body), 0)).1 += 1;
        }
        due
    }

    /// Ends the minute: what was only counted, told.
    fn end(&mut self, now: Timestamp) -> Vec<Body> {
        let ended = mem::replace(self, Self { began: Some(now), ..Self::default() });
        let repeated = ended.told.into_values().filter(|(_, times)| *times > 0);
        let equal = repeated.map(|(body, times)| (body, format!("×{times} more, equal, within a minute")));
        let different =
            ended.more.map(|(body, times)| (body, format!("×{times} more, each different, within a minute")));
        equal
            .chain(different)
            .map(|(body, note)| Body { time: now, call: None, note: Some(note), ..body })
            .collect()
    }
}

/// What makes two refusals equal: the same thing, with the same arguments, for the same reason.
fn kind_of(body: &Body) -> Digest {
    let arguments = body.arguments.as_ref().map(|arguments| arguments.digest);
    let reason = body.decision.as_ref().map(|decision| &decision.reason);
    proof::sha256(
        format!("{:?} {:?} {arguments:?} {reason:?} {:?}", body.server, body.tool, body.note).as_bytes(),
    )
}

fn unnamed(body: Body) -> Body {
    Body { server: None, tool: None, arguments: None, ..body }
}

impl Session {
    /// Records a refusal, as far as it is not an equal one's repetition.
    pub(super) fn refused(&self, body: Body) -> Result<(), Denial> {
        let due = lock(&self.refusals).take(body);
        due.into_iter().try_for_each(|body| self.inner.write(body).map(drop))
    }

    /// Records what was only counted so far.
    pub(super) fn tell_refusals(&self) {
        let due = lock(&self.refusals).end(self.inner.clock.now());
        for body in due {
            if let Err(error) = self.inner.write(body) {
                tracing::error!(%error, "repeated refusals could not be recorded");
            }
        }
    }

    /// Says what is wrong with a request. One whose name is too long is recorded by its digest and length.
    pub(super) fn misread(&self, method: &str, misread: Misread) -> Stop {
        let what = match misread {
            Misread::Params(what) => what,
            Misread::TooLong { target, limit } => {
                if let Err(denial) = self.refused(self.too_long(&target)) {
                    return Stop::Denied(denial);
                }
                format!("a name of {} bytes is longer than {limit}", target.name.len())
            }
        };
        Stop::Failed { code: -32602, sentence: format!("{method}: {what}"), reason: "invalid_params" }
    }

    fn too_long(&self, target: &Target) -> Body {
        let note =
            format!("a name of {} bytes, {}", target.name.len(), proof::sha256(target.name.as_bytes()));
        let name = target.name.chars().take(SHOWN).chain(['…']).collect();
        let target = Target { kind: target.kind, name };
        Body {
            agent: Some(self.agent.clone()),
            session: Some(self.id.clone()),
            peer: Some(self.peer.clone()),
            tool: Some(receipt::Tool { target, definition: None }),
            decision: Some(receipt::Decision {
                outcome: Verdict::Denied,
                reason: Some("name_too_long".to_owned()),
                rule: Some("policy".to_owned()),
                approval: None,
            }),
            note: Some(note),
            ..self.inner.body(receipt::Kind::CallDenied)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof::receipt::{Kind, Tool};

    fn refusal(name: &str, seconds: i64) -> Body {
        let tool = Tool { target: Target::tool(name), definition: None };
        Body { tool: Some(tool), ..Body::new(Kind::CallDenied, Timestamp::from_seconds(seconds)) }
    }

    #[test]
    fn threat_21_a_thousand_equal_refusals_are_two_receipts() {
        let mut refusals = Refusals::default();
        let first: Vec<_> = (0..1000).flat_map(|_| refusals.take(refusal("a", 5))).collect();
        assert_eq!(first, [refusal("a", 5)]);
        let then = refusals.take(refusal("b", 65));
        assert_eq!(then.len(), 2);
        assert_eq!(then[0].note.as_deref(), Some("×999 more, equal, within a minute"));
        assert_eq!(then[1], refusal("b", 65));
        assert!(
            refusals.end(Timestamp::from_seconds(70)).is_empty(),
            "what was not repeated is told already"
        );
    }

    #[test]
    fn threat_21_a_thousand_different_refusals_are_bounded_and_counted() {
        let mut refusals = Refusals::default();
        let told: Vec<_> = (0..1000).flat_map(|n| refusals.take(refusal(&n.to_string(), 5))).collect();
        assert_eq!(told.len(), DIFFERENT);
        let rest = refusals.end(Timestamp::from_seconds(6));
        assert_eq!(rest.len(), 1);
        assert_eq!(rest[0].note.as_deref(), Some("×880 more, each different, within a minute"));
        assert_eq!(rest[0].tool, None);
    }
}
