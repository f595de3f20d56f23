//! Answering questions on the command line, where no window can.

use super::wallet::{Wallet, only_one};
use super::{now, question};
use crate::Failure;
use crate::args::{Allow, ApprovalsCommand};
use crate::page::{Page, Paint};
use broker::control::{Change, Look, Shrink};
use domain::{ApprovalId, Question, Reach};

/// `countersign approvals …`
pub(super) fn run(wallet: &Wallet, command: ApprovalsCommand) -> Result<(), Failure> {
    match command {
        ApprovalsCommand::List => list(wallet),
        ApprovalsCommand::Allow(allow) => self::allow(wallet, &allow),
        ApprovalsCommand::Deny { id } => {
            let question = find(wallet, &id)?;
            wallet.shrink(Shrink::Deny(question.id.clone()))?;
            wallet.out.done(&format!("Denied: {}. Nothing was sent.", question::sentence(&question)))
        }
    }
}

fn list(wallet: &Wallet) -> Result<(), Failure> {
    let questions: Vec<Question> = wallet.look(Look::Questions)?;
    wallet.out.show(&questions, |page| {
        if questions.is_empty() {
            return page.line("Nothing waits for you.");
        }
        for (number, question) in questions.iter().enumerate() {
            if number > 0 {
                page.gap();
            }
            question::draw(page, question);
        }
    })
}

fn allow(wallet: &Wallet, allow: &Allow) -> Result<(), Failure> {
    let question = find(wallet, &allow.id)?;
    if !wallet.out.is_json() {
        let mut page = Page::new(Paint::NONE);
        question::draw(&mut page, &question);
        wallet.out.note(page.into_text().trim_end());
    }
    let change = Change::Allow { id: question.id.clone(), reach: reach(allow) };
    wallet.grow::<()>(change, allow.confirm)?;
    wallet.out.done(&format!("Allowed: {}.", question::sentence(&question)))
}

fn reach(allow: &Allow) -> Reach {
    // The arguments are a group: no two of them are given.
    match allow.span {
        Some(span) => Reach::Until { until: now().plus(span) },
        None if allow.session => Reach::Session,
        None if allow.tool => Reach::Tool,
        None if allow.always => Reach::Always,
        None => Reach::Once,
    }
}

fn find(wallet: &Wallet, id: &str) -> Result<Question, Failure> {
    let questions: Vec<Question> = wallet.look(Look::Questions)?;
    let ids = questions.iter().map(|question| question.id.as_str());
    let wanted = only_one(id, "question", ids)?.map(ApprovalId::new);
    questions.into_iter().find(|question| Some(&question.id) == wanted.as_ref()).ok_or_else(|| {
        Failure::Usage(format!(
            "no question {id:?} waits for an answer; `countersign approvals list` shows the ones that do"
        ))
    })
}
