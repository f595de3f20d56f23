//! Records that are no secrets by themselves (agents, servers, delegations, settings), sealed all the same.

use crate::seal::Place;
use crate::vault::parse;
use crate::{Vault, VaultError};
use domain::ServerName;
use serde::{Serialize, de::DeserializeOwned};
use std::marker::PhantomData;

/// The tree of [`domain::Server`] records, by name: the vault itself reads what credential a server wants from there.
pub const SERVERS: &str = "servers";

/// The records of one kind. Every change is on disk when its call returns.
pub struct Records<T> {
    vault: Vault,
    /// The tree's name in the store. Prefixed, so that no caller's name meets a tree of the vault's own.
    tree: String,
    kind: PhantomData<fn() -> T>,
}

impl Vault {
    /// The records of the kind kept in `tree`.
    #[must_use]
    pub fn records<T: Serialize + DeserializeOwned>(&self, tree: &'static str) -> Records<T> {
        Records { vault: self.clone(), tree: format!("records/{tree}"), kind: PhantomData }
    }
}

impl<T: Serialize + DeserializeOwned> Records<T> {
    /// One record.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Tampered`] and [`VaultError::Unreadable`] for a record that can't be trusted.
    pub fn get(&self, key: &str) -> Result<Option<T>, VaultError> {
        self.vault.read_json(self.place(key))
    }

    /// Whether there is such a record, readable or not. A locked vault tells that as well.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        !matches!(self.vault.store().get(self.place(key)), Ok(None))
    }

    /// Keeps a record, in place of an earlier one.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Store`] when the disk refuses.
    pub fn put(&self, key: &str, value: &T) -> Result<(), VaultError> {
        self.vault.write_json(self.place(key), value)?;
        self.changed(key);
        Ok(())
    }

    /// Deletes a record, and says whether there was one.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Store`] when the disk refuses.
    pub fn delete(&self, key: &str) -> Result<bool, VaultError> {
        let had = self.vault.remove(self.place(key))?;
        self.changed(key);
        Ok(had)
    }

    /// Every record, by key in order.
    ///
    /// # Errors
    /// As [`Records::get`]; one bad record is an error, so that none is missing unnoticed.
    pub fn list(&self) -> Result<Vec<(String, T)>, VaultError> {
        let keys = self.vault.store().keys(&self.tree)?;
        let record = |key: String| {
            let place = self.place(&key);
            let plain = self.vault.read(place)?;
            let value = plain.map(|plain| parse(place, &plain)).transpose()?;
            Ok(value.map(|value| (key, value)))
        };
        // A record deleted since the keys were read is simply not there.
        keys.into_iter().map(record).filter_map(Result::transpose).collect()
    }

    fn place<'a>(&'a self, key: &'a str) -> Place<'a> {
        Place { tree: &self.tree, key }
    }

    /// What a server is shown depends on its record.
    fn changed(&self, key: &str) {
        if let (Some(SERVERS), Ok(server)) = (self.tree.strip_prefix("records/"), ServerName::parse(key)) {
            self.vault.forget(&server);
        }
    }
}
