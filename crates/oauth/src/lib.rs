//! The client side of MCP authorization: discovery, registration, login, refresh, revocation.
//!
//! A human logs in to a server once, in their own browser; from then on the tokens live in the vault and are kept fresh here.
//! Strict where others are lenient: no PKCE, no login; a document that says it is somebody else's is nobody's; an answer from
//! the wrong issuer is thrown away; no address is followed further inside a network than the server that named it.
//!
//! What it does *not* do: attach tokens to calls (that is the vault's, under a permit), or decide when to ask the human.

mod account;
mod browser;
mod callback;
mod challenge;
mod discovery;
mod error;
mod exchange;
mod login;
mod metadata;
mod options;
mod page;
mod place;
mod registration;
mod scopes;
mod web;

use account::Account;
use domain::{Server, ServerName, Timestamp};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use url::Url;
use vault::Vault;
use web::Web;

pub use browser::{Browser, SystemBrowser};
pub use challenge::WwwAuthenticate;
pub use error::OAuthError;
pub use login::LoggedIn;
pub use options::OAuthOptions;
pub use place::Refused;
pub use registration::KnownClient;
pub use web::HttpLimits;

/// Logins and their tokens. Clones are the same.
#[derive(Clone)]
pub struct OAuth(Arc<Inner>);

pub(crate) struct Inner {
    vault: Vault,
    options: OAuthOptions,
    web: Web,
    accounts: RwLock<HashMap<ServerName, Arc<Account>>>,
    /// Servers with a login in the browser: one at a time, so that no storm of tabs opens.
    logging_in: Mutex<HashSet<ServerName>>,
}

impl OAuth {
    /// Keeps its logins in `vault`.
    #[must_use]
    pub fn new(vault: Vault, options: OAuthOptions) -> Self {
        let web = Web::new(options.limits);
        let (accounts, logging_in) = (RwLock::default(), Mutex::default());
        Self(Arc::new(Inner { vault, options, web, accounts, logging_in }))
    }

    /// The document that describes a client, at the address that is its id. Not redirected: the id is the address.
    ///
    /// # Errors
    /// When there is none to be had, or its address leads inside.
    pub async fn client_document(&self, address: &Url) -> Result<Vec<u8>, OAuthError> {
        self.0.web.outwards().as_it_is(address).await
    }

    /// Logs in to `server` in the human's browser. `challenge` is what a refused request was told, if there was one; else what
    /// [`OAuth::forbidden`] remembers.
    /// Dropping the future cancels the login.
    ///
    /// # Errors
    /// Whatever kept the human from logging in; no token has been kept then, and an earlier login still stands.
    pub async fn login(
        &self,
        server: &Server,
        browser: &dyn Browser,
        challenge: Option<WwwAuthenticate>,
        now: Timestamp,
    ) -> Result<LoggedIn, OAuthError> {
        let _alone = Alone::claim(&self.0, &server.name)?;
        let challenge = challenge.or_else(|| account::wanted(&self.0, &server.name));
        login::log_in(&self.0, server, browser, challenge, now).await
    }

    /// Keeps a client the human has registered at the server's authorization server, whose issuer is returned. It is used
    /// there, and only there, by every login from now on.
    ///
    /// # Errors
    /// Whatever kept the wallet from finding the authorization server; [`OAuthError::Vault`].
    pub async fn introduce(&self, server: &Server, client: KnownClient) -> Result<String, OAuthError> {
        let authority = login::authority_of(&self.0, server).await?;
        let client = registration::entered(&authority, client);
        self.0.vault.tokens(&server.name).save_registration(&client)?;
        Ok(authority.issuer)
    }

    /// Sees to it that the server's tokens hold at `now`, refreshing ahead of their end. Nothing is awaited while they are
    /// fresh; many callers wait for one refresh.
    ///
    /// # Errors
    /// [`OAuthError::LoginNeeded`] when only the human can help; [`OAuthError::Unreachable`] and the like when the tokens
    /// have ended and could not be refreshed now.
    pub async fn fresh(&self, server: &ServerName, now: Timestamp) -> Result<(), OAuthError> {
        if self.0.account(server).is_fresh(now) {
            return Ok(());
        }
        account::settle(&self.0, server, now).await
    }

