//! The interface, before its bodies.

use super::*;
use crate::{Broker, BrokerError, Consent, Event, Home, OpenError, Secret};
use domain::*;

#[expect(clippy::todo, clippy::unused_async, missing_docs, reason = "bodies land one by one")]
impl Broker {
    pub async fn open(_home: Home) -> Result<Self, OpenError> {
        todo!()
    }
    pub async fn create(&self, _new: CreateWallet) -> Result<(), BrokerError> {
        todo!()
    }
    pub async fn unlock(&self, _passphrase: Option<Secret>) -> Result<(), BrokerError> {
        todo!()
    }
    pub fn lock(&self) {
        todo!()
    }
    pub async fn serve(&self) -> Result<(), OpenError> {
        todo!()
    }
    pub async fn close(&self) {
        todo!()
    }
    #[must_use]
    pub fn status(&self) -> Status {
        todo!()
    }
    #[must_use]
    pub fn home(&self) -> &Home {
        todo!()
    }
    #[must_use]
    pub fn events(&self) -> tokio::sync::broadcast::Receiver<Event> {
        todo!()
    }
    #[must_use]
    pub fn now(&self) -> Timestamp {
        todo!()
    }
    #[must_use]
    pub fn has_windows(&self) -> bool {
        todo!()
    }
    pub fn set_windows(&self, _windows: bool) {
        todo!()
    }
    pub async fn consent_by_passphrase(&self, _passphrase: &Secret) -> Result<Consent, BrokerError> {
        todo!()
    }
    pub async fn ask_consent(
        &self,
        _sentence: String,
        _details: Vec<String>,
    ) -> Result<Consent, BrokerError> {
        todo!()
    }
    #[must_use]
    pub fn servers(&self) -> Vec<ServerView> {
        todo!()
    }
    pub fn server(&self, _name: &ServerName) -> Result<ServerView, BrokerError> {
        todo!()
    }
    pub async fn add_server(&self, _consent: Consent, _new: NewServer) -> Result<ServerView, BrokerError> {
        todo!()
    }
    pub async fn remove_server(&self, _name: &ServerName) -> Result<(), BrokerError> {
        todo!()
    }
    pub async fn tools(&self, _server: &ServerName) -> Result<Vec<Tool>, BrokerError> {
        todo!()
    }
    pub async fn login(
        &self,
        _consent: Consent,
        _server: &ServerName,
        _open: impl Fn(&url::Url) + Send + Sync + 'static,
    ) -> Result<ServerView, BrokerError> {
        todo!()
    }
    pub async fn logout(&self, _server: &ServerName) -> Result<(), BrokerError> {
        todo!()
    }
    #[must_use]
    pub fn agents(&self) -> Vec<Agent> {
        todo!()
    }
    pub fn agent(&self, _name: &AgentName) -> Result<Agent, BrokerError> {
        todo!()
    }
    pub async fn add_agent(&self, _consent: Consent, _name: AgentName) -> Result<Agent, BrokerError> {
        todo!()
    }
    pub async fn pause_agent(&self, _name: &AgentName) -> Result<(), BrokerError> {
        todo!()
    }
    pub async fn resume_agent(&self, _consent: Consent, _name: &AgentName) -> Result<(), BrokerError> {
        todo!()
    }
    pub async fn revoke_agent(&self, _name: &AgentName) -> Result<(), BrokerError> {
        todo!()
    }
    pub async fn pause_all(&self) -> Result<(), BrokerError> {
        todo!()
    }
    pub async fn resume_all(&self, _consent: Consent) -> Result<(), BrokerError> {
        todo!()
    }
    /// Cancels every call, pauses everything, locks the wallet.
    pub async fn emergency_stop(&self) -> Result<(), BrokerError> {
        todo!()
    }
    pub async fn delegate(&self, _consent: Consent, _draft: Draft) -> Result<DelegationView, BrokerError> {
        todo!()
    }
    #[must_use]
    pub fn delegations(&self) -> Vec<DelegationView> {
        todo!()
    }
    pub fn delegation(&self, _id: &DelegationId) -> Result<DelegationView, BrokerError> {
        todo!()
    }
    pub async fn revoke_delegation(&self, _id: &DelegationId) -> Result<(), BrokerError> {
        todo!()
    }
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        todo!()
    }
    pub async fn resolve(
        &self,
        _id: &ApprovalId,
        _answer: Answer,
        _consent: Consent,
    ) -> Result<(), BrokerError> {
        todo!()
    }
    /// A no needs no consent.
    pub async fn deny(&self, _id: &ApprovalId) -> Result<(), BrokerError> {
        todo!()
    }
    #[must_use]
    pub fn live(&self) -> Vec<LiveCall> {
        todo!()
    }
    #[must_use]
    pub fn connected(&self) -> Vec<(AgentName, Peer)> {
        todo!()
    }
}
