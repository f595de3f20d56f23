//! Ed25519 keys the wallet makes and keeps: it signs with them, and never shows one.

use crate::seal::Place;
use crate::state::Open;
use crate::{Secret, Vault, VaultError};
use domain::{AgentName, PublicKey, SignError, Signature, Signer};
use ed25519_dalek::{Signer as _, SigningKey};
use std::fmt;
use zeroize::Zeroizing;

const TREE: &str = "keys";

/// Which key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyName {
    /// The human's, which signs delegations.
    Human,
    /// The wallet's, which signs receipts and checkpoints.
    Receipt,
    /// An agent's holder key, which signs call proofs; only under a permit.
    Agent(AgentName),
}

/// Signs with one key of an unlocked vault. Holds no key itself: locking the vault stops it at once.
#[derive(Clone)]
pub struct VaultSigner {
    vault: Vault,
    name: KeyName,
    key: PublicKey,
}

impl Vault {
    /// Makes a key unless there is one, and tells its public half. An existing key is never replaced.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Store`] when the disk refuses.
    pub fn make_key(&self, name: &KeyName) -> Result<PublicKey, VaultError> {
        let _one_at_a_time = self.changing();
        if let Some(key) = self.public_key(name)? {
            return Ok(key);
        }
        self.keep_seed(name, &Secret::random()?)?;
        self.public_key(name)?.ok_or_else(|| name.missing())
    }

    /// The public half of a key, if there is one.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Tampered`] for a key that can't be trusted.
    pub fn public_key(&self, name: &KeyName) -> Result<Option<PublicKey>, VaultError> {
        let public = |key: &SigningKey| PublicKey(key.verifying_key().to_bytes());
        if let Some(key) = self.with(|open| Ok(open.keys.get(name).map(public)))? {
            return Ok(Some(key));
        }
        self.with_mut(|open| {
            let Some(key) = self.load_key(open, name)? else { return Ok(None) };
            let shown = public(&key);
            open.keys.insert(name.clone(), key);
            Ok(Some(shown))
        })
    }

    /// A signer for one of the wallet's own keys.
    ///
    /// # Errors
    /// [`VaultError::PermitNeeded`] for an agent's key: that one comes with an [`Attachment`](crate::Attachment).
    /// [`VaultError::NoKey`] when it was not made yet; [`VaultError::Locked`].
    pub fn signer(&self, name: &KeyName) -> Result<VaultSigner, VaultError> {
        match name {
            KeyName::Human | KeyName::Receipt => self.any_signer(name),
            KeyName::Agent(_) => Err(VaultError::PermitNeeded),
        }
    }

    /// Deletes an agent's key for good, and says whether there was one. The wallet's own keys can't be deleted.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Store`] when the disk refuses.
    pub fn delete_agent_key(&self, agent: &AgentName) -> Result<bool, VaultError> {
        let name = KeyName::Agent(agent.clone());
        let had = self.remove(Place { tree: TREE, key: &name.record() })?;
        self.with_mut(|open| {
            open.keys.remove(&name);
            Ok(had)
        })
    }

    /// A signer for any key; for those who hold a permit.
    pub(crate) fn any_signer(&self, name: &KeyName) -> Result<VaultSigner, VaultError> {
        let key = self.public_key(name)?.ok_or_else(|| name.missing())?;
        Ok(VaultSigner { vault: self.clone(), name: name.clone(), key })
    }

    #[expect(clippy::disallowed_methods, reason = "the new key's seed, to seal it")]
    fn keep_seed(&self, name: &KeyName, seed: &Secret) -> Result<(), VaultError> {
        self.write(Place { tree: TREE, key: &name.record() }, seed.expose())
    }

    fn load_key(&self, open: &Open, name: &KeyName) -> Result<Option<SigningKey>, VaultError> {
        let record = name.record();
        let place = Place { tree: TREE, key: &record };
        let Some(seed) = self.read_with(&open.sealer, place)? else { return Ok(None) };
        let Ok(seed) = <[u8; 32]>::try_from(seed.as_slice()).map(Zeroizing::new) else {
            return Err(place.tampered());
        };
        Ok(Some(SigningKey::from_bytes(&seed)))
    }
}

impl KeyName {
    fn record(&self) -> String {
        match self {
            Self::Human => "human".into(),
            Self::Receipt => "receipt".into(),
            Self::Agent(agent) => format!("agent/{agent}"),
        }
    }

    fn missing(&self) -> VaultError {
        match self {
            Self::Human => VaultError::NoKey("human"),
            Self::Receipt => VaultError::NoKey("receipt"),
            Self::Agent(agent) => VaultError::NoAgentKey(agent.clone()),
        }
    }
}

impl Signer for VaultSigner {
    fn public_key(&self) -> PublicKey {
        self.key
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let at_hand =
            || self.vault.with(|open| Ok(open.keys.get(&self.name).map(|key| self.sign_with(key, message))));
        let signed = match at_hand() {
            // Locked and unlocked since: read the key anew.
            Ok(None) => self.vault.public_key(&self.name).and_then(|_| at_hand()),
            other => other,
        };
        match signed {
            Ok(Some(Some(signature))) => Ok(signature),
            Err(VaultError::Locked) => Err(SignError::Locked),
            Ok(Some(None) | None) | Err(_) => Err(SignError::NoKey(self.name.record())),
        }
    }
}

impl VaultSigner {
    /// Nothing when the name stands for another key by now.
    fn sign_with(&self, key: &SigningKey, message: &[u8]) -> Option<Signature> {
        let same = key.verifying_key().as_bytes() == &self.key.0;
        same.then(|| Signature(key.sign(message).to_bytes()))
    }
}

impl fmt::Debug for VaultSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VaultSigner({:?}, {:?})", self.name, self.key)
    }
}
