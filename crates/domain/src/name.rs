//! Names a human gives: short, lower case, safe in a path, a tool prefix and a terminal.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a name was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "the name {given:?} is not usable: use 1 to 32 of a–z, 0–9 and single hyphens, starting with a letter or digit"
)]
pub struct NameError {
    given: String,
}

fn is_plain(name: &str) -> bool {
    let edge_is_alphanumeric =
        |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.len() <= 32
        && edge_is_alphanumeric(name.chars().next())
        && edge_is_alphanumeric(name.chars().last())
        && !name.contains("--")
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses a name of 1 to 32 lower-case letters, digits and single hyphens.
            ///
            /// # Errors
            /// [`NameError`] for anything else.
            pub fn parse(name: &str) -> Result<Self, NameError> {
                if is_plain(name) { Ok(Self(name.to_owned())) } else { Err(NameError { given: name.to_owned() }) }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(name: String) -> Result<Self, NameError> {
                Self::parse(&name)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;
            fn from_str(name: &str) -> Result<Self, NameError> {
                Self::parse(name)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }
    };
}

name! {
    /// What the human calls an agent, unique in a wallet: `claude-code`.
    AgentName
}
name! {
    /// What the human calls a server, unique in a wallet: `github`. It prefixes the server's tools as `github__create_issue`;
    /// a name never holds an underscore, so the split at the first `__` is unambiguous.
    ServerName
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_taken() {
        for name in ["a", "claude-code", "0x", "server-everything", "a1-b2-c3"] {
            assert_eq!(AgentName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn names_that_could_mislead_or_escape_are_refused() {
        for name in
            ["", "-a", "a-", "a--b", "a_b", "A", "a b", "../x", "a/b", "é", "a\u{200b}", &"a".repeat(33)]
        {
            assert!(ServerName::parse(name).is_err(), "{name:?}");
        }
    }
}
