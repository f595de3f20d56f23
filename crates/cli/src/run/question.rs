//! A question in words: what the human decides on, whole and with hidden characters shown.

use super::now;
use crate::page::words::{near, visible};
use crate::page::{Cell, Page, Tone};
use domain::{ApprovalMode, Becomes, Peer, Question, Subject};
use serde_json::Value;

/// The question as one sentence.
pub(super) fn sentence(question: &Question) -> String {
    match &question.subject {
        Subject::Call { agent, server, target, .. } => {
            format!("{agent} wants to use {} of {server}", visible(&target.name))
        }
        Subject::Connect { agent, changed: false, .. } => format!("A program says it is {agent}"),
        Subject::Connect { agent, changed: true, .. } => {
            format!("Another program than before says it is {agent}")
        }
        Subject::Authorize { agent, client, becomes, .. } => {
            let client = visible(client);
            match becomes {
                Becomes::New => format!("{client:?} wants to come in over HTTP as the new agent {agent}"),
                Becomes::First | Becomes::Known => {
                    format!("{client:?} wants to come in over HTTP as {agent}")
                }
                Becomes::Another => {
                    format!("{client:?}, another program than before, wants to come in over HTTP as {agent}")
                }
            }
        }
        Subject::Confirm { sentence, .. } => visible(sentence),
    }
}

/// Everything the answer is bound to.
pub(super) fn draw(page: &mut Page, question: &Question) {
    page.toned(Tone::Asks, sentence(question));
    let mut facts = vec![("Question", Cell::plain(question.id.as_str()))];
    match &question.subject {
        Subject::Call { peer, approval, arguments, digest, .. } => {
            facts.push(("Program", Cell::plain(program(peer))));
            facts.push(("Arguments", Cell::plain(written(arguments))));
            facts.push(("Bound to", Cell::new(Tone::Quiet, digest.to_string())));
            facts.push(("A yes", Cell::plain(reaches(*approval))));
        }
        Subject::Connect { peer, .. } => {
            facts.push(("Program", Cell::plain(program(peer))));
            facts.push(("Content", Cell::new(Tone::Quiet, peer.program.sha256.to_string())));
        }
        Subject::Authorize { becomes, document, redirect, endpoint, pid, program, .. } => {
            let path = visible(&program.path.to_string_lossy());
            facts.push((
                "Program",
                Cell::plain(format!("{path} (process {pid}), which waits for the answer")),
            ));
            facts.push(("Content", Cell::new(Tone::Quiet, program.sha256.to_string())));
            facts.extend(document.iter().map(|at| ("Described at", Cell::plain(visible(at)))));
            facts.push(("Answer goes to", Cell::plain(visible(redirect))));
            facts.push(("Endpoint", Cell::plain(endpoint.path())));
            facts.push(("A yes", Cell::plain(admits(*becomes))));
        }
        Subject::Confirm { details, .. } => {
            facts.push(("Change", Cell::plain(visible_lines(&details.join("\n")))))
        }
    }
    facts.push(("Ends", Cell::plain(format!("{}, without being sent", near(question.expires, now())))));
    page.facts(facts);
}

/// What a yes to a client gives.
const fn admits(becomes: Becomes) -> &'static str {
    match becomes {
        Becomes::New => "makes the agent; it may do nothing until you sign a delegation for it",
        Becomes::First => "lets this program, the first of the agent's, use what you delegated to it",
        Becomes::Known => "lets the program you accepted for this agent use what you delegated to it",
        Becomes::Another => "lets this program use all that you delegated to this agent",
    }
}

/// How far a yes reaches.
const fn reaches(approval: ApprovalMode) -> &'static str {
    match approval {
        ApprovalMode::Session => {
            "for this call alone, unless you say\n\
             --tool: this tool with any arguments, in this session\n\
             --session, --for or --always: the same arguments again"
        }
        ApprovalMode::Never | ApprovalMode::Once | ApprovalMode::Always => {
            "for this call alone, unless you say\n\
             --session, --for or --always: the same arguments again"
        }
    }
}

fn program(peer: &Peer) -> String {
    format!("{} (process {})", visible(&peer.program.path.to_string_lossy()), peer.pid)
}

/// Every argument. JSON writes line breaks as `\n`, so each line on the page is one the page made.
fn written(arguments: &Value) -> String {
    visible_lines(&format!("{arguments:#}"))
}

fn visible_lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}
