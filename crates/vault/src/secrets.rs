//! Secrets the human types in, and those that enrol agents.

use crate::seal::{Place, Sealer};
use crate::{Redactor, Secret, Vault, VaultError, tokens};
use domain::{AgentName, ServerName};
use http::HeaderValue;
use std::sync::Arc;

pub(crate) const TREE: &str = "secrets";
/// How many values are struck out before those that were replaced are forgotten.
const MOST_KNOWN: usize = if cfg!(test) { 6 } else { 500 };
const AGENTS: &str = "agent-secrets";

/// A secret the human typed in for a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SecretName {
    /// The whole value of a server's fixed header, such as `Bearer …`.
    Header(ServerName),
    /// The value of a variable in a server's environment.
    Env(ServerName, String),
}

impl Vault {
    /// Keeps a secret, in place of an earlier one. From then on it is struck out of answers.
    ///
    /// # Errors
    /// [`VaultError::BadSecret`] for a value that can't be sent where it is for; [`VaultError::Locked`].
    #[expect(clippy::disallowed_methods, reason = "the secret, to seal it")]
    pub fn put_secret(&self, name: &SecretName, secret: &Secret) -> Result<(), VaultError> {
        name.fits(secret)?;
        self.learn(&[secret])?;
        self.write(name.place(&name.record()), secret.expose())?;
        self.forget(name.server());
        Ok(())
    }

    /// Whether the secret is here.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Tampered`].
    pub fn has_secret(&self, name: &SecretName) -> Result<bool, VaultError> {
        Ok(self.read(name.place(&name.record()))?.is_some())
    }

    /// Deletes a secret for good, and says whether there was one.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Store`] when the disk refuses.
    pub fn delete_secret(&self, name: &SecretName) -> Result<bool, VaultError> {
        let had = self.remove(name.place(&name.record()))?;
        self.forget(name.server());
        Ok(had)
    }

    /// Deletes everything secret that is kept for a server: header, variables, tokens, registrations. A server added later
    /// under the same name starts with nothing.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Store`] when the disk refuses.
    pub fn delete_secrets_of(&self, server: &ServerName) -> Result<(), VaultError> {
        self.remove(Place { tree: TREE, key: &SecretName::Header(server.clone()).record() })?;
        let variables = SecretName::Env(server.clone(), String::new()).record();
        for key in self.store().keys(TREE)?.into_iter().filter(|key| key.starts_with(&variables)) {
            self.remove(Place { tree: TREE, key: &key })?;
        }
        self.tokens(server).forget_everything()
    }

    /// Makes the secret by which an agent's shim and the wallet prove themselves to each other, in place of an earlier one.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Store`] when the disk refuses.
    #[expect(clippy::disallowed_methods, reason = "the new secret, to seal it")]
    pub fn make_agent_secret(&self, agent: &AgentName) -> Result<Secret, VaultError> {
        let secret = Secret::random()?;
        self.learn(&[&secret])?;
        self.write(Place { tree: AGENTS, key: agent.as_str() }, secret.expose())?;
        Ok(secret)
    }

    /// The secret made for an agent, if one was.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Tampered`].
    pub fn agent_secret(&self, agent: &AgentName) -> Result<Option<Secret>, VaultError> {
        Ok(self.read(Place { tree: AGENTS, key: agent.as_str() })?.map(Secret::from))
    }

    /// Deletes an agent's secret: its shim can't connect any more.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Store`] when the disk refuses.
    pub fn delete_agent_secret(&self, agent: &AgentName) -> Result<bool, VaultError> {
        self.remove(Place { tree: AGENTS, key: agent.as_str() })
    }

