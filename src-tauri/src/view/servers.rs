//! Servers: how they are reached, logged in to, and what tools they offer.

use super::{Entry, Failure, Typed, Work};
use domain::{AgentName, Digest, ServerName, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A server in a list.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Server {
    /// Its name.
    #[ts(type = "string")]
    pub name: ServerName,
    /// How it is reached.
    pub transport: Transport,
    /// Its login.
    pub login: Login,
    /// How it does.
    pub status: Status,
    /// How many granted tools changed since they were signed.
    pub changed_tools: u32,
}

/// How a server is reached.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Transport {
    /// A program on this machine.
    Stdio {
        /// The program.
        command: String,
        /// Its arguments.
        args: Vec<String>,
        /// Its working directory, if not the human's home.
        cwd: Option<String>,
        /// Names of the variables it is given; values are not shown.
        env: Vec<String>,
    },
    /// An address.
    Http {
        /// The endpoint.
        url: String,
    },
}

/// What the wallet shows the server. Never a token.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Login {
    /// It wants none.
    None,
    /// A fixed header, kept in the vault.
    Header {
        /// The header's name.
        name: String,
    },
    /// Not logged in.
    LoggedOut,
    /// The browser is open.
    Waiting,
    /// Logged in.
    LoggedIn {
        /// When the wallet renews it, if it says when it ends.
        #[ts(type = "string | null")]
        expires: Option<Timestamp>,
        /// What the login covers, as the server said.
        scopes: Vec<String>,
        /// What the server wants besides, if it turned a call away for it; logging in again asks for both.
        wants: Option<Vec<String>>,
    },
    /// The server ended it; the human logs in again.
    Ended {
        /// When.
        #[ts(type = "string")]
        at: Timestamp,
    },
    /// There is one, and the vault can't give it; the human logs in again.
    Unreadable {
        /// Why, as a sentence.
        why: String,
    },
}

/// How a server does.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Status {
    /// Not asked yet.
    Unknown,
    /// It answered when it was last asked.
    Answers,
    /// It did not.
    Fails {
        /// What happened, and what to do.
        why: Failure,
    },
}

/// Everything about one server.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerDetail {
    /// As in the list.
    pub server: Server,
    /// What it offers, asked just now.
    pub tools: Tools,
    /// Agents that have a delegation for it.
    #[ts(type = "Array<string>")]
    pub used_by: Vec<AgentName>,
    /// Calls that wait for it.
    pub waiting: Vec<Work>,
    /// What the record tells of the server itself lately, its logins above all; oldest first.
    pub happened: Vec<Entry>,
}

/// What a server offers.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum Tools {
    /// The lists.
    Listed {
        /// Tools.
        tools: Vec<Tool>,
        /// Resources, and families of them as prefixes.
        resources: Vec<Resource>,
        /// Prompts.
        prompts: Vec<Prompt>,
    },
    /// It can't be had.
    Failed {
        /// Why.
        why: Failure,
    },
}

/// A tool as its server describes it.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// The server's name for it.
    pub name: String,
    /// A title for people, or the name.
    pub title: String,
    /// What the server says it does.
    pub description: String,
    /// What calling it may do.
    pub risk: Risk,
    /// Pins the definition.
    #[ts(type = "string")]
    pub definition: Digest,
    /// What it is called with.
    pub parameters: Vec<Parameter>,
    /// Granted to some agent with another definition: those calls are refused.
    pub changed: bool,
}

/// A resource, or all resources of a family.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// What is granted: its URI, or a prefix that ends in `*`.
    pub uri: String,
    /// A title for people, or the name.
    pub title: String,
    /// What the server says it is.
    pub description: String,
}

/// A prompt as its server describes it.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Prompt {
    /// The server's name for it.
    pub name: String,
    /// What the server says it asks.
    pub description: String,
}

/// One argument a tool takes.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its JSON type, `any` if the schema does not say.
    pub kind: String,
    /// Whether it must be given.
    pub required: bool,
}

/// What calling a tool may do, from its annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Risk {
    /// Reads.
    Reads,
    /// Writes, and others may see it.
    Writes,
    /// Says nothing: "writes, maybe more".
    Unknown,
    /// Can't be undone.
    Destroys,
}

impl From<domain::Risk> for Risk {
    fn from(risk: domain::Risk) -> Self {
        match risk {
            domain::Risk::Reads => Self::Reads,
            domain::Risk::Writes => Self::Writes,
            domain::Risk::Unknown => Self::Unknown,
            domain::Risk::Destroys => Self::Destroys,
        }
    }
}

/// A server to be added. The human saw all of it in the form.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NewServer {
    /// Its name: lower-case letters, digits, single hyphens.
    pub name: String,
    /// How it is reached.
    pub transport: NewTransport,
}

/// How a new server is reached.
#[derive(Debug, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum NewTransport {
    /// A program on this machine; never a shell line.
    Stdio {
        /// The program.
        command: String,
        /// Its arguments, one each.
        args: Vec<String>,
        /// Its working directory, if not the human's home.
        cwd: Option<String>,
        /// Its environment beyond the minimum.
        env: Vec<NewVariable>,
    },
    /// An address.
    Http {
        /// The endpoint: https, or http on this machine.
        url: String,
        /// What it wants to be shown.
        credential: NewCredential,
    },
}

/// A variable for a new server's environment.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NewVariable {
    /// Its name.
    pub name: String,
    /// Its value: kept in the vault if secret.
    pub value: Typed,
    /// Whether it is secret.
    pub secret: bool,
}

/// What a new server wants to be shown.
#[derive(Debug, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum NewCredential {
    /// Nothing.
    None,
    /// A fixed header.
    Header {
        /// The header's name.
        name: String,
        /// Its value.
        value: Typed,
    },
    /// An OAuth login.
    OAuth,
}
