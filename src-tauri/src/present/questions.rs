//! A question as the approval window shows it: everything that is sent, nothing left out.

use super::agents::program;
use crate::shell::Shell;
use crate::view;
use broker::{Broker, DelegationView};
use domain::{Agent, AgentName, ApprovalMode, Peer, Question, Risk, ServerName, Subject};
use serde_json::Value;

/// A question and all that is needed to answer it.
pub(crate) fn question(shell: &Shell, broker: &Broker, question: &Question) -> view::Question {
    let subject = match &question.subject {
        Subject::Call { agent, peer, server, target, definition, delegation, arguments, digest, .. } => {
            let tool = definition.and_then(|pin| shell.tools().pinned(server, &target.name, pin));
            let held = broker.delegation(delegation).ok();
            view::Subject::Call {
                agent: agent.clone(),
                program: program(&peer.program, Some(peer.pid)),
                standpoint: standpoint(broker.agent(agent).ok().as_ref(), peer),
                server: server.clone(),
                tool: target.name.clone(),
                title: tool.as_ref().map_or(target.name.as_str(), domain::Tool::title).to_owned(),
                risk: tool.map_or(Risk::Unknown, |tool| tool.risk()).into(),
                approval: mode(held.as_ref(), server, &target.name).into(),
                arguments: self::arguments(arguments),
                bytes: super::agents::count(arguments.to_string().len()),
                approved_before: None,
                until: held.map_or(question.expires, |held| held.delegation.expires),
                digest: *digest,
            }
        }
        Subject::Connect { agent, peer, .. } => connect(broker, agent, peer),
        Subject::Confirm { sentence, details } => {
            view::Subject::Confirm { sentence: sentence.clone(), details: details.clone() }
        }
    };
    view::Question { id: question.id.clone(), subject, asked: question.asked, expires: question.expires }
}

fn connect(broker: &Broker, agent: &AgentName, peer: &Peer) -> view::Subject {
    let known = broker.agent(agent).map(|agent| agent.programs).unwrap_or_default();
    view::Subject::Connect {
        agent: agent.clone(),
        program: program(&peer.program, Some(peer.pid)),
        known: known.iter().map(|known| program(known, None)).collect(),
    }
}

/// What the delegation says about asking; a target that is no tool is always asked about, if at all.
fn mode(held: Option<&DelegationView>, server: &ServerName, tool: &str) -> ApprovalMode {
    let grant = held.and_then(|held| held.delegation.grant(server));
    grant.and_then(|grant| grant.tool(tool)).map_or(ApprovalMode::Always, |tool| tool.approval)
}

fn standpoint(agent: Option<&Agent>, peer: &Peer) -> view::Standpoint {
    match agent {
        Some(agent) if agent.knows(&peer.program) => view::Standpoint::Same,
        _ => view::Standpoint::Changed,
    }
}

/// Every argument by name, in the order it will be sent. Arguments that are not an object are shown as one.
pub(super) fn arguments(arguments: &Value) -> Vec<view::Argument> {
    let one = |name: &str, value: &Value| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        view::Argument { name: name.to_owned(), value, was: None }
    };
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
    fn arguments_that_are_no_object_are_shown_all_the_same() {
        assert_eq!(shown(&json!([1, 2])), [("arguments".into(), "[1,2]".into())]);
        assert_eq!(shown(&Value::Null), []);
    }
}
