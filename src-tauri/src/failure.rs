//! From what went wrong in the wallet to what the windows say about it.

use crate::deaf::Unheard;
use crate::view::Failure;
use broker::BrokerError;

/// What a command answers.
pub(crate) type Answered<T> = Result<T, Failure>;

impl Failure {
    /// A failure with a code for the front end and a sentence for the human.
    pub(crate) fn new(code: &str, sentence: impl Into<String>) -> Self {
        Self { code: code.into(), sentence: sentence.into() }
    }
}

impl From<BrokerError> for Failure {
    fn from(error: BrokerError) -> Self {
        Self::new(code(&error), error.to_string())
    }
}

impl From<Unheard> for Failure {
    fn from(error: Unheard) -> Self {
        Self::new("deaf", error.to_string())
    }
}

impl From<tauri::Error> for Failure {
    fn from(error: tauri::Error) -> Self {
        Self::new("internal", format!("the desktop refused: {error}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new("internal", error.to_string())
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the broker may learn new errors; their sentence is enough"
)]
fn code(error: &BrokerError) -> &'static str {
    match error {
        BrokerError::Locked => "locked",
        BrokerError::ToolChanged { .. } => "changed",
        BrokerError::WrongPassphrase => "wrong_passphrase",
        BrokerError::NameTaken(_) => "name_taken",
        BrokerError::Upstream { .. } => "upstream",
        BrokerError::Login { .. } => "login",
        BrokerError::NoAgent(_)
        | BrokerError::NoServer(_)
        | BrokerError::NoDelegation(_)
        | BrokerError::NoQuestion(_)
        | BrokerError::NoTool { .. } => "gone",
        BrokerError::NotConfirmed => "cancelled",
        BrokerError::Invalid(_) => "invalid",
        _ => "internal",
    }
}
