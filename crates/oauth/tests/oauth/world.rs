//! A wallet's vault with its logins, and a browser that a test plays.

use async_trait::async_trait;
use domain::{Credential, Server, ServerName, Timestamp, Transport};
use oauth::{Browser, LoggedIn, OAuth, OAuthError, OAuthOptions};
use reqwest::{Client, redirect};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use url::Url;
use vault::{MemoryKeyRing, TokenSet, Vault};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

pub(crate) fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

pub(crate) struct World {
    pub(crate) oauth: OAuth,
    pub(crate) vault: Vault,
    pub(crate) server: Server,
    _dir: TempDir,
}

pub(crate) fn world(url: &Url) -> World {
    world_with(url, OAuthOptions::default())
}

pub(crate) fn world_with(url: &Url, options: OAuthOptions) -> World {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path(), Arc::new(MemoryKeyRing::default()), NOW).unwrap();
    vault.unlock().unwrap();
    let server = Server {
        name: ServerName::parse("desk").unwrap(),
        transport: Transport::Http { url: url.clone(), credential: Credential::OAuth },
        added: NOW,
    };
    World { oauth: OAuth::new(vault.clone(), options), vault, server, _dir: dir }
}

impl World {
    pub(crate) async fn log_in(&self, browser: &dyn Browser) -> Result<LoggedIn, OAuthError> {
        self.oauth.login(&self.server, browser, None, NOW).await
    }

    pub(crate) async fn fresh(&self, now: Timestamp) -> Result<(), OAuthError> {
        self.oauth.fresh(&self.server.name, now).await
    }

    pub(crate) fn tokens(&self) -> Option<Arc<TokenSet>> {
        self.vault.tokens(&self.server.name).load().unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "a test looks at what the wallet would send")]
    pub(crate) fn access(&self) -> String {
        self.tokens().unwrap().access.expose_text().unwrap().to_owned()
    }

    #[expect(clippy::disallowed_methods, reason = "a test plays the thief of a refresh token")]
    pub(crate) fn refresh_token(&self) -> String {
        self.tokens().unwrap().refresh.as_ref().unwrap().expose_text().unwrap().to_owned()
    }
}

/// What the human's browser does with the address it is sent back to.
type Return = fn(Url) -> Vec<Url>;

/// A page the browser was shown: its status and text, or no connection.
pub(crate) type Shown = Option<(u16, String)>;

/// A browser whose human says yes to everything, and that goes where `back` says.
pub(crate) struct FakeBrowser {
    http: Client,
    back: Return,
    opened: Mutex<Vec<Url>>,
    tabs: Mutex<Vec<JoinHandle<Vec<Shown>>>>,
}

impl FakeBrowser {
    pub(crate) fn honest() -> Self {
        Self::going(|back| vec![back])
    }

    pub(crate) fn going(back: Return) -> Self {
        let http = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { http, back, opened: Mutex::default(), tabs: Mutex::default() }
    }

    pub(crate) fn opened(&self) -> Vec<Url> {
        self.opened.lock().unwrap().clone()
    }

    /// What the human read, once every tab has loaded.
    pub(crate) async fn shown(&self) -> Vec<Shown> {
        let tabs: Vec<_> = self.tabs.lock().unwrap().drain(..).collect();
        let mut shown = vec![];
        for tab in tabs {
            shown.extend(tab.await.unwrap());
        }
        shown
    }
}

#[async_trait]
impl Browser for FakeBrowser {
    async fn open(&self, url: &Url) -> Result<(), OAuthError> {
        self.opened.lock().unwrap().push(url.clone());
        let (http, back, url) = (self.http.clone(), self.back, url.clone());
        let tab = tokio::spawn(async move {
            let answer = http.get(url).send().await.unwrap();
            let location = answer.headers()["location"].to_str().unwrap().to_owned();
            let mut shown = vec![];
            for url in back(Url::parse(&location).unwrap()) {
                shown.push(show(&http, url).await);
            }
            shown
        });
        self.tabs.lock().unwrap().push(tab);
        Ok(())
    }
}

async fn show(http: &Client, url: Url) -> Shown {
    let page = http.get(url).send().await.ok()?;
    Some((page.status().as_u16(), page.text().await.ok()?))
}

/// The address with one parameter set to another value, or left out.
pub(crate) fn with(url: &Url, name: &str, value: Option<&str>) -> Url {
    let mut pairs: Vec<(String, String)> =
        url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
    pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url
}

pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
