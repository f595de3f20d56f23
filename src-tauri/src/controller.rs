//! What tray, approval window and notifications do when the wallet changes. Decides nothing about calls, and touches no
//! window: it is told what is, and says what to do.

use crate::notify::Note;
use crate::tray::{Shape, Tray, TrayAgent};
use broker::{Broker, WalletState};
use domain::{Agent, AgentName, AgentState, ApprovalId, Question, Subject};
use std::collections::HashSet;

/// So many questions at once are announced one by one; more are announced together.
const SINGLY: usize = 3;

/// What is, as far as the tray and the human outside the window need it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scene {
    /// Whether the wallet is locked, or not made yet.
    pub(crate) locked: bool,
    /// Whether all agents are paused.
    pub(crate) paused: bool,
    /// Questions that wait.
    pub(crate) questions: Vec<Question>,
    /// Every agent.
    pub(crate) agents: Vec<Agent>,
    /// Agents with a call under way.
    pub(crate) working: HashSet<AgentName>,
    /// Whether the human wants notifications.
    pub(crate) notify: bool,
}

/// Something to do on the desktop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Draw the tray like this, in place of that.
    Tray {
        /// As it was drawn.
        before: Tray,
        /// As it is to be drawn.
        now: Tray,
    },
    /// Show the window that asks.
    Ask,
    /// Take the window that asks away.
    Hush,
    /// Notify the human.
    Notify(Note),
}

/// Remembers what it has done, so that it does each thing once.
#[derive(Debug, Default)]
pub(crate) struct Controller {
    tray: Tray,
    announced: HashSet<ApprovalId>,
}

impl Scene {
    /// What is now.
    pub(crate) fn of(broker: &Broker, notify: bool) -> Self {
        let status = broker.status();
        Self {
            locked: status.wallet != WalletState::Unlocked,
            paused: status.paused,
            questions: broker.questions(),
            agents: broker.agents(),
            working: broker.live().into_iter().filter(|call| !call.waits).map(|call| call.agent).collect(),
            notify,
        }
    }

    fn tray(&self) -> Tray {
        let shown = self.agents.iter().filter(|agent| agent.state != AgentState::Revoked);
        let paused = |agent: &Agent| self.paused || agent.state == AgentState::Paused;
        let agents = shown.map(|agent| TrayAgent { name: agent.name.clone(), paused: paused(agent) });
        Tray { shape: self.shape(), questions: self.questions.len(), agents: agents.collect() }
    }

    fn shape(&self) -> Shape {
        if self.locked {
            Shape::Locked
        } else if self.paused {
            Shape::Paused
        } else if !self.questions.is_empty() {
            Shape::Question
        } else if !self.working.is_empty() {
            Shape::Working
        } else {
            Shape::Idle
        }
    }
}

impl Controller {
    /// Takes in what is now; says what is to be done about it.
    pub(crate) fn see(&mut self, scene: &Scene) -> Vec<Step> {
        let mut steps = vec![];
        let tray = scene.tray();
        if tray != self.tray {
            steps.push(Step::Tray { before: std::mem::replace(&mut self.tray, tray.clone()), now: tray });
        }
        let waiting: HashSet<_> = scene.questions.iter().map(|question| question.id.clone()).collect();
        let new: Vec<_> = scene.questions.iter().filter(|new| !self.announced.contains(&new.id)).collect();
        if !new.is_empty() {
            steps.push(Step::Ask);
        }
        if waiting.is_empty() && !self.announced.is_empty() {
            steps.push(Step::Hush);
        }
        if scene.notify {
            steps.extend(announcements(&new).into_iter().map(Step::Notify));
        }
        self.announced = waiting;
        steps
    }
}

/// Who asks, if it is an agent.
pub(crate) const fn asker(subject: &Subject) -> Option<&AgentName> {
    match subject {
        Subject::Call { agent, .. } | Subject::Connect { agent, .. } | Subject::Authorize { agent, .. } => {
            Some(agent)
        }
        Subject::Confirm { .. } => None,
    }
}

fn announcements(new: &[&Question]) -> Vec<Note> {
    let body = "Answer in the window of Countersign. Until then nothing is sent.".to_owned();
    if new.len() > SINGLY {
        return vec![Note { title: format!("{} questions wait for you", new.len()), body }];
    }
    let titles = new.iter().map(|question| match &question.subject {
        Subject::Call { agent, server, .. } => format!("{agent} wants to use {server}"),
        Subject::Connect { agent, .. } => format!("A program says it is {agent}"),
        Subject::Authorize { agent, .. } => format!("A program wants to come in as {agent}"),
        Subject::Confirm { .. } => "A command wants to change what agents may do".into(),
    });
    titles.map(|title| Note { title, body: body.clone() }).collect()
}

#[cfg(test)]
mod tests;