    /// Strikes these values out of answers from now on. When very many have been replaced, only those on disk stay known.
    pub(crate) fn learn(&self, values: &[&Secret]) -> Result<(), VaultError> {
        // Made beside the state, so that no call waits for it.
        let _one_at_a_time = self.changing();
        let known = self.with(|open| match open.redactor.len() {
            0..MOST_KNOWN => Ok(open.redactor.clone()),
            MOST_KNOWN.. => self.everything_known(&open.sealer).map(Arc::new),
        })?;
        let redactor = Arc::new(known.knowing(values));
        self.with_mut(|open| {
            open.redactor = redactor;
            Ok(())
        })
    }

    /// A redactor that knows every secret on disk. A record that does not open is reported and passed over: it can't be
    /// sent either, so no answer can hold it.
    pub(crate) fn everything_known(&self, sealer: &Sealer) -> Result<Redactor, VaultError> {
        let mut known = Vec::new();
        for tree in [TREE, AGENTS, tokens::TREE, tokens::REGISTRATIONS] {
            for key in self.store().keys(tree)? {
                match self.values_in(sealer, Place { tree, key: &key }) {
                    Ok(values) => known.extend(values),
                    Err(error) => tracing::error!(%error, "a sealed record can't be used"),
                }
            }
        }
        Ok(Redactor::default().knowing(&known.iter().collect::<Vec<_>>()))
    }

    fn values_in(&self, sealer: &Sealer, place: Place<'_>) -> Result<Vec<Secret>, VaultError> {
        let Some(plain) = self.read_with(sealer, place)? else { return Ok(vec![]) };
        match place.tree {
            tokens::TREE | tokens::REGISTRATIONS => tokens::values_in(place, &plain),
            _ => Ok(vec![plain.into()]),
        }
    }
}

impl SecretName {
    /// For which server.
    #[must_use]
    pub const fn server(&self) -> &ServerName {
        match self {
            Self::Header(server) | Self::Env(server, _) => server,
        }
    }

    pub(crate) fn record(&self) -> String {
        match self {
            Self::Header(server) => format!("header/{server}"),
            Self::Env(server, variable) => format!("env/{server}/{variable}"),
        }
    }

    pub(crate) const fn place<'a>(&self, record: &'a str) -> Place<'a> {
        Place { tree: TREE, key: record }
    }

    #[expect(clippy::disallowed_methods, reason = "the secret, to see whether it can be sent")]
    fn fits(&self, secret: &Secret) -> Result<(), VaultError> {
        let bad = |what: String, reason| Err(VaultError::BadSecret { what, reason });
        match self {
            Self::Header(server) if HeaderValue::from_bytes(secret.expose()).is_err() => {
                bad(format!("the header for {server}"), "a header holds one line of visible characters")
            }
            Self::Env(_, variable) if variable.is_empty() || variable.contains(['=', '\0']) => {
                bad(format!("the variable {variable:?}"), "a variable's name has no = and no NUL in it")
            }
            Self::Env(_, variable) if secret.expose().contains(&0) => {
                bad(format!("the variable {variable}"), "its value has a NUL in it")
            }
            _ if secret.is_empty() => bad("an empty secret".into(), "there is nothing in it"),
            Self::Header(_) | Self::Env(..) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryKeyRing;
    use domain::Timestamp;

    #[test]
    fn threat_29_a_secret_in_use_is_struck_out_however_many_others_were_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let keyring = Arc::new(MemoryKeyRing::default());
        let vault = Vault::open(dir.path(), keyring, Timestamp::from_seconds(0)).unwrap();
        vault.unlock().unwrap();
        let server = ServerName::parse("github").unwrap();
        let (fixed, often) = (SecretName::Header(server.clone()), SecretName::Env(server, "KEY".into()));
        vault.put_secret(&fixed, &Secret::new("canary-fixed")).unwrap();
        for number in 0..20 {
            vault.put_secret(&often, &Secret::new(format!("canary-{number:02}"))).unwrap();
            assert!(vault.redactor().len() <= MOST_KNOWN + 1);
        }
        let clean = vault.redactor().redact_text("canary-fixed canary-19 canary-18");
        assert!(!clean.contains("canary"), "{clean}");
    }
}
