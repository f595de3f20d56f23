//! Keeping one account's tokens fresh: one refresh at a time, whoever asks, and nothing to wait for while they are.

use crate::exchange::{self, Failed};
use crate::metadata::Discovered;
use crate::{Inner, OAuthError, WwwAuthenticate, scopes};
use domain::{ServerName, Timestamp};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use vault::{ClientRegistration, TokenSet};

/// Tokens are refreshed this long before they end, or at a quarter of what is left if that is less.
const AHEAD: Duration = Duration::from_secs(60);
/// When a refresh fails while the token still holds, the next one waits this long.
const AGAIN: Duration = Duration::from_secs(10);
/// A token made after a rejection and rejected again within this time: refreshing does not help.
const FUTILE: Duration = Duration::from_secs(30);

/// A refresh under way, and its outcome once it is over. It goes on when all who wait for it have gone: the answer to a
/// rotated refresh token must not be lost.
type Flight = Shared<BoxFuture<'static, Result<(), OAuthError>>>;

/// A due time nobody has looked up yet.
const UNKNOWN: i64 = i64::MIN;

/// What is remembered about an account between calls; its secrets are the vault's.
pub(crate) struct Account {
    /// Microseconds: before this there is nothing to do.
    due: AtomicI64,
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    flight: Option<Flight>,
    /// Counts logins and logouts, so that a refresh that began before one does not undo it.
    era: u64,
    /// When tokens last came.
    renewed: Option<Timestamp>,
    /// When they last came because a server rejected the ones before.
    replaced: Option<Timestamp>,
    /// What the server wants besides what is granted; the next login asks for it.
    wanted: Option<WwwAuthenticate>,
}

impl Default for Account {
    fn default() -> Self {
        Self { due: AtomicI64::new(UNKNOWN), slot: Mutex::default() }
    }
}

impl Account {
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        now.micros() < self.due.load(Ordering::Acquire)
    }

    /// The refresh under way, if there is one.
    pub(crate) fn flight(&self) -> Option<impl Future<Output = Result<(), OAuthError>> + use<>> {
        under_way(&self.slot())
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_known(&self) -> bool {
        self.due.load(Ordering::Acquire) != UNKNOWN
    }

    fn set_due(&self, due: Timestamp) {
        self.due.store(due.micros(), Ordering::Release);
    }

    /// After a logout, or when the login has ended.
    fn forget(&self) {
        self.due.store(UNKNOWN, Ordering::Release);
    }
}

/// Refreshes tokens that are about to end; they were not fresh a moment ago.
pub(crate) async fn settle(
    oauth: &Arc<Inner>,
    server: &ServerName,
    now: Timestamp,
) -> Result<(), OAuthError> {
    match needed(oauth, server, now)? {
        Some(flight) => flight.await,
        None => Ok(()),
    }
}

/// The refresh to wait for, if one is needed after all.
fn needed(oauth: &Arc<Inner>, server: &ServerName, now: Timestamp) -> Result<Option<Flight>, OAuthError> {
    let account = oauth.account(server);
    let mut slot = account.slot();
    if let Some(flight) = under_way(&slot) {
        return Ok(Some(flight));
    }
    let tokens = oauth.vault.tokens(server).load()?;
    let tokens = tokens.ok_or_else(|| OAuthError::LoginNeeded(server.clone()))?;
    if !account.is_known() {
        account.set_due(due(&tokens, now));
    }
    if account.is_fresh(now) {
        return Ok(None);
    }
    Ok(Some(take_off(oauth, &account, &mut slot, server, now)))
}

/// Replaces tokens that the server rejected in a request sent at `sent`, unless that has been done since.
pub(crate) async fn replace(
    oauth: &Arc<Inner>,
    server: &ServerName,
    sent: Timestamp,
    now: Timestamp,
) -> Result<(), OAuthError> {
    let account = oauth.account(server);
    let flight = {
        let mut slot = account.slot();
        if slot.renewed.is_some_and(|renewed| renewed > sent) {
            return Ok(());
        }
        if slot.replaced.is_some_and(|replaced| now.since(replaced) < FUTILE) && under_way(&slot).is_none() {
            return Err(OAuthError::LoginNeeded(server.clone()));
        }
        slot.replaced = Some(now);
        under_way(&slot).unwrap_or_else(|| take_off(oauth, &account, &mut slot, server, now))
    };
    flight.await
}

/// Keeps what a login brought, whatever refresh is under way.
pub(crate) fn keep(
    oauth: &Inner,
    server: &ServerName,
    discovered: &Discovered,
    registration: &ClientRegistration,
    tokens: &TokenSet,
    now: Timestamp,
) -> Result<(), OAuthError> {
    let account = oauth.account(server);
    let mut slot = account.slot();
    let store = oauth.vault.tokens(server);
    let found = serde_json::to_value(discovered);
    store
        .save_metadata(&found.map_err(|error| OAuthError::bad_answer(&tokens.issuer, error.to_string()))?)?;
    store.save_registration(registration)?;
    store.save(tokens)?;
    *slot = Slot { era: slot.era + 1, renewed: Some(now), ..Slot::default() };
    account.set_due(due(tokens, now));
    Ok(())
}

