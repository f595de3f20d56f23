//! The owner's looks at servers. Any process of the user may ask for one, and each uses the wallet's credential: so each is in the
//! record, a server is looked at once at a time, and whoever asks again within seconds gets the same answer.

use crate::listed::Listed;
use crate::{Broker, BrokerError, Offer, clean};
use domain::{Server, ServerName, Timestamp, Tool};
use mcp::lists::List;
use proof::receipt::{Body, Kind};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long what was seen is taken to be so still.
const FRESH: Duration = Duration::from_secs(5);

const TOOLS: &[List] = &[List::Tools];
/// In the order of an [`Offer`].
const EVERYTHING: &[List] = &[List::Tools, List::Resources, List::ResourceTemplates, List::Prompts];

/// What was seen last, by server.
#[derive(Default)]
pub(crate) struct Looks(Mutex<HashMap<ServerName, Arc<Look>>>);

/// Held while one looks; the others wait and see the same.
type Look = tokio::sync::Mutex<Option<Seen>>;

struct Seen {
    time: Timestamp,
    lists: &'static [List],
    /// What these lists hold, or why they can't be had.
    what: Result<Vec<Arc<Listed>>, String>,
}

impl Looks {
    /// The server is another now, or its login is.
    pub(crate) fn forget(&self, server: &ServerName) {
        self.all().remove(server);
    }

    fn at(&self, server: &ServerName) -> Arc<Look> {
        self.all().entry(server.clone()).or_default().clone()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<ServerName, Arc<Look>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Broker {
    /// What a server's tools are, asked within the last seconds.
    ///
    /// # Errors
    /// [`BrokerError::NoServer`]; [`BrokerError::Upstream`] when it can't be reached, wants a login or answers nonsense.
    pub async fn tools(&self, name: &ServerName) -> Result<Vec<Tool>, BrokerError> {
        Ok(self.only_tools(self.look(name, TOOLS, FRESH).await?))
    }

    /// The same, asked now.
    pub(crate) async fn tools_now(&self, name: &ServerName) -> Result<Vec<Tool>, BrokerError> {
        Ok(self.only_tools(self.look(name, TOOLS, Duration::ZERO).await?))
    }

    /// What a server has to offer, asked now: what a human may grant, who looks at it in the window.
    ///
    /// # Errors
    /// As for [`Broker::tools`].
    pub async fn offers(&self, name: &ServerName) -> Result<Offer, BrokerError> {
        let mut lists = self.look(name, EVERYTHING, Duration::ZERO).await?.into_iter();
        let mut next = || lists.next().unwrap_or_default();
        let tools = self.read(&next());
        let [resources, templates, prompts] = [next(), next(), next()].map(|list| self.clean(&list));
        Ok(Offer { tools, resources, templates, prompts })
    }

    fn only_tools(&self, lists: Vec<Arc<Listed>>) -> Vec<Tool> {
        lists.iter().flat_map(|listed| self.read(listed)).collect()
    }

    /// Tools as the server defines them, to be pinned; shown without what it should not have said.
    fn read(&self, listed: &Listed) -> Vec<Tool> {
        let redactor = self.0.vault.redactor();
        let tools = listed.tools().into_iter();
        tools.map(|tool| Tool { raw: clean::value(&redactor, tool.raw), ..tool }).collect()
    }

    fn clean(&self, list: &Listed) -> Vec<Value> {
        let redactor = self.0.vault.redactor();
        list.values().into_iter().map(|item| clean::value(&redactor, item)).collect()
    }

    async fn look(
        &self,
        name: &ServerName,
        lists: &'static [List],
        fresh: Duration,
    ) -> Result<Vec<Arc<Listed>>, BrokerError> {
        let server = self.server(name)?.server;
        let place = self.0.looks.at(name);
        let mut last = place.lock().await;
        let holds = |seen: &Seen| seen.lists == lists && self.now().since(seen.time) < fresh;
        let seen = match last.take().filter(holds) {
            Some(seen) => seen,
            None => Seen { lists, what: self.look_now(server, lists).await?, time: self.now() },
        };
        let what = last.insert(seen).what.clone();
        what.map_err(|reason| BrokerError::Upstream { server: name.clone(), reason })
    }

    /// The receipt comes first: the credential is about to be used.
    async fn look_now(
        &self,
        server: Server,
        lists: &'static [List],
    ) -> Result<Result<Vec<Arc<Listed>>, String>, BrokerError> {
        let (inner, name) = (&self.0, server.name.clone());
        inner.note(Body { server: Some(name.clone()), ..inner.body(Kind::ServerLooked) })?;
        Ok(match tokio::time::timeout(PATIENCE, crate::open::look(inner, server, lists)).await {
            Ok(looked) => {
                looked.map_err(|fault| clean::words(&inner.vault.redactor(), &inner.understood(&name, fault)))
            }
            Err(_) => Err(format!("gave no answer within {} s", PATIENCE.as_secs())),
        })
    }
}
