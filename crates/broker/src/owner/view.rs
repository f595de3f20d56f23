//! What the owner is shown, and what the owner hands in.

use crate::Secret;
use domain::{
    AgentName, ApprovalMode, CallId, Delegation, DelegationState, Digest, Limits, PromptGrant, ResourceGrant,
    Server, ServerName, Target, Timestamp, Tool, Transport,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// Where the wallet as a whole stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Fresh, locked or unlocked.
    pub wallet: WalletState,
    /// What the human called this identity; none while fresh or locked.
    pub identity: Option<String>,
    /// The human's `did:key`; none while fresh or locked.
    pub did: Option<String>,
    /// Whether the master key is in the operating system's keyring (else under a passphrase).
    pub keyring: bool,
    /// Whether a passphrase can confirm changes on the command line.
    pub passphrase: bool,
    /// Whether everything is paused.
    pub paused: bool,
    /// How many agents, servers and questions there are, and how many agents are connected.
    pub agents: usize,
    /// See `agents`.
    pub servers: usize,
    /// See `agents`.
    pub questions: usize,
    /// See `agents`.
    pub connected: usize,
    /// Where agents come in over HTTP; none while they can't.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Version of this program.
    pub version: String,
    /// What the owner should read: a damaged store set aside, calls whose outcome is unknown.
    pub notices: Vec<String>,
}

/// Where the vault stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WalletState {
    /// No wallet here yet.
    Fresh,
    /// There is one, and its key is not in memory.
    Locked,
    /// Ready.
    Unlocked,
}

/// How a new wallet keeps its master key.
#[derive(Debug)]
pub enum KeyChoice {
    /// In the operating system's keyring.
    Keyring,
    /// Under a passphrase, because there is no keyring or the human wants none.
    Passphrase,
}

/// A new wallet.
#[derive(Debug)]
pub struct CreateWallet {
    /// What the human calls this identity: "Work".
    pub identity: String,
    /// Where the master key goes.
    pub keys: KeyChoice,
    /// Needed for [`KeyChoice::Passphrase`]; with a keyring it is optional, and confirms changes on the command line.
    pub passphrase: Option<Secret>,
}

/// What unlocking takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unlocking {
    /// Nothing but the system's keyring.
    Keyring,
    /// A yes in the app's window.
    Window,
    /// The passphrase.
    Passphrase,
    /// The app, which is not running: there is no passphrase to show who asks.
    App,
}

/// A server and how its login stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerView {
    /// The server.
    pub server: Server,
    /// Its login.
    pub login: LoginState,
}

/// How a server's login stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum LoginState {
    /// It needs none, or has a fixed secret.
    NotNeeded,
    /// It wants one.
    LoggedOut,
    /// It has one.
    LoggedIn {
        /// When the access token ends, if the server said. It is renewed before.
        expires: Option<Timestamp>,
        /// What the login may do.
        scope: Option<String>,
        /// What the server wants besides; the next login asks for it too. Empty when it did not say what.
        #[serde(default)]
        wants: Option<String>,
    },
    /// The server no longer takes it.
    Broken {
        /// What happened, in one sentence.
        reason: String,
    },
}

/// A server to add.
#[derive(Debug)]
pub struct NewServer {
    /// Its name.
    pub name: ServerName,
    /// How it is reached.
    pub transport: Transport,
    /// Values for the variables that are [`domain::EnvValue::Secret`], by name.
    pub env_secrets: Vec<(String, Secret)>,
    /// The value for [`domain::Credential::Header`].
    pub header: Option<Secret>,
}

/// What a server has to offer. What is no tool is as the server sent it.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Its tools, each with the digest that pins it.
    pub tools: Vec<Tool>,
    /// Its resources (`resources/list`).
    pub resources: Vec<Value>,
    /// Its families of resources (`resources/templates/list`).
    pub templates: Vec<Value>,
    /// Its prompts (`prompts/list`).
    pub prompts: Vec<Value>,
}

/// What was found of one receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptCheck {
    /// The wallet's receipt key signed this line, as it is, for this place.
    pub signed: bool,
    /// It holds the hash of the line before it.
    pub follows: bool,
}

/// A delegation to sign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// For whom.
    pub agent: AgentName,
    /// What, server by server.
    pub grants: Vec<GrantDraft>,
    /// For how long; at most 90 days.
    pub lasts: Duration,
}

/// What to grant on one server. A tool is pinned to the definition the human saw, if it is named; else as the server lists it
/// at signing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GrantDraft {
    /// Where.
    pub server: ServerName,
    /// Tools.
    pub tools: Vec<ToolDraft>,
    /// Resources.
    #[serde(default)]
    pub resources: Vec<ResourceGrant>,
    /// Prompts.
    #[serde(default)]
    pub prompts: Vec<PromptGrant>,
}

/// A tool to grant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolDraft {
    /// The server's own name for it.
    pub name: String,
    /// The definition the human saw: if the server lists another one by now, nothing is signed.
    #[serde(default)]
    pub definition: Option<Digest>,
    /// Whether the human is asked.
    pub approval: ApprovalMode,
    /// How often.
    #[serde(default)]
    pub limits: Limits,
}

/// A delegation and where it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DelegationView {
    /// What was signed.
    pub delegation: Delegation,
    /// Where it stands now.
    pub state: DelegationState,
    /// Calls made under it, by `(server, tool)`.
    pub used: Vec<(ServerName, String, u64)>,
    /// The signed text (SD-JWT).
    pub sd_jwt: String,
}

/// A call on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LiveCall {
    /// Which.
    pub id: CallId,
    /// Whose.
    pub agent: AgentName,
    /// Where to.
    pub server: ServerName,
    /// What.
    pub target: Target,
    /// Since when.
    pub since: Timestamp,
    /// Whether it waits for the human.
    pub waits: bool,
}
