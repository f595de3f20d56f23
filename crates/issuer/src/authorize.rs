//! An authorization request: read, then admitted for the client it names (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2).

use crate::params::Params;
use crate::{Client, OFFLINE, Redirect, Refusal, SCOPE};
use domain::{Endpoint, Origin};
use url::Url;

/// The longest `state` that is carried along.
const STATE: usize = 4096;
/// A SHA-256 in base64url.
const CHALLENGE: usize = 43;

/// An authorization request as it was read. Its client may have to be looked for first.
pub struct Asked {
    params: Params,
    client_id: String,
}

/// A request that a human can be asked about.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks, as it says itself.
    pub client: Client,
    /// Where the answer goes.
    pub redirect: Redirect,
    /// Which endpoint it is for.
    pub endpoint: Endpoint,
    /// Whether it wants to come back without asking again.
    pub offline: bool,
    pub(crate) state: Option<String>,
    pub(crate) challenge: String,
    issuer: String,
}

/// A request that no human is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stray {
    /// Whose it is can't be told, so nothing is sent anywhere: the sentence is shown where the request came from.
    Page(String),
    /// The client is told, at this address.
    Back(Url),
}

impl Asked {
    /// Reads a query.
    ///
    /// # Errors
    /// A page, when it can't be read or names no client.
    pub fn parse(query: &str) -> Result<Self, Stray> {
        let page = |refusal: Refusal| Stray::Page(refusal.description);
        let params = Params::parse(query).map_err(page)?;
        let client_id = params.need("client_id").map_err(page)?.to_owned();
        Ok(Self { params, client_id })
    }

    /// The client it names.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Admits the request, for its client. Until its redirect is known to be the client's own, nothing is sent there.
    ///
    /// # Errors
    /// [`Stray`].
    pub(crate) fn admit(self, origin: Origin, client: Client) -> Result<Request, Stray> {
        let asked = self.params.get("redirect_uri").unwrap_or_default();
        let Some(redirect) = client.redirect(asked) else {
            return Err(Stray::Page(format!("the address {asked:?} is not registered for this client")));
        };
        let issuer = origin.issuer();
        let state = self.params.get("state").map(str::to_owned);
        match self.read(origin) {
            // Clients older than `offline_access` ask for no scope but the challenge's, and refresh all the same.
            Ok((challenge, endpoint, offline)) => {
                let offline = offline || client.refreshes;
                Ok(Request { client, redirect, endpoint, offline, state, challenge, issuer })
            }
            Err(refusal) => Err(Stray::Back(back(&redirect, state.as_deref(), &issuer, &errors(&refusal)))),
        }
    }

    fn read(&self, origin: Origin) -> Result<(String, Endpoint, bool), Refusal> {
        if self.params.need("response_type")? != "code" {
            return Err(Refusal::new("unsupported_response_type", "only `code` is known here"));
        }
        if self.params.get("state").is_some_and(|state| state.len() > STATE) {
            return Err(Refusal::request(format!("`state` is longer than {STATE} bytes")));
        }
        let challenge = self.params.need("code_challenge")?;
        if self.params.get("code_challenge_method") != Some("S256") || challenge.len() != CHALLENGE {
            return Err(Refusal::request("PKCE with S256 is mandatory"));
        }
        let resource = self.params.need("resource")?;
        let endpoint = origin.endpoint(resource);
        let endpoint = endpoint.ok_or_else(|| {
            Refusal::new("invalid_target", format!("{resource:?} is no endpoint of this wallet"))
        })?;
        let scopes: Vec<_> =
            self.params.get("scope").unwrap_or(SCOPE).split(' ').filter(|it| !it.is_empty()).collect();
        if let Some(unknown) = scopes.iter().find(|scope| ![SCOPE, OFFLINE].contains(*scope)) {
            return Err(Refusal::new(
                "invalid_scope",
                format!("the scope {unknown:?} is unknown; there are `{SCOPE}` and `{OFFLINE}`"),
            ));
        }
        Ok((challenge.to_owned(), endpoint, scopes.contains(&OFFLINE)))
    }
}

impl Request {
    /// The answer when the human said no, or none came.
    #[must_use]
    pub fn denied(&self) -> Url {
        self.back(&errors(&Refusal::new("access_denied", "the human said no")))
    }

    /// The answer with a code.
    pub(crate) fn granted(&self, code: &str) -> Url {
        self.back(&[("code", code)])
    }

    fn back(&self, answer: &[(&str, &str)]) -> Url {
        back(&self.redirect, self.state.as_deref(), &self.issuer, answer)
    }
}

fn errors(refusal: &Refusal) -> [(&'static str, &str); 2] {
    [("error", refusal.code), ("error_description", &refusal.description)]
}

/// Back to the client, with `iss` on good news and bad (RFC 9207 §2).
fn back(redirect: &Redirect, state: Option<&str>, issuer: &str, answer: &[(&str, &str)]) -> Url {
    let mut all = answer.to_vec();
    all.extend(state.map(|state| ("state", state)));
    all.push(("iss", issuer));
    redirect.with(&all)
}
