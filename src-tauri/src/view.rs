//! What the windows show and ask for: types only, and the one place from which `ui/src/ipc/bindings.ts` is generated.
//!
//! The front end takes one snapshot and then applies events, so every [`Event`] carries its whole subject and may be
//! applied twice. Times are RFC 3339 in UTC; the front end says them in the human's zone. Text that came from an agent or
//! a server is passed on as it is, and shown by the front end as plain text with its hidden characters visible.
//!
//! # Commands
//!
//! Every command answers with the type named here or fails with a [`Failure`]. Arguments are named as Tauri sees them.
//! `Window` says which window's capability has it: a page of the main window can't answer a question, and the approval
//! window can do nothing else.
//!
//! | command | arguments | answer | window |
//! |---|---|---|---|
//! | `snapshot` | – | [`Wallet`] | main |
//! | `create_wallet` | `name: String, seal: Seal` | [`Wallet`] | main |
//! | `unlock` | `passphrase: Option<Typed>` | [`Wallet`] | main |
//! | `lock` | – | `()`; [`Event::Wallet`] follows | main |
//! | `emergency_stop` | – | `()`; [`Event::Wallet`] follows | main |
//! | `pause_all`, `resume_all` | – | `()`; [`Event::Wallet`] follows | main |
//! | `start_playground` | – | [`Server`] | main |
//! | `add_server` | `server: NewServer` | [`Server`] | main |
//! | `remove_server` | `name` | `()` | main |
//! | `server` | `name` | [`ServerDetail`] | main |
//! | `login` | `name` | [`Server`], once the browser came back | main |
//! | `cancel_login`, `logout` | `name` | [`Server`] | main |
//! | `add_agent` | `name` | [`Enrolment`] | main |
//! | `agent` | `name` | [`AgentDetail`] | main |
//! | `pause_agent`, `resume_agent`, `revoke_agent` | `name` | [`Agent`] | main |
//! | `delegate` | `draft: Draft` | [`Signed`] | main |
//! | `revoke_delegation` | `id` | `()` | main |
//! | `review` | `id` | `()`; opens the approval window on that question | main |
//! | `activity` | `filter: Filter` | [`Page`] | main |
//! | `receipt` | `seq: u64` | [`Receipt`] | main |
//! | `verify_record` | – | [`Verdict`] | main |
//! | `export_record` | – | `Option<String>`, the folder the human chose | main |
//! | `change_settings` | `settings: Settings` | [`Settings`]; [`Event::Settings`] follows | main |
//! | `theme` | – | [`Theme`], light or dark as set, else as the system has it | both |
//! | `questions` | – | `Vec<Question>`, oldest first | approval |
//! | `shown` | `id` | `()`; the content or the focus changed: deaf for 500 ms from now | approval |
//! | `grow` | – | `()`; the window is made tall enough for a longer choice | approval |
//! | `answer` | `id, answer: Answer` | `()`; fails with `deaf` inside the 500 ms | approval |

mod activity;
mod agents;
mod delegate;
mod questions;
mod servers;
mod wallet;

pub use activity::{Check, Checked, Entry, Filter, Link, Notch, Outcome, Page, Receipt, ResultKind, Verdict};
pub use agents::{Agent, AgentDetail, Enrolment, Grant, GrantedTool, Program, Today};
pub use delegate::{Approval, Draft, DraftTool, Signed};
pub use questions::{Answer, Argument, Becomes, Question, Reach, Standpoint, Subject};
pub use servers::{
    Login, NewCredential, NewServer, NewTransport, NewVariable, Parameter, Prompt, Resource, Risk, Server,
    ServerDetail, Status, Tool, Tools, Transport,
};
pub use wallet::{About, Identity, Keyring, Locked, Open, Seal, Settings, Stopped, Theme, Wallet};

use domain::{AgentName, ApprovalId, CallId, ServerName, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The name under which every [`Event`] is emitted to every window.
pub const EVENT: &str = "wallet";

/// Something changed. Applying the same event twice changes nothing more.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// The wallet as a whole: made, opened, locked, stopped. Replaces everything.
    Wallet {
        /// As it is now.
        wallet: Box<Wallet>,
    },
    /// An agent was added or changed.
    Agent {
        /// As it is now.
        agent: Agent,
    },
    /// Servers were added, removed or changed, their logins included.
    Servers {
        /// All of them, by name.
        servers: Vec<Server>,
    },
    /// A question waits for the human. Both windows show it; only the approval window can answer it.
    Asked {
        /// All of it.
        question: Question,
    },
    /// A question was answered or ran out.
    Answered {
        /// Which.
        #[ts(type = "string")]
        id: ApprovalId,
    },
    /// A call began.
    Started {
        /// The call.
        work: Work,
    },
    /// A call ended; its receipt comes as [`Event::Recorded`].
    Ended {
        /// Which.
        #[ts(type = "string")]
        call: CallId,
    },
    /// A receipt was written.
    Recorded {
        /// Its line in the log.
        entry: Entry,
    },
    /// The settings changed.
    Settings {
        /// As they are now.
        settings: Settings,
    },
    /// The theme changed, by the settings or by the system.
    Theme {
        /// Light or dark.
        theme: Theme,
    },
}

/// A call under way.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// The call.
    #[ts(type = "string")]
    pub call: CallId,
    /// Who called.
    #[ts(type = "string")]
    pub agent: AgentName,
    /// Where.
    #[ts(type = "string")]
    pub server: ServerName,
    /// What: a tool, a prompt or a resource, by the server's name for it.
    pub tool: String,
    /// Since when.
    #[ts(type = "string")]
    pub since: Timestamp,
}

/// Why a command did nothing. Never holds a secret.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// A stable code: `locked`, `deaf`, `name_taken`, `bad_url`, `bad_command`, `wrong_passphrase`, `keyring`, `login`,
    /// `upstream`, `gone`, `cancelled`, `internal`, or a broker's own.
    pub code: String,
    /// What happened and what to do next, for the human.
    pub sentence: String,
}

/// A secret the human typed. It comes in and never goes out: no `Serialize`, no `Clone`, nothing to print.
#[derive(Deserialize, TS)]
#[ts(type = "string")]
pub struct Typed(String);

impl Typed {
    /// Hands the text over to the vault's own secret type, which wipes it.
    #[must_use]
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests;
