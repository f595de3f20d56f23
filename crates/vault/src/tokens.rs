//! OAuth's side of the vault: one account's tokens, its registrations, and what was discovered about its server.

use crate::seal::Place;
use crate::vault::parse;
use crate::{Secret, Vault, VaultError};
use domain::{ServerName, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

pub(crate) const TREE: &str = "tokens";
pub(crate) const REGISTRATIONS: &str = "registrations";
const METADATA: &str = "oauth-metadata";

/// What a token endpoint answered, and what it is for.
#[derive(Debug, Serialize, Deserialize)]
pub struct TokenSet {
    /// The canonical resource URI the tokens were asked for (RFC 8707): they are sent nowhere else.
    pub resource: String,
    /// Who issued them.
    pub issuer: String,
    /// The access token.
    #[serde(with = "crate::secret::sealed")]
    pub access: Secret,
    /// The refresh token, if one was given.
    #[serde(default, with = "crate::secret::sealed::option")]
    pub refresh: Option<Secret>,
    /// When the access token ends, if it was said.
    pub expires: Option<Timestamp>,
    /// The scopes granted, as the server wrote them.
    pub scope: Option<String>,
    /// `Bearer`, in whatever case the server wrote it.
    pub token_type: String,
}

/// The wallet as one authorization server knows it. Belongs to that issuer alone.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClientRegistration {
    /// The authorization server's issuer identifier.
    pub issuer: String,
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`, for a confidential client.
    #[serde(default, with = "crate::secret::sealed::option")]
    pub client_secret: Option<Secret>,
    /// When the secret ends, if it was said.
    pub secret_expires: Option<Timestamp>,
    /// `token_endpoint_auth_method`.
    pub auth_method: Option<String>,
    /// The redirect URIs it was registered with.
    pub redirect_uris: Vec<String>,
    /// The one loopback port it may come back to, where the human said so.
    #[serde(default)]
    pub redirect_port: Option<u16>,
}

/// One server's account.
#[derive(Clone, Debug)]
pub struct Tokens {
    vault: Vault,
    server: ServerName,
}

impl Vault {
    /// The account for one server, whether or not anyone has logged in yet.
    #[must_use]
    pub fn tokens(&self, server: &ServerName) -> Tokens {
        Tokens { vault: self.clone(), server: server.clone() }
    }
}

impl Tokens {
    /// The tokens, if there are any. After the first time this is a look into memory.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Tampered`].
    pub fn load(&self) -> Result<Option<Arc<TokenSet>>, VaultError> {
        if let Some(tokens) = self.vault.with(|open| Ok(open.tokens.get(&self.server).cloned()))? {
            return Ok(Some(tokens));
        }
        self.vault.with_mut(|open| {
            let place = Place { tree: TREE, key: self.server.as_str() };
            let Some(plain) = self.vault.read_with(&open.sealer, place)? else { return Ok(None) };
            let tokens = Arc::new(parse::<TokenSet>(place, &plain)?);
            open.tokens.insert(self.server.clone(), tokens.clone());
            Ok(Some(tokens))
        })
    }

    /// Keeps new tokens in place of earlier ones. They are on disk before they can be used: a rotated refresh token that
    /// was used and then lost would cost the human a login.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Store`] when the disk refuses, and the earlier tokens still stand.
    pub fn save(&self, tokens: &TokenSet) -> Result<(), VaultError> {
        let values: Vec<_> = [Some(&tokens.access), tokens.refresh.as_ref()].into_iter().flatten().collect();
        self.vault.learn(&values)?;
        self.vault.write_json(Place { tree: TREE, key: self.server.as_str() }, tokens)?;
        self.vault.forget(&self.server);
        Ok(())
    }

    /// Deletes the tokens, and says whether there were any. The registration stays.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Store`] when the disk refuses.
    pub fn clear(&self) -> Result<bool, VaultError> {
        let had = self.vault.remove(Place { tree: TREE, key: self.server.as_str() })?;
        self.vault.forget(&self.server);
        Ok(had)
    }

    /// The registration with one issuer, if there is one.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Tampered`].
    pub fn registration(&self, issuer: &str) -> Result<Option<ClientRegistration>, VaultError> {
        let key = self.registration_key(issuer);
        let place = Place { tree: REGISTRATIONS, key: &key };
        self.vault.read(place)?.map(|plain| parse(place, &plain)).transpose()
    }

    /// Keeps a registration, in place of an earlier one with the same issuer.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Store`] when the disk refuses.
    pub fn save_registration(&self, registration: &ClientRegistration) -> Result<(), VaultError> {
        let values: Vec<_> = registration.client_secret.iter().collect();
        self.vault.learn(&values)?;
        let key = self.registration_key(&registration.issuer);
        self.vault.write_json(Place { tree: REGISTRATIONS, key: &key }, registration)
    }

    /// Deletes the registration with one issuer, and says whether there was one.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Store`] when the disk refuses.
    pub fn forget_registration(&self, issuer: &str) -> Result<bool, VaultError> {
        self.vault.remove(Place { tree: REGISTRATIONS, key: &self.registration_key(issuer) })
    }

    /// What was last discovered about the server's authorization, as `oauth` keeps it.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Tampered`].
    pub fn metadata(&self) -> Result<Option<Value>, VaultError> {
        self.vault.read_json(Place { tree: METADATA, key: self.server.as_str() })
    }

    /// Keeps what was discovered.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Store`] when the disk refuses.
    pub fn save_metadata(&self, metadata: &Value) -> Result<(), VaultError> {
        self.vault.write_json(Place { tree: METADATA, key: self.server.as_str() }, metadata)
    }

    /// Deletes tokens, registrations and metadata.
    pub(crate) fn forget_everything(&self) -> Result<(), VaultError> {
        self.vault.remove(Place { tree: METADATA, key: self.server.as_str() })?;
        let ours = self.registration_key("");
        for key in self.vault.store().keys(REGISTRATIONS)?.into_iter().filter(|key| key.starts_with(&ours)) {
            self.vault.remove(Place { tree: REGISTRATIONS, key: &key })?;
        }
        self.clear().map(drop)
    }

    /// A server's name holds no space, so no two pairs of server and issuer read the same.
    fn registration_key(&self, issuer: &str) -> String {
        format!("{} {issuer}", self.server)
    }
}

/// The secret values inside a record of tokens or of a registration.
pub(crate) fn values_in(place: Place<'_>, plain: &[u8]) -> Result<Vec<Secret>, VaultError> {
    if place.tree == TREE {
        let TokenSet { access, refresh, .. } = parse(place, plain)?;
        return Ok([Some(access), refresh].into_iter().flatten().collect());
    }
    let ClientRegistration { client_secret, .. } = parse(place, plain)?;
    Ok(client_secret.into_iter().collect())
}
