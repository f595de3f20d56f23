//! The wallet as a whole: not made yet, locked, stopped, or open.

use super::{Agent, Entry, Notch, Question, Server, Today, Typed, Work};
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the main window shows.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "phase", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Wallet {
    /// First run: there is no identity yet.
    New {
        /// A name to begin with, such as the login name.
        suggested: String,
        /// Whether the system's keyring can seal it.
        keyring: Keyring,
    },
    /// There is one, and it is locked.
    Locked(Locked),
    /// The human pressed Emergency stop.
    Stopped(Stopped),
    /// Ready.
    Open(Box<Open>),
    /// It can't be opened at all.
    Unusable {
        /// What happened, and what to do.
        sentence: String,
        /// Where its files are.
        home: String,
    },
}

/// Whether the system's keyring can be used.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum Keyring {
    /// It is being asked.
    Asked,
    /// It answers.
    Ready,
    /// It does not; a passphrase is offered instead.
    Unavailable {
        /// Why, as a sentence.
        why: String,
    },
}

/// What seals the wallet at rest. The human chooses; nothing falls back silently.
#[derive(Debug, Deserialize, TS)]
#[serde(tag = "by", rename_all = "camelCase")]
pub enum Seal {
    /// The system's keyring.
    Keyring,
    /// A passphrase.
    Passphrase {
        /// What the human typed.
        passphrase: Typed,
    },
}

/// A locked wallet.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Locked {
    /// Whether a passphrase opens it, rather than the system's keyring.
    pub passphrase: bool,
    /// Since when, if it was locked while running.
    #[ts(type = "string | null")]
    pub since: Option<Timestamp>,
}

/// What Emergency stop did.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Stopped {
    /// When it was pressed.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// How long after that the last byte left the machine.
    pub quiet_ms: u32,
    /// Calls that were sent and not answered: they may have gone through.
    pub uncertain: Vec<Entry>,
    /// Calls that ended without being sent.
    pub ended: u32,
    /// Questions closed as denied.
    pub denied: u32,
    /// Agents paused.
    pub paused: u32,
    /// Whether a passphrase opens the wallet again.
    pub passphrase: bool,
}

/// An open wallet: all that the lists and Home show.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Open {
    /// Who signs.
    pub identity: Identity,
    /// Questions that wait, oldest first.
    pub questions: Vec<Question>,
    /// Every agent, by name; revoked ones too.
    pub agents: Vec<Agent>,
    /// Every server, by name.
    pub servers: Vec<Server>,
    /// Calls under way.
    pub work: Vec<Work>,
    /// The last hour's calls, oldest first.
    pub hour: Vec<Notch>,
    /// Today's figures.
    pub today: Today,
    /// The number of the newest receipt these figures know; receipts recorded later come as events.
    pub newest: Option<u64>,
    /// Whether all agents are paused.
    pub all_paused: bool,
    /// Whether the record verified when the app started; `None` until all of it is read.
    pub record_whole: Option<bool>,
    /// The settings.
    pub settings: Settings,
    /// What Settings tells about this wallet.
    pub about: About,
}

/// Who signs.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The human's name for it.
    pub name: String,
    /// `did:key` of the human.
    pub did: String,
}

/// What the human set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Light, dark, or as the system.
    pub theme: Theme,
    /// Lock after so many minutes without the human; `None` is never.
    pub lock_after_minutes: Option<u32>,
    /// Whether a waiting question shows a notification.
    pub notify: bool,
    /// Whether the wallet starts with the session.
    pub autostart: bool,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    /// As the system.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// Facts about this wallet.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// The app's version.
    pub version: String,
    /// Where the wallet's files are.
    pub home: String,
    /// Where agents connect.
    pub socket: String,
    /// Where agents come in over HTTP; none while they can't.
    pub endpoint: Option<String>,
    /// Whether a passphrase seals it, rather than the system's keyring.
    pub passphrase: bool,
    /// How many receipts there are.
    pub receipts: u64,
}