/// Remembers that a server wants more scope than its login gives, together with what it wanted before. Whether that is news.
pub(crate) fn want(oauth: &Inner, server: &ServerName, challenge: WwwAuthenticate) -> bool {
    let account = oauth.account(server);
    let mut slot = account.slot();
    let scope = scopes::both(slot.wanted.as_ref(), &challenge);
    let wanted = Some(WwwAuthenticate { scope, ..challenge });
    let is_news = slot.wanted != wanted;
    slot.wanted = wanted;
    is_news
}

/// What a server wants besides what its login gives.
pub(crate) fn wanted(oauth: &Inner, server: &ServerName) -> Option<WwwAuthenticate> {
    oauth.account(server).slot().wanted.clone()
}

/// Forgets the tokens here, then gives them back where they came from. `Ok(false)` where nobody takes them back.
pub(crate) async fn give_back(oauth: &Inner, server: &ServerName) -> Result<bool, OAuthError> {
    let store = oauth.vault.tokens(server);
    let account = oauth.account(server);
    let tokens = {
        let mut slot = account.slot();
        let tokens = store.load()?;
        store.clear()?;
        *slot = Slot { era: slot.era + 1, ..Slot::default() };
        account.forget();
        tokens
    };
    let Some(tokens) = tokens else { return Ok(false) };
    let Some((discovered, registration)) = known(oauth, server, &tokens)? else { return Ok(false) };
    access(oauth, &discovered, &registration, &tokens).await.revoke(&tokens).await
}

fn under_way(slot: &Slot) -> Option<Flight> {
    slot.flight.as_ref().filter(|flight| flight.peek().is_none()).cloned()
}

fn take_off(
    oauth: &Arc<Inner>,
    account: &Arc<Account>,
    slot: &mut Slot,
    server: &ServerName,
    now: Timestamp,
) -> Flight {
    let (oauth, account, server, era) = (Arc::clone(oauth), Arc::clone(account), server.clone(), slot.era);
    let flight = async move { refresh(&oauth, &account, &server, era, now).await }.boxed().shared();
    slot.flight = Some(flight.clone());
    tokio::spawn(flight.clone());
    flight
}

async fn refresh(
    oauth: &Inner,
    account: &Account,
    server: &ServerName,
    era: u64,
    now: Timestamp,
) -> Result<(), OAuthError> {
    let store = oauth.vault.tokens(server);
    let old = store.load()?.ok_or_else(|| OAuthError::LoginNeeded(server.clone()))?;
    let known = known(oauth, server, &old)?;
    let Some((discovered, registration)) = known.filter(|_| old.refresh.is_some()) else {
        return over(oauth, account, server, era);
    };
    let access = access(oauth, &discovered, &registration, &old).await;
    match access.refresh(&old, now).await {
        Ok(new) => {
            let mut slot = account.slot();
            if slot.era != era {
                return overtaken(oauth, server);
            }
            store.save(&new)?;
            slot.renewed = Some(now);
            account.set_due(due(&new, now));
            Ok(())
        }
        Err(Failed::Gone) => over(oauth, account, server, era),
        Err(Failed::Other(error)) if old.expires.is_some_and(|end| now < end) => {
            tracing::warn!(%server, %error, "tokens could not be refreshed yet");
            account.slot().replaced = None;
            account.set_due(now.plus(AGAIN));
            Ok(())
        }
        Err(Failed::Other(error)) => {
            account.slot().replaced = None;
            Err(error)
        }
    }
}

/// The login has ended: what is left of it is cleared, so that nobody tries it again.
fn over(oauth: &Inner, account: &Account, server: &ServerName, era: u64) -> Result<(), OAuthError> {
    let slot = account.slot();
    if slot.era != era {
        return overtaken(oauth, server);
    }
    oauth.vault.tokens(server).clear()?;
    account.forget();
    Err(OAuthError::LoginNeeded(server.clone()))
}

/// A login or a logout came in between: what it left behind counts.
fn overtaken(oauth: &Inner, server: &ServerName) -> Result<(), OAuthError> {
    let tokens = oauth.vault.tokens(server).load()?;
    tokens.map(drop).ok_or_else(|| OAuthError::LoginNeeded(server.clone()))
}

fn known(
    oauth: &Inner,
    server: &ServerName,
    tokens: &TokenSet,
) -> Result<Option<(Discovered, ClientRegistration)>, OAuthError> {
    let store = oauth.vault.tokens(server);
    let discovered = store.metadata()?.and_then(|found| serde_json::from_value::<Discovered>(found).ok());
    let discovered = discovered.filter(|found| found.authority.issuer == tokens.issuer);
    Ok(discovered.zip(store.registration(&tokens.issuer)?))
}

async fn access<'a>(
    oauth: &'a Inner,
    discovered: &'a Discovered,
    registration: &'a ClientRegistration,
    tokens: &'a TokenSet,
) -> exchange::Account<'a> {
    let line = oauth.web.line_for(&tokens.resource).await;
    exchange::Account { line, discovered, registration, resource: &tokens.resource }
}

/// When tokens are to be refreshed: ahead of their end if they can be, at their end if they can't.
fn due(tokens: &TokenSet, now: Timestamp) -> Timestamp {
    let Some(end) = tokens.expires else { return Timestamp::from_micros(i64::MAX) };
    if tokens.refresh.is_none() {
        return end;
    }
    let left = end.since(now);
    now.plus(left.saturating_sub(AHEAD.min(left / 4)))
}
