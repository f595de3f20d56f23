//! What a receipt is about.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $text:literal,)*) => {
        /// What a receipt is about: `<subject>.<what happened>` (formats, §4).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind {
            $($(#[$doc])* #[serde(rename = $text)] $kind,)*
        }

        impl Kind {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// As it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $text,)* }
            }
        }
    };
}

kinds! {
    /// Decided, recorded, about to be sent.
    CallOpened = "call.opened",
    /// Came back, failed, or its outcome stays unknown.
    CallClosed = "call.closed",
    /// Refused; nothing was sent.
    CallDenied = "call.denied",
    /// A question for the human.
    ApprovalAsked = "approval.asked",
    /// The human said yes.
    ApprovalGranted = "approval.granted",
    /// The human said no.
    ApprovalRefused = "approval.refused",
    /// Nobody answered in time, or the question went away.
    ApprovalExpired = "approval.expired",
    /// A yes that held on was taken back.
    ApprovalWithdrawn = "approval.withdrawn",
    /// Named, with a key made for it.
    AgentAdded = "agent.added",
    /// The human accepted a program for it.
    AgentEnrolled = "agent.enrolled",
    /// Connected and identified.
    AgentConnected = "agent.connected",
    /// Connection refused: unknown program, wrong secret, paused, revoked.
    AgentRefused = "agent.refused",
    /// Connection ended.
    AgentDisconnected = "agent.disconnected",
    /// Refused for now.
    AgentPaused = "agent.paused",
    /// Works again.
    AgentResumed = "agent.resumed",
    /// Refused for good.
    AgentRevoked = "agent.revoked",
    /// Signed by the human.
    DelegationIssued = "delegation.issued",
    /// Taken back by the human.
    DelegationRevoked = "delegation.revoked",
    /// Added by the human.
    ServerAdded = "server.added",
    /// Another command, address or credential.
    ServerChanged = "server.changed",
    /// Removed by the human.
    ServerRemoved = "server.removed",
    /// Its tools were asked for on the owner's side, with its credential.
    ServerLooked = "server.looked",
    /// A tool is not what it was when it was granted.
    ServerToolChanged = "server.tool_changed",
    /// A browser was opened.
    LoginStarted = "login.started",
    /// Tokens are in the vault.
    LoginCompleted = "login.completed",
    /// It ended without tokens.
    LoginFailed = "login.failed",
    /// Tokens were exchanged for new ones.
    LoginRefreshed = "login.refreshed",
    /// The server refused the tokens; the human must log in again.
    LoginNeeded = "login.needed",
    /// Tokens were revoked and forgotten.
    LoginEnded = "login.ended",
    /// The first unlock, with keys made.
    VaultCreated = "vault.created",
    /// Keys are in memory.
    VaultUnlocked = "vault.unlocked",
    /// Keys are wiped from memory.
    VaultLocked = "vault.locked",
    /// Unreadable, and put aside.
    VaultSetAside = "vault.set_aside",
    /// Every agent refused for now.
    VaultAllPaused = "vault.all_paused",
    /// Agents work again.
    VaultAllResumed = "vault.all_resumed",
}

impl Kind {
    /// The part before the point: `call`, `approval`, `agent`, `delegation`, `server`, `login` or `vault`.
    #[must_use]
    pub fn subject(self) -> &'static str {
        self.as_str().split('.').next().unwrap_or_default()
    }

    /// Reads what [`Kind::as_str`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_reads_back_and_is_written_the_same_in_json() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(Kind::CallOpened.subject(), "call");
        assert_eq!(Kind::parse("call.imagined"), None);
    }
}
