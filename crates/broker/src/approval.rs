//! Questions that wait for the human.
//!
//! ```text
//! Pending ──yes──► Granted
//!    ├─────no────► Refused
//!    ├────time───► Expired     nothing is sent
//!    └──agent────► Withdrawn   the agent took the call back, went away, or was stopped
//! ```
//! A question is answered once; the answer goes to the one who asked and to nobody else.

use crate::{BrokerError, Event, QuestionEnd};
use domain::{AgentName, Answer, ApprovalId, Question, Reach, Subject, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, oneshot};

/// How many questions of one agent may wait.
const PER_AGENT: usize = 20;
/// How many questions may wait in all.
const IN_ALL: usize = 200;

/// The place where questions wait.
#[derive(Clone)]
pub(crate) struct Desk {
    waiting: Arc<Mutex<BTreeMap<ApprovalId, Waiting>>>,
    events: broadcast::Sender<Event>,
}

struct Waiting {
    question: Question,
    answer: oneshot::Sender<Given>,
}

/// The human's answer, and how they consented to it, for the record; a no needs no consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) answer: Answer,
    pub(crate) how: Option<&'static str>,
}

/// The asker's half of a question. Dropping it withdraws the question.
#[must_use = "a ticket that is dropped withdraws its question"]
pub(crate) struct Ticket {
    id: ApprovalId,
    lasts: Duration,
    answer: oneshot::Receiver<Given>,
    desk: Desk,
}

