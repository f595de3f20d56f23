//! Questions that wait, and the human's answers.

use crate::approval::Given;
use crate::{Broker, BrokerError, Consent, LiveCall};
use domain::{Answer, ApprovalId, Question, Reach, Timestamp};

impl Broker {
    /// The questions that wait, the oldest first.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        self.0.desk.questions()
    }

    /// Answers a question. A yes needs the human's consent; so does a no given here, so that whoever holds none can answer
    /// nothing but through [`Broker::deny`].
    ///
    /// # Errors
    /// [`BrokerError::NoQuestion`] when it no longer waits; [`BrokerError::Invalid`] for a yes that may not reach so far, or reaches
    /// "until" a time gone by.
    pub async fn resolve(
        &self,
        id: &ApprovalId,
        answer: Answer,
        consent: Consent,
    ) -> Result<(), BrokerError> {
        if let Answer::Allow { reach } = answer {
            self.check_reach(id, reach)?;
        }
        self.0.desk.answer(id, Given { answer, how: Some(consent.how()) }).map(drop)
    }

    /// Whether a yes to this question may reach so far.
    ///
    /// # Errors
    /// As [`Broker::resolve`].
    pub(crate) fn check_reach(&self, id: &ApprovalId, reach: Reach) -> Result<(), BrokerError> {
        if let Reach::Until { until } = reach {
            check_until(until, self.now())?;
        }
        if self.question(id)?.may_reach(reach) {
            return Ok(());
        }
        Err(BrokerError::Invalid(
            "only where its delegation asks once a session can a yes be to the tool; say yes to this call, or to the same \
             call again"
                .into(),
        ))
    }

    /// Says no. Needs no consent: it gives nothing.
    ///
    /// # Errors
    /// [`BrokerError::NoQuestion`] when it no longer waits.
    pub async fn deny(&self, id: &ApprovalId) -> Result<(), BrokerError> {
        self.0.desk.answer(id, Given { answer: Answer::Deny, how: None }).map(drop)
    }

    /// One question.
    ///
    /// # Errors
    /// [`BrokerError::NoQuestion`] when it no longer waits.
    pub fn question(&self, id: &ApprovalId) -> Result<Question, BrokerError> {
        self.0.desk.question(id).ok_or_else(|| BrokerError::NoQuestion(id.clone()))
    }

    /// Calls on their way, those that wait for the human included.
    #[must_use]
    pub fn live(&self) -> Vec<LiveCall> {
        self.0.sessions.live()
    }
}

fn check_until(until: Timestamp, now: Timestamp) -> Result<(), BrokerError> {
    if until <= now {
        return Err(BrokerError::Invalid(format!("{until} has gone by; choose a later time")));
    }
    Ok(())
}
