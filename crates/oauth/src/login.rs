//! One login, from a server's address to tokens in the vault.
//!
//! ```text
//! Discovering ──► Registering ──► AwaitingBrowser ──► Exchanging ──► LoggedIn
//!      └───────────────┴─────────────────┴─────────────────┴───────► Failed
//! ```
//! Each state is consumed by the next; Failed is an [`OAuthError`]. Dropping a login at any point cancels it: its listener
//! closes, and an answer that comes later meets nobody.

use crate::callback::{Answer, Callback};
use crate::exchange::{self, Failed};
use crate::metadata::{Authority, Discovered};
use crate::page::{Page, Tab};
use crate::place;
use crate::web::Line;
use crate::{Browser, Inner, OAuthError, WwwAuthenticate, account, discovery, registration, scopes};
use domain::{Credential, Server, Timestamp, Transport};
use futures_util::future::{Either, select};
use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use std::pin::pin;
use std::time::Instant;
use url::Url;
use vault::{ClientRegistration, TokenSet};

/// Bytes of randomness in a `state`.
const STATE: u32 = 32;

/// What a login came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedIn {
    /// Where the human logged in.
    pub issuer: String,
    /// The scopes granted, if it was said.
    pub scope: Option<String>,
    /// When the access token ends, if it was said.
    pub expires: Option<Timestamp>,
    /// Whether it can be refreshed without the human.
    pub lasting: bool,
}

/// A login on its way, in state `S`.
struct Login<'a, S> {
    oauth: &'a Inner,
    server: &'a Server,
    line: Line,
    challenge: Option<WwwAuthenticate>,
    /// When it began, by the caller's clock and by one that can't be set.
    began: (Timestamp, Instant),
    state: S,
}

struct Discovering<'a> {
    url: &'a Url,
}

struct Registering {
    discovered: Discovered,
}

struct AwaitingBrowser {
    known: Known,
    callback: Callback,
}

struct Exchanging {
    known: Known,
    code: String,
    verifier: PkceCodeVerifier,
}

/// What must stay the same from the first request to the last, the recorded issuer (RFC 9207 §2.4) above all.
struct Known {
    discovered: Discovered,
    registration: ClientRegistration,
    redirect_uri: RedirectUrl,
    scopes: Vec<String>,
}

/// Logs in.
pub(crate) async fn log_in(
    oauth: &Inner,
    server: &Server,
    browser: &dyn Browser,
    challenge: Option<WwwAuthenticate>,
    now: Timestamp,
) -> Result<LoggedIn, OAuthError> {
    let login = begin(oauth, server, challenge, now).await?.discover().await?.register().await?;
    let (tab, login) = login.ask(browser).await?;
    let outcome = match login {
        Ok(login) => login.exchange().await,
        Err(error) => Err(error),
    };
    let page = match &outcome {
        Ok(_) => Page::logged_in(&server.name),
        Err(error) => Page::failed(&server.name, &error.to_string()),
    };
    tab.say(&page).await;
    outcome
}

/// Finds out where one would log in to `server`, and goes no further.
pub(crate) async fn authority_of(oauth: &Inner, server: &Server) -> Result<Authority, OAuthError> {
    let found = begin(oauth, server, None, Timestamp::from_seconds(0)).await?.discover().await?;
    Ok(found.state.discovered.authority)
}

async fn begin<'a>(
    oauth: &'a Inner,
    server: &'a Server,
    challenge: Option<WwwAuthenticate>,
    now: Timestamp,
) -> Result<Login<'a, Discovering<'a>>, OAuthError> {
    let Transport::Http { url, credential: Credential::OAuth } = &server.transport else {
        return Err(OAuthError::NotOAuth(server.name.clone()));
    };
    let line = oauth.web.line_for(&server.resource()).await;
    place::admit(url, line.server).map_err(|reason| OAuthError::refused(url.as_str(), reason))?;
    Ok(Login { oauth, server, line, challenge, began: (now, Instant::now()), state: Discovering { url } })
}

impl<'a, S> Login<'a, S> {
    fn then<T>(self, next: impl FnOnce(S) -> T) -> Login<'a, T> {
        let Self { oauth, server, line, challenge, began, state } = self;
        Login { oauth, server, line, challenge, began, state: next(state) }
    }

    fn now(&self) -> Timestamp {
        self.began.0.plus(self.began.1.elapsed())
    }
}

impl<'a> Login<'a, Discovering<'a>> {
    /// A login that no refused request led to asks the server first what it wants.
    async fn discover(mut self) -> Result<Login<'a, Registering>, OAuthError> {
        let Discovering { url } = self.state;
        if self.challenge.is_none() {
            self.challenge = discovery::probe(&self.line, url).await?;
        }
        let discovered = discovery::discover(&self.line, self.server, url, self.challenge.as_ref()).await?;
        Ok(self.then(|_| Registering { discovered }))
    }
}