/// Why a question was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Desk {
    pub(crate) fn new(events: broadcast::Sender<Event>) -> Self {
        Self { waiting: Arc::default(), events }
    }

    /// Puts a question before the human.
    pub(crate) fn ask(
        &self,
        id: ApprovalId,
        subject: Subject,
        now: Timestamp,
        lasts: Duration,
    ) -> Result<Ticket, TooMany> {
        let question = Question { id: id.clone(), subject, asked: now, expires: now.plus(lasts) };
        let (sender, answer) = oneshot::channel();
        {
            let mut waiting = self.lock();
            let same = |other: &&Waiting| asker(&other.question) == asker(&question);
            if waiting.len() >= IN_ALL || waiting.values().filter(same).count() >= PER_AGENT {
                return Err(TooMany);
            }
            waiting.insert(id.clone(), Waiting { question: question.clone(), answer: sender });
        }
        self.tell(Event::Asked { question: Box::new(question) });
        Ok(Ticket { id, lasts, answer, desk: self.clone() })
    }

    /// Answers a question, once.
    pub(crate) fn answer(&self, id: &ApprovalId, given: Given) -> Result<Question, BrokerError> {
        let Some(waiting) = self.lock().remove(id) else {
            return Err(BrokerError::NoQuestion(id.clone()));
        };
        // The asker may have gone in this very moment; then there is nothing to do.
        let _ = waiting.answer.send(given);
        let how = match given.answer {
            Answer::Allow { .. } => QuestionEnd::Granted,
            Answer::Deny => QuestionEnd::Refused,
        };
        self.tell(Event::Ended { id: id.clone(), how });
        Ok(waiting.question)
    }

    /// Withdraws every question: nobody may answer any more.
    pub(crate) fn withdraw_all(&self) {
        let waiting = std::mem::take(&mut *self.lock());
        for id in waiting.into_keys() {
            self.tell(Event::Ended { id, how: QuestionEnd::Withdrawn });
        }
    }

    /// The question with this id, if it still waits.
    pub(crate) fn question(&self, id: &ApprovalId) -> Option<Question> {
        self.lock().get(id).map(|waiting| waiting.question.clone())
    }

    /// All that wait, the oldest first.
    pub(crate) fn questions(&self) -> Vec<Question> {
        let mut questions: Vec<_> = self.lock().values().map(|waiting| waiting.question.clone()).collect();
        questions.sort_by_key(|question| question.asked);
        questions
    }

    fn end(&self, id: &ApprovalId, how: QuestionEnd) {
        if self.lock().remove(id).is_some() {
            self.tell(Event::Ended { id: id.clone(), how });
        }
    }

    fn tell(&self, event: Event) {
        // Nobody listening is no error.
        let _ = self.events.send(event);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<ApprovalId, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Given {
    /// How far a yes reaches, and how it was given.
    pub(crate) fn note(&self) -> Option<String> {
        let Answer::Allow { reach } = self.answer else { return None };
        let reach = match reach {
            Reach::Once => "for this call".into(),
            Reach::Session => "for this session".into(),
            Reach::Tool => "for this session, with any arguments".into(),
            Reach::Until { until } => format!("until {until}"),
            Reach::Always => "as long as the delegation holds".into(),
        };
        Some(self.how.map_or_else(|| reach.clone(), |how| format!("{reach}, confirmed by {how}")))
    }
}

impl Ticket {
    /// Waits for the human. `None` when nobody answered in time.
    pub(crate) async fn answered(mut self) -> Option<Given> {
        match tokio::time::timeout(self.lasts, &mut self.answer).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(_)) => None,
            Err(_) => {
                self.desk.end(&self.id, QuestionEnd::Expired);
                None
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.desk.end(&self.id, QuestionEnd::Withdrawn);
    }
}

/// Whose question it is; confirmations are nobody's.
const fn asker(question: &Question) -> Option<&AgentName> {
    match &question.subject {
        Subject::Call { agent, .. } | Subject::Connect { agent, .. } | Subject::Authorize { agent, .. } => {
            Some(agent)
        }
        Subject::Confirm { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1);

    fn desk() -> (Desk, broadcast::Receiver<Event>) {
        let (events, receiver) = broadcast::channel(64);
        (Desk::new(events), receiver)
    }

    fn confirm() -> Subject {
        Subject::Confirm { sentence: "Add a server?".into(), details: vec![] }
    }

    fn ask(desk: &Desk, id: &str) -> Result<Ticket, TooMany> {
        desk.ask(ApprovalId::new(id), confirm(), NOW, Duration::from_secs(60))
    }

    #[tokio::test]
    async fn an_answer_reaches_the_asker_once() {
        let (desk, _events) = desk();
        let ticket = ask(&desk, "a").unwrap();
        let yes = Given { answer: Answer::Allow { reach: Reach::Once }, how: Some("window") };
        desk.answer(&ApprovalId::new("a"), yes).unwrap();
        assert!(desk.answer(&ApprovalId::new("a"), yes).is_err(), "a second answer finds no question");
        assert_eq!(ticket.answered().await, Some(yes));
        assert!(desk.questions().is_empty());
    }

    #[test]
    fn a_yes_says_how_far_it_reaches_and_how_it_was_given() {
        let said = |reach| Given { answer: Answer::Allow { reach }, how: Some("window") }.note();
        assert_eq!(said(Reach::Session).as_deref(), Some("for this session, confirmed by window"));
        let until = Reach::Until { until: NOW };
        assert_eq!(said(until), Some(format!("until {NOW}, confirmed by window")));
        assert_eq!(Given { answer: Answer::Deny, how: None }.note(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_nobody_answers_expires() {
        let (desk, mut events) = desk();
        assert_eq!(ask(&desk, "a").unwrap().answered().await, None);
        assert!(matches!(events.recv().await, Ok(Event::Asked { .. })));
        assert!(matches!(events.recv().await, Ok(Event::Ended { how: QuestionEnd::Expired, .. })));
    }

    #[test]
    fn a_dropped_ticket_takes_its_question_along() {
        let (desk, _events) = desk();
        drop(ask(&desk, "a").unwrap());
        assert!(desk.questions().is_empty());
    }

    #[test]
    fn threat_21_questions_are_bounded() {
        let (desk, _events) = desk();
        let tickets: Vec<_> = (0..PER_AGENT).map(|n| ask(&desk, &n.to_string()).unwrap()).collect();
        assert_eq!(ask(&desk, "one more").err(), Some(TooMany));
        drop(tickets);
        assert!(ask(&desk, "again").is_ok());
    }
}
