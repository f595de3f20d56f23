//! The window that asks. It may answer, and do nothing else; no other window may.

use super::{Held, consent};
use crate::controller::asker;
use crate::failure::Answered;
use crate::view::{Answer, Question, Reach};
use crate::{present, windows};
use broker::Broker;
use domain::{ApprovalId, Timestamp};
use std::time::{Duration, Instant};
use tauri::{AppHandle, WebviewWindow};

/// How long [`Reach::Hour`] reaches.
const HOUR: Duration = Duration::from_hours(1);

#[tauri::command]
pub(crate) async fn review(shell: Held<'_>, app: AppHandle, id: String) -> Answered<()> {
    *shell.review() = Some(ApprovalId::new(id));
    windows::close_approval(&app)?;
    Ok(windows::open_approval(&app)?)
}

#[tauri::command(async)]
pub(crate) fn questions(shell: Held<'_>) -> Answered<Vec<Question>> {
    let broker = shell.broker()?;
    let mut asked = broker.questions();
    let first = shell.review().clone();
    asked.sort_by_key(|question| (Some(&question.id) != first.as_ref(), question.asked));
    Ok(asked.iter().map(|question| present::question(&shell, broker, question)).collect())
}

#[tauri::command]
pub(crate) fn shown(shell: Held<'_>, id: String) {
    shell.deaf().painted(ApprovalId::new(id), Instant::now());
}

#[tauri::command]
pub(crate) fn grow(window: WebviewWindow) -> Answered<()> {
    Ok(windows::grow(&window)?)
}

#[tauri::command]
pub(crate) async fn answer(
    shell: Held<'_>,
    window: WebviewWindow,
    id: String,
    answer: Answer,
) -> Answered<()> {
    let (broker, id) = (shell.broker()?, ApprovalId::new(id));
    shell.deaf().hears(&id, Instant::now())?;
    match answer {
        Answer::Allow { reach } => {
            let answer = domain::Answer::Allow { reach: reaching(reach, broker.now()) };
            broker.resolve(&id, answer, consent(&shell, &window)).await?;
        }
        Answer::Deny { pause } => deny(broker, &id, pause).await?,
    }
    Ok(())
}

async fn deny(broker: &Broker, id: &ApprovalId, pause: bool) -> Answered<()> {
    let asked = broker.questions().into_iter().find(|question| question.id == *id);
    broker.deny(id).await?;
    if let Some(agent) = asked.as_ref().filter(|_| pause).and_then(|question| asker(&question.subject)) {
        broker.pause_agent(agent).await?;
    }
    Ok(())
}

fn reaching(reach: Reach, now: Timestamp) -> domain::Reach {
    match reach {
        Reach::Once => domain::Reach::Once,
        Reach::Session => domain::Reach::Session,
        Reach::Tool => domain::Reach::Tool,
        Reach::Hour => domain::Reach::Until { until: now.plus(HOUR) },
        Reach::Always => domain::Reach::Always,
    }
}