    /// The server answered 401 to a request sent at `sent`: replaces the tokens, unless they have been since. Then the
    /// request may be sent once more.
    ///
    /// # Errors
    /// As [`OAuth::fresh`]; [`OAuthError::LoginNeeded`] also when tokens made for such an answer are rejected again.
    pub async fn rejected(
        &self,
        server: &ServerName,
        sent: Timestamp,
        now: Timestamp,
    ) -> Result<(), OAuthError> {
        account::replace(&self.0, server, sent, now).await
    }

    /// The server answered 403 with these `WWW-Authenticate` challenges. When it wants more scope than the login gives, that is
    /// remembered until the next login, which asks for it besides what is granted; nothing is asked of anybody now.
    ///
    /// # Errors
    /// [`OAuthError::ScopeNotGranted`] when the login gives all that already, so that another one would not help;
    /// [`OAuthError::Vault`].
    pub fn forbidden(&self, server: &ServerName, challenges: &[String]) -> Result<Forbidden, OAuthError> {
        let mut found = challenges.iter().filter_map(|header| WwwAuthenticate::parse(header));
        let Some(challenge) = found.find(WwwAuthenticate::wants_more_scope) else {
            return Ok(Forbidden::Plainly);
        };
        let tokens = self.0.vault.tokens(server).load()?;
        let granted = tokens.as_ref().and_then(|tokens| tokens.scope.as_deref());
        let scopes = error::tidy(challenge.scope.as_deref().unwrap_or_default());
        if scopes::covers(granted, &challenge) {
            return Err(OAuthError::ScopeNotGranted { server: server.clone(), scopes });
        }
        let is_news = account::want(&self.0, server, challenge);
        Ok(Forbidden::WantsMore { scopes, is_news })
    }

    /// The scopes a server wants besides what its login gives, if it said so since; empty when it did not name them.
    #[must_use]
    pub fn wanted(&self, server: &ServerName) -> Option<String> {
        let wanted = account::wanted(&self.0, server)?;
        Some(error::tidy(&wanted.scope.unwrap_or_default()))
    }

    /// Waits for the refreshes under way: what they bring must be kept while the vault is open.
    pub async fn settled(&self) {
        let accounts: Vec<_> = {
            let accounts = self.0.accounts.read().unwrap_or_else(PoisonError::into_inner);
            accounts.values().cloned().collect()
        };
        let flights = accounts.iter().filter_map(|account| account.flight());
        futures_util::future::join_all(flights).await;
    }

    /// Logs out: the tokens are deleted here, then revoked where they came from (RFC 7009). Whether they were revoked there;
    /// `false` where there was no login, or nobody to revoke it.
    ///
    /// # Errors
    /// [`OAuthError::Vault`] when they could not be deleted. Anything else came from the revocation: they are gone here, and
    /// end there by themselves.
    pub async fn logout(&self, server: &ServerName) -> Result<bool, OAuthError> {
        account::give_back(&self.0, server).await
    }
}

impl Inner {
    fn account(&self, server: &ServerName) -> Arc<Account> {
        let known = self.accounts.read().unwrap_or_else(PoisonError::into_inner).get(server).cloned();
        known.unwrap_or_else(|| {
            let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(accounts.entry(server.clone()).or_default())
        })
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth").field("options", &self.0.options).finish_non_exhaustive()
    }
}

/// What a 403 means for a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// The server wants more scope than the login gives.
    WantsMore {
        /// Which, as far as it said; for people.
        scopes: String,
        /// Whether it had not said so before.
        is_news: bool,
    },
    /// No, for a reason of its own.
    Plainly,
}

/// The right to open a browser for one server.
struct Alone<'a> {
    oauth: &'a Inner,
    server: &'a ServerName,
}

impl<'a> Alone<'a> {
    fn claim(oauth: &'a Inner, server: &'a ServerName) -> Result<Self, OAuthError> {
        let mut logging_in = oauth.logging_in.lock().unwrap_or_else(PoisonError::into_inner);
        if logging_in.insert(server.clone()) {
            Ok(Self { oauth, server })
        } else {
            Err(OAuthError::LoginRunning(server.clone()))
        }
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.oauth.logging_in.lock().unwrap_or_else(PoisonError::into_inner).remove(self.server);
    }
}
