//! A question as the approval window shows it: everything that is sent, nothing left out.

use super::agents::program;
use crate::shell::Shell;
use crate::view;
use broker::Broker;
use broker::record::{Entry, Filter, Kind, Verdict};
use domain::{Agent, AgentName, Becomes, Peer, Question, Risk, ServerName, Subject, Target};
use serde_json::Value;

/// So many approved calls are looked through for the last one of the same tool.
const LOOKED_BACK: usize = 200;

/// A question and all that is needed to answer it.
pub(crate) fn question(shell: &Shell, broker: &Broker, question: &Question) -> view::Question {
    let subject = match &question.subject {
        Subject::Call {
            agent,
            peer,
            server,
            target,
            definition,
            delegation,
            approval,
            arguments,
            digest,
            ..
        } => {
            let tool = definition.and_then(|pin| shell.tools().pinned(server, &target.name, pin));
            let held = broker.delegation(delegation).ok();
            let before = approved_before(broker, agent, server, target);
            view::Subject::Call {
                agent: agent.clone(),
                program: program(&peer.program, Some(peer.pid)),
                standpoint: standpoint(broker.agent(agent).ok().as_ref(), peer),
                server: server.clone(),
                tool: target.name.clone(),
                title: tool.as_ref().map_or(target.name.as_str(), domain::Tool::title).to_owned(),
                risk: tool.map_or(Risk::Unknown, |tool| tool.risk()).into(),
                approval: (*approval).into(),
                arguments: compared(broker, arguments, before.as_ref()),
                bytes: super::agents::count(arguments.to_string().len()),
                approved_before: before.map(|before| before.body.time),
                until: held.map_or(question.expires, |held| held.delegation.expires),
                digest: *digest,
            }
        }
        Subject::Connect { agent, peer, .. } => connect(broker, agent, peer),
        Subject::Authorize { agent, becomes, client, document, redirect, endpoint, pid, program: now } => {
            view::Subject::Authorize {
                agent: agent.clone(),
                becomes: (*becomes).into(),
                client: client.clone(),
                document: document.clone(),
                redirect: redirect.clone(),
                endpoint: endpoint.path(),
                program: program(now, Some(*pid)),
                known: known(broker, agent),
            }
        }
        Subject::Confirm { sentence, details } => {
            view::Subject::Confirm { sentence: sentence.clone(), details: details.clone() }
        }
    };
    view::Question { id: question.id.clone(), subject, asked: question.asked, expires: question.expires }
}

fn connect(broker: &Broker, agent: &AgentName, peer: &Peer) -> view::Subject {
    view::Subject::Connect {
        agent: agent.clone(),
        program: program(&peer.program, Some(peer.pid)),
        known: known(broker, agent),
    }
}

/// What the human accepted for an agent before.
fn known(broker: &Broker, agent: &AgentName) -> Vec<view::Program> {
    let known = broker.agent(agent).map(|agent| agent.programs).unwrap_or_default();
    known.iter().map(|known| program(known, None)).collect()
}

impl From<Becomes> for view::Becomes {
    fn from(becomes: Becomes) -> Self {
        match becomes {
            Becomes::New => Self::New,
            Becomes::First => Self::First,
            Becomes::Known => Self::Known,
            Becomes::Another => Self::Another,
        }
    }
}

fn standpoint(agent: Option<&Agent>, peer: &Peer) -> view::Standpoint {
    match agent {
        Some(agent) if agent.knows(&peer.program) => view::Standpoint::Same,
        _ => view::Standpoint::Changed,
    }
}

/// The last call of this tool by this agent that the human approved by itself.
fn approved_before(
    broker: &Broker,
    agent: &AgentName,
    server: &ServerName,
    target: &Target,
) -> Option<Entry> {
    let asked = Filter {
        agent: Some(agent.clone()),
        server: Some(server.clone()),
        kinds: vec![Kind::CallOpened],
        verdict: Some(Verdict::Asked),
        limit: Some(LOOKED_BACK),
        ..Filter::default()
    };
    let same = |entry: &Entry| entry.body.tool.as_ref().is_some_and(|tool| tool.target == *target);
    broker.activity(&asked).ok()?.into_iter().find(same)
}

/// Every argument, with what it was before where that differs. The record keeps arguments shortened and without secrets, so
/// what is compared are both as kept.
fn compared(broker: &Broker, arguments: &Value, before: Option<&Entry>) -> Vec<view::Argument> {
    let kept = before.and_then(|before| before.body.arguments.as_ref()?.preview.as_ref());
    let Some(kept) = kept else { return self::arguments(arguments) };
    differing(self::arguments(arguments), &broker.preview(arguments.clone()), kept)
}

fn differing(mut shown: Vec<view::Argument>, now: &Value, before: &Value) -> Vec<view::Argument> {
    for argument in &mut shown {
        let (now, before) = (now.get(&argument.name), before.get(&argument.name));
        argument.was = before.filter(|before| now != Some(*before)).map(text);
    }
    shown
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Every argument by name, in the order it will be sent. Arguments that are not an object are shown as one.
pub(super) fn arguments(arguments: &Value) -> Vec<view::Argument> {
    let one =
        |name: &str, value: &Value| view::Argument { name: name.to_owned(), value: text(value), was: None };
    match arguments.as_object() {
        Some(named) => named.iter().map(|(name, value)| one(name, value)).collect(),
        None if arguments.is_null() => vec![],
        None => vec![one("arguments", arguments)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(value: &Value) -> Vec<(String, String)> {
        arguments(value).into_iter().map(|argument| (argument.name, argument.value)).collect()
    }

    #[test]
    fn threat_19_every_argument_is_shown_whole_and_in_order() {
        let long = "x".repeat(10_000);
        let sent = json!({"z": long, "a": {"deep": [1, null]}, "n": 1.50});
        let names: Vec<_> = shown(&sent).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["z", "a", "n"]);
        assert_eq!(shown(&sent)[0].1.len(), 10_000);
        assert_eq!(shown(&sent)[1].1, r#"{"deep":[1,null]}"#);
    }

    #[test]
    fn what_differs_from_the_call_approved_before_is_told_and_nothing_else() {
        let (before, now) = (json!({"to": "main", "n": 1, "old": 0}), json!({"to": "dev", "n": 1, "new": 2}));
        let was: Vec<_> = differing(arguments(&now), &now, &before).into_iter().map(|a| a.was).collect();
        assert_eq!(was, [Some("main".to_owned()), None, None]);
    }

    #[test]
    fn arguments_that_are_no_object_are_shown_all_the_same() {
        assert_eq!(shown(&json!([1, 2])), [("arguments".into(), "[1,2]".into())]);
        assert_eq!(shown(&Value::Null), []);
    }
}