impl<'a> Login<'a, Registering> {
    /// Takes a port first: a registration is for one address to come back to.
    async fn register(self) -> Result<Login<'a, AwaitingBrowser>, OAuthError> {
        let (oauth, discovered) = (self.oauth, &self.state.discovered);
        let store = oauth.vault.tokens(&self.server.name);
        let scopes = self.scopes(store.load()?.as_deref())?;
        let earlier = store.registration(&discovered.authority.issuer)?;
        let earlier = earlier.filter(|earlier| registration::stays(earlier, self.now()));
        let callback = match earlier.as_ref().and_then(|earlier| earlier.redirect_port) {
            Some(port) => Callback::listen_at(port).await?,
            None => Callback::listen(oauth.options.redirect_port).await?,
        };
        let back = callback.redirect_uri();
        let (authority, options, name) = (&discovered.authority, &oauth.options, &self.server.name);
        let registration = match earlier {
            Some(earlier) => earlier,
            None => registration::register(&self.line, authority, options, &back, name).await?,
        };
        let redirect_uri =
            RedirectUrl::new(back).map_err(|error| OAuthError::bad_answer("127.0.0.1", error.to_string()))?;
        Ok(self.then(|Registering { discovered }| AwaitingBrowser {
            known: Known { discovered, registration, redirect_uri, scopes },
            callback,
        }))
    }

    /// What to ask for. A step-up to what is granted already would change nothing, and ask the human for ever.
    fn scopes(&self, granted: Option<&TokenSet>) -> Result<Vec<String>, OAuthError> {
        let granted = granted.and_then(|tokens| tokens.scope.as_deref());
        if let Some(challenge) = self.challenge.as_ref().filter(|challenge| challenge.wants_more_scope())
            && scopes::covers(granted, challenge)
        {
            let scopes = crate::error::tidy(challenge.scope.as_deref().unwrap_or_default());
            return Err(OAuthError::ScopeNotGranted { server: self.server.name.clone(), scopes });
        }
        Ok(scopes::choose(&self.state.discovered, self.challenge.as_ref(), granted))
    }
}

impl<'a> Login<'a, AwaitingBrowser> {
    /// Sends the human to the browser and waits for both to come back; the tab is there whatever the answer was.
    async fn ask(
        self,
        browser: &dyn Browser,
    ) -> Result<(Tab, Result<Login<'a, Exchanging>, OAuthError>), OAuthError> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let known = &self.state.known;
        let client = exchange::client(&known.discovered.authority, &known.registration)
            .set_redirect_uri(known.redirect_uri.clone());
        let (url, state) = client
            .authorize_url(|| CsrfToken::new_random_len(STATE))
            .add_scopes(known.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(challenge)
            .add_extra_param("resource", &known.discovered.resource)
            .url();

        let patience = self.oauth.options.patience;
        let minutes = patience.as_secs() / 60;
        let server = self.server;
        let Login { state: AwaitingBrowser { known, callback }, oauth, line, challenge, began, .. } = self;
        let answer = tokio::time::timeout(patience, answered(browser, &url, callback, state.secret())).await;
        let mut answer = answer.map_err(|_| OAuthError::TimedOut { minutes })??;
        let code = code_of(&mut answer, &known.discovered);
        let login = code.map(|code| Login {
            oauth,
            server,
            line,
            challenge,
            began,
            state: Exchanging { known, code, verifier },
        });
        Ok((answer.tab, login))
    }
}

impl Login<'_, Exchanging> {
    /// What came of it is in the vault before anybody hears of it.
    async fn exchange(self) -> Result<LoggedIn, OAuthError> {
        let now = self.now();
        let Self { oauth, server, line, state: Exchanging { known, code, verifier }, .. } = self;
        let resource = server.resource();
        let account = exchange::Account {
            line,
            discovered: &known.discovered,
            registration: &known.registration,
            resource: &resource,
        };
        let scope = (!known.scopes.is_empty()).then(|| known.scopes.join(" "));
        let tokens = account.exchange(code, verifier, &known.redirect_uri, scope, now).await;
        let tokens = tokens.map_err(|failed| match failed {
            Failed::Gone => OAuthError::Denied {
                issuer: known.discovered.authority.issuer.clone(),
                said: "it did not accept the code it gave".into(),
            },
            Failed::Other(error) => error,
        })?;
        account::keep(oauth, &server.name, &known.discovered, &known.registration, &tokens, now)?;
        Ok(LoggedIn {
            issuer: tokens.issuer,
            scope: tokens.scope,
            expires: tokens.expires,
            lasting: tokens.refresh.is_some(),
        })
    }
}

/// Shows the page and waits for the answer. A browser that can't be opened ends the wait; one that stays open does not.
async fn answered(
    browser: &dyn Browser,
    url: &Url,
    callback: Callback,
    state: &str,
) -> Result<Answer, OAuthError> {
    let answer = pin!(callback.answer(state));
    let opened = pin!(browser.open(url));
    match select(answer, opened).await {
        Either::Left((answer, _)) => answer,
        Either::Right((opened, answer)) => {
            opened?;
            answer.await
        }
    }
}

/// The code in an answer, if it came from where the human was sent (RFC 9207 §2.4). Until that is known, nothing else in it
/// is looked at.
fn code_of(answer: &mut Answer, discovered: &Discovered) -> Result<String, OAuthError> {
    let authority = &discovered.authority;
    let expected = authority.issuer.clone();
    match answer.take("iss") {
        Some(iss) if iss == authority.issuer => {}
        None if !authority.sends_iss => {}
        Some(iss) => return Err(OAuthError::MixUp { expected, found: crate::error::tidy(&iss) }),
        None => return Err(OAuthError::MixUp { expected, found: "nobody".into() }),
    }
    if let Some(error) = answer.take("error") {
        let description = answer.take("error_description").unwrap_or_default();
        let said = crate::error::tidy(format!("{error} {description}").trim());
        return Err(OAuthError::Denied { issuer: expected, said });
    }
    answer.take("code").ok_or_else(|| OAuthError::bad_answer(expected, "neither a code nor an error"))
}
