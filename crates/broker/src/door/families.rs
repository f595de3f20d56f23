//! Where clients and families of tokens outlive the process: sealed in the vault.

use crate::inner::Inner;
use domain::{AgentName, AgentState, Origin};
use issuer::{Client, Family, FamilyId, Issuer, Shelf, ShelfError};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeSet;
use vault::{Records, VaultError};

/// The shelf.
pub(crate) struct Families {
    clients: Records<Client>,
    families: Records<Family>,
}

/// The authorization server at `origin`, with what the vault has of it. What can't be read counts as ended: its clients ask
/// the human again.
pub(super) fn open(inner: &Inner, origin: Origin) -> Issuer<Families> {
    let shelf = Families {
        clients: inner.vault.records("http-clients"),
        families: inner.vault.records("http-families"),
    };
    let clients = read(inner, &shelf.clients, "clients");
    let families = read(inner, &shelf.families, "logins");
    let revoked = revoked(inner, &families);
    let mut issuer = Issuer::new(origin, shelf, clients, families, inner.clock.now());
    for agent in revoked {
        if let Err(error) = issuer.end_agent(&agent) {
            tracing::warn!(%agent, %error, "what a revoked agent held could not be taken out of the vault");
        }
    }
    issuer
}

/// Agents that hold something and are none any more: they were revoked while the door was shut.
fn revoked(inner: &Inner, families: &[Family]) -> BTreeSet<AgentName> {
    let book = inner.books.read();
    let is_one = |name: &AgentName| {
        let agent = book.as_ref().and_then(|book| book.agents.get(name));
        agent.is_some_and(|agent| agent.state != AgentState::Revoked)
    };
    families.iter().map(|family| family.holder.agent.clone()).filter(|name| !is_one(name)).collect()
}

fn read<T: Serialize + DeserializeOwned>(inner: &Inner, records: &Records<T>, what: &str) -> Vec<T> {
    match records.list() {
        Ok(all) => all.into_iter().map(|(_, record)| record).collect(),
        Err(error) => {
            inner.notice(format!(
                "The {what} of agents that came over HTTP can't be read and count as ended ({error}). You are asked about them anew."
            ));
            vec![]
        }
    }
}

impl Shelf for Families {
    fn keep_client(&self, client: &Client) -> Result<(), ShelfError> {
        self.clients.put(&client.id, client).map_err(unkept)
    }

    fn drop_client(&self, id: &str) -> Result<(), ShelfError> {
        self.clients.delete(id).map(drop).map_err(unkept)
    }

    fn keep_family(&self, family: &Family) -> Result<(), ShelfError> {
        self.families.put(family.id.as_str(), family).map_err(unkept)
    }

    fn drop_family(&self, id: &FamilyId) -> Result<(), ShelfError> {
        self.families.delete(id.as_str()).map(drop).map_err(unkept)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is the end of the error's way")]
fn unkept(error: VaultError) -> ShelfError {
    ShelfError(error.to_string())
}
