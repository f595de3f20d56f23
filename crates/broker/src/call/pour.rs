//! A result too large to hold: it goes to the agent as it comes from its server, with every known secret struck out. A slow agent
//! holds up the server, and nothing more than a few pieces is kept.

use super::Trip;
use crate::clean::{CleanPiece, Strainer};
use crate::end::{Cut, Said};
use crate::voice::Pouring;
use mcp::era::Era;
use mcp::flow::Flow;
use mcp::translate::results;

impl Trip<'_> {
    /// Gives a result to the agent in pieces. One that breaks off is told to the agent as such, and ends as any call that got no
    /// answer.
    pub(super) async fn pour(&self, flow: Box<Flow>, era: Era) -> Result<Said, Cut> {
        let Some((id, voice)) = self.wanted.request.id().and_then(|id| self.session.heard(id)) else {
            return Err(Cut::Withdrawn);
        };
        let flow = if self.session.is_modern() && era == Era::Legacy {
            flow.with_members(results::in_front(&self.wanted.method))
        } else {
            flow
        };
        let mut pouring = Broken(Some(voice.pour(id.clone()).await));
        let poured = self.pour_all(flow.under(&id), &mut pouring).await;
        if poured.is_ok() {
            pouring.is_whole();
        }
        poured
    }

    async fn pour_all(&self, mut flow: Box<Flow>, to: &mut Broken) -> Result<Said, Cut> {
        let broke = |why: &dyn std::fmt::Display| Cut::unknown(&self.call.server, why);
        let mut strainer = Strainer::new(self.session.inner.vault.redactor());
        while let Some(piece) = flow.next().await.map_err(|error| self.cut(error.into()))? {
            to.pour(strainer.push(&piece).map_err(|error| broke(&error))?).await?;
        }
        let (last, digest, bytes) = strainer.end().map_err(|error| broke(&error))?;
        to.pour(last).await?;
        Ok(Said::Poured { digest, bytes, says_error: flow.says_error() })
    }
}

/// An answer being poured, which breaks off unless it is said to be whole: however its call ends.
struct Broken(Option<Pouring>);

impl Broken {
    async fn pour(&mut self, piece: CleanPiece) -> Result<(), Cut> {
        match &self.0 {
            Some(pouring) if pouring.pour(piece).await => Ok(()),
            _ => Err(Cut::Withdrawn),
        }
    }

    fn is_whole(&mut self) {
        self.0 = None;
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        if let Some(pouring) = self.0.take() {
            tokio::spawn(pouring.break_off());
        }
    }
}
