//! Everything the command line can say to the wallet, sorted by what it does to authority.

use super::Entrusted;
use crate::{Draft, KnownClient, NewServer};
use domain::{AgentName, ApprovalId, DelegationId, Reach, ServerName, ToolSearch, Transport};
use serde::{Deserialize, Serialize};

/// One request. Tags are external throughout, so that a passphrase is parsed in place and never buffered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Looks, and changes nothing.
    Look(Look),
    /// Takes authority away: done at once, nobody is asked.
    Shrink(Shrink),
    /// Gives authority: only a human's yes lets it happen.
    Grow {
        /// What to change.
        change: Change,
        /// The wallet's passphrase, when no window can ask.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        passphrase: Option<Entrusted>,
    },
    /// Brings the keys back into memory: the passphrase, or a yes in the app.
    Unlock {
        /// The wallet's passphrase, when no window can ask.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        passphrase: Option<Entrusted>,
    },
}

/// What can be looked at.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Look {
    /// The wallet as a whole: a [`super::Presence`].
    Status,
    /// Every server.
    Servers,
    /// One server.
    Server(ServerName),
    /// The tools a server lists now.
    Tools(ServerName),
    /// Every agent.
    Agents,
    /// One agent.
    Agent(AgentName),
    /// Every delegation.
    Delegations,
    /// One delegation.
    Delegation(DelegationId),
    /// The questions that wait.
    Questions,
    /// The calls on their way.
    Live,
    /// Whether the whole record holds: a [`super::Verified`].
    Record,
}

/// What takes authority away.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Shrink {
    /// Forgets the keys until unlocked.
    Lock,
    /// Forgets a server, its login and its secrets.
    RemoveServer(ServerName),
    /// Ends a login.
    Logout(ServerName),
    /// Stops an agent for now.
    PauseAgent(AgentName),
    /// Stops every agent for now.
    PauseAll,
    /// Ends an agent for good.
    RevokeAgent(AgentName),
    /// Ends a delegation for good.
    RevokeDelegation(DelegationId),
    /// Says no to a question.
    Deny(ApprovalId),
    /// Cancels every call, pauses everything, locks.
    EmergencyStop,
}

/// What gives authority.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Adds a server, with its secrets.
    AddServer(Box<ServerForm>),
    /// Logs in to a server.
    Login(Box<LoginForm>),
    /// Names a new agent.
    AddAgent(AgentName),
    /// Whether an agent searches for its tools.
    SetToolSearch {
        /// Which.
        agent: AgentName,
        /// Whether.
        search: ToolSearch,
    },
    /// Lets a paused agent work again.
    ResumeAgent(AgentName),
    /// Lets everything work again.
    ResumeAll,
    /// Signs a delegation.
    Delegate(Draft),
    /// Says yes to a question.
    Allow {
        /// Which.
        id: ApprovalId,
        /// How far the yes reaches.
        reach: Reach,
    },
}

/// A server to add, as it crosses the socket.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerForm {
    /// Its name.
    pub name: ServerName,
    /// How it is reached.
    pub transport: Transport,
    /// Values for the variables that are secret, by name.
    #[serde(default)]
    pub env_secrets: Vec<(String, Entrusted)>,
    /// The value of the header that is secret.
    #[serde(default)]
    pub header: Option<Entrusted>,
}

/// A login, as it crosses the socket.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginForm {
    /// The server's name.
    pub server: ServerName,
    /// The client the human has registered where one logs in, if it has to be told.
    #[serde(default)]
    pub client: Option<ClientForm>,
}

/// A registered client, as it crosses the socket.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientForm {
    /// Its id.
    pub id: String,
    /// Its secret, if it has one.
    #[serde(default)]
    pub secret: Option<Entrusted>,
    /// The port in its redirect URI, if it is registered with one.
    #[serde(default)]
    pub redirect_port: Option<u16>,
}

impl From<ClientForm> for KnownClient {
    fn from(form: ClientForm) -> Self {
        let ClientForm { id, secret, redirect_port } = form;
        Self { id, secret: secret.map(Entrusted::into_secret), redirect_port }
    }
}

impl From<ServerForm> for NewServer {
    fn from(form: ServerForm) -> Self {
        let secrets = form.env_secrets.into_iter();
        Self {
            name: form.name,
            transport: form.transport,
            env_secrets: secrets.map(|(name, value)| (name, value.into_secret())).collect(),
            header: form.header.map(Entrusted::into_secret),
        }
    }
}
