//! Agents: add, pause, resume, revoke.

use crate::inner::Inner;
use crate::{Broker, BrokerError, Consent, Event};
use domain::{Agent, AgentName, AgentState, Peer, ToolSearch};
use proof::receipt::{Body, Kind};
use vault::KeyName;

impl Broker {
    /// All agents, by name.
    #[must_use]
    pub fn agents(&self) -> Vec<Agent> {
        self.0.books.read().map(|book| book.agents.values().cloned().collect()).unwrap_or_default()
    }

    /// One agent.
    ///
    /// # Errors
    /// [`BrokerError::NoAgent`].
    pub fn agent(&self, name: &AgentName) -> Result<Agent, BrokerError> {
        self.0.books.open()?.agent(name).cloned()
    }

    /// Which agents are connected, and from which process.
    #[must_use]
    pub fn connected(&self) -> Vec<(AgentName, Peer)> {
        self.0.sessions.connected()
    }

    /// Names an agent: makes its key, and the secret with which its shim proves itself, in [`crate::Home::enrolment_path`].
    /// It may do nothing yet: its first connection asks the human, and a delegation says what it may.
    ///
    /// # Errors
    /// [`BrokerError::NameTaken`], [`BrokerError::Locked`].
    pub async fn add_agent(&self, consent: Consent, name: AgentName) -> Result<Agent, BrokerError> {
        self.0.make_agent(name, consent.how())
    }

    /// Refuses an agent for now, and cancels what it has on its way.
    ///
    /// # Errors
    /// [`BrokerError::NoAgent`]; [`BrokerError::Invalid`] when it is not enrolled.
    pub async fn pause_agent(&self, name: &AgentName) -> Result<(), BrokerError> {
        self.change_agent(name, Agent::pause)?;
        self.0.sessions.cancel_calls(|call| call.agent == *name);
        self.0.sessions.lists_changed(name);
        self.0.agent_changed(name, Kind::AgentPaused, None)
    }

    /// Lets a paused agent work again.
    ///
    /// # Errors
    /// [`BrokerError::NoAgent`]; [`BrokerError::Invalid`] when it is not enrolled.
    pub async fn resume_agent(&self, consent: Consent, name: &AgentName) -> Result<(), BrokerError> {
        self.change_agent(name, Agent::resume)?;
        self.0.sessions.lists_changed(name);
        self.0.agent_changed(name, Kind::AgentResumed, Some(consent.how()))
    }

    /// Says whether an agent searches for its tools or is shown them all. It may use the same ones either way.
    ///
    /// # Errors
    /// [`BrokerError::NoAgent`], [`BrokerError::Locked`].
    pub async fn set_tool_search(
        &self,
        _consent: Consent,
        name: &AgentName,
        search: ToolSearch,
    ) -> Result<(), BrokerError> {
        self.change_agent(name, |agent| {
            agent.search = search;
            Ok(())
        })?;
        self.0.sessions.lists_changed(name);
        self.0.tell(Event::Agents);
        Ok(())
    }

    /// Ends an agent for good: its delegations are revoked, its calls cancelled, its connections closed, its secret and its key
    /// deleted.
    ///
    /// # Errors
    /// [`BrokerError::NoAgent`], [`BrokerError::Locked`].
    pub async fn revoke_agent(&self, name: &AgentName) -> Result<(), BrokerError> {
        let (inner, now) = (&self.0, self.now());
        let revoked = inner.books.change(|book, shelf| {
            let mut agent = book.agent(name)?.clone();
            agent.revoke();
            book.put_agent(shelf, agent)?;
            let ids = book.of(name).map(|signed| signed.delegation.id.clone()).collect();
            book.revoke_all(shelf, ids, now)
        });
        inner.sessions.cancel_calls(|call| call.agent == *name);
        inner.end_families(name);
        inner.sessions.end_of(name);
        let revoked = revoked?;
        inner.forget_enrolment(name)?;
        inner.vault.delete_agent_key(name)?;
        inner.agent_changed(name, Kind::AgentRevoked, None)?;
        self.delegations_revoked(revoked)
    }

    pub(crate) fn change_agent(
        &self,
        name: &AgentName,
        step: impl FnOnce(&mut Agent) -> Result<(), domain::Illegal>,
    ) -> Result<(), BrokerError> {
        self.0.books.change(|book, shelf| {
            let mut agent = book.agent(name)?.clone();
            step(&mut agent).map_err(|illegal| BrokerError::Invalid(format!("{name}: {illegal}")))?;
            book.put_agent(shelf, agent)
        })
    }
}

impl Inner {
    /// Makes an agent, to which a human has said yes; `how` they did is for the record.
    pub(crate) fn make_agent(&self, name: AgentName, how: &str) -> Result<Agent, BrokerError> {
        if self.books.open()?.agents.contains_key(&name) {
            return Err(BrokerError::NameTaken(name.to_string()));
        }
        let key = self.vault.make_key(&KeyName::Agent(name.clone()))?;
        self.write_enrolment(&name)?;
        let agent = Agent {
            did: proof::did_key(&key),
            key,
            state: AgentState::Pending,
            programs: vec![],
            added: self.clock.now(),
            search: ToolSearch::Off,
            name,
        };
        let kept = agent.clone();
        self.books.change(|book, shelf| book.put_agent(shelf, kept))?;
        self.agent_changed(&agent.name, Kind::AgentAdded, Some(how))?;
        Ok(agent)
    }

    fn agent_changed(&self, name: &AgentName, kind: Kind, how: Option<&str>) -> Result<(), BrokerError> {
        self.tell(Event::Agents);
        let note = how.map(|how| format!("confirmed by {how}"));
        self.note(Body { agent: Some(name.clone()), note, ..self.body(kind) })
    }
}
