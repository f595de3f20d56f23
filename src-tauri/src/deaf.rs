//! The approval window's deaf clock: an answer that comes before a human can have read the question is no answer.
//!
//! A question that pops up under moving fingers would be answered by a keystroke meant for another program. The clock
//! starts when the question is painted and starts again with every change of content or focus. The line that runs out in the
//! window is only its picture: this is what refuses.

use domain::ApprovalId;
use std::time::{Duration, Instant};

/// How long the window is deaf.
pub(crate) const DEAF: Duration = Duration::from_millis(500);

/// Why an answer does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unheard {
    /// The window does not show this question.
    #[error("this question is not the one in the window; look at it first")]
    NotShown,
    /// The window was still deaf.
    #[error("that came too soon to have been read; nothing was answered, so answer again")]
    TooEarly,
}

/// What the approval window shows, and since when.
#[derive(Debug, Default)]
pub(crate) struct Deaf {
    shown: Option<(ApprovalId, Instant)>,
}

impl Deaf {
    /// The window now shows `question`: it was painted, or its content changed.
    pub(crate) fn painted(&mut self, question: ApprovalId, now: Instant) {
        self.shown = Some((question, now));
    }

    /// The window got the focus, so keys meant for another program may still be on their way.
    pub(crate) fn focused(&mut self, now: Instant) {
        if let Some((_, since)) = &mut self.shown {
            *since = now;
        }
    }

    /// The window shows nothing any more, or something that is not painted yet.
    pub(crate) fn cleared(&mut self) {
        self.shown = None;
    }

    /// Whether an answer to `question` counts now.
    ///
    /// # Errors
    /// [`Unheard`] says why not.
    pub(crate) fn hears(&self, question: &ApprovalId, now: Instant) -> Result<(), Unheard> {
        let Some((shown, since)) = &self.shown else { return Err(Unheard::NotShown) };
        if shown != question {
            return Err(Unheard::NotShown);
        }
        if now.saturating_duration_since(*since) < DEAF { Err(Unheard::TooEarly) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    fn showing(question: &str) -> (Deaf, ApprovalId, Instant) {
        let (mut deaf, question, now) = (Deaf::default(), ApprovalId::new(question), Instant::now());
        deaf.painted(question.clone(), now);
        (deaf, question, now)
    }

    #[test]
    fn threat_19_an_answer_in_the_first_half_second_is_not_heard() {
        let (deaf, question, painted) = showing("q");
        assert_eq!(deaf.hears(&question, painted), Err(Unheard::TooEarly));
        assert_eq!(deaf.hears(&question, painted + DEAF - MOMENT), Err(Unheard::TooEarly));
        assert_eq!(deaf.hears(&question, painted + DEAF), Ok(()));
    }

    #[test]
    fn threat_19_a_change_of_focus_or_content_makes_it_deaf_again() {
        let (mut deaf, question, painted) = showing("q");
        let later = painted + DEAF * 3;
        deaf.focused(later);
        assert_eq!(deaf.hears(&question, later + MOMENT), Err(Unheard::TooEarly));
        deaf.painted(question.clone(), later + DEAF);
        assert_eq!(deaf.hears(&question, later + DEAF + MOMENT), Err(Unheard::TooEarly));
        assert_eq!(deaf.hears(&question, later + DEAF * 2), Ok(()));
    }

    #[test]
    fn threat_19_a_question_that_is_not_on_screen_can_not_be_answered() {
        let (mut deaf, question, painted) = showing("q");
        let later = painted + DEAF;
        assert_eq!(deaf.hears(&ApprovalId::new("other"), later), Err(Unheard::NotShown));
        deaf.cleared();
        deaf.focused(later);
        assert_eq!(deaf.hears(&question, later + DEAF), Err(Unheard::NotShown));
    }
}
