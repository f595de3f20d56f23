//! What the authorization server remembers. In memory, bounded, and gone when it stops.

use super::refusal::Refusal;
use super::register::is_loopback;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use url::Url;

/// Most entries of one kind; a playground that needs more is being abused.
const ROOM: usize = 10_000;
/// How long a consent page and a code hold.
const MOMENT: Duration = Duration::from_secs(300);

/// How often the authorization server was asked for what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Clients registered.
    pub registrations: u64,
    /// Authorization requests, whether or not anybody consented.
    pub authorizations: u64,
    /// Codes exchanged for tokens.
    pub exchanges: u64,
    /// Requests to refresh, granted or not.
    pub refreshes: u64,
    /// Requests to revoke.
    pub revocations: u64,
}

/// A registered client.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) name: String,
    pub(super) redirect_uris: Vec<String>,
}

impl Client {
    /// Whether `uri` was registered; on loopback the port may differ (RFC 8252 §7.3).
    pub(super) fn has_redirect(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|known| known == uri || differs_in_port_only(known, uri))
    }
}

/// A client's request, as far as it must be remembered until its code is exchanged.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) challenge: String,
    pub(super) scope: String,
    pub(super) resource: String,
}

/// What a human consented to: the root of a family of tokens.
#[derive(Clone, Debug)]
pub(super) struct Consent {
    pub(super) client_id: String,
    pub(super) scope: String,
    pub(super) resource: String,
}

/// Which consent a token hangs on. Removing the consent kills the whole family.
type Family = u64;

#[derive(Debug)]
struct Code {
    request: Request,
    expires: Instant,
    /// Set once exchanged: showing the code again revokes what came of it.
    spent: Option<Family>,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) counts: Counts,
    clients: HashMap<String, Client>,
    tickets: HashMap<String, (Request, Instant)>,
    codes: HashMap<String, Code>,
    consents: HashMap<Family, Consent>,
    access: HashMap<String, (Family, Instant)>,
    /// Refresh tokens, and whether each has been used.
    refresh: HashMap<String, (Family, bool)>,
    next_family: Family,
}

impl Store {
    pub(super) fn register(&mut self, client: Client) -> Result<String, Refusal> {
        has_room(self.clients.len())?;
        self.counts.registrations += 1;
        let id = make_token("client")?;
        self.clients.insert(id.clone(), client);
        Ok(id)
    }

    pub(super) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.get(id)
    }

    /// Puts a request aside while the human reads; the ticket is what the page's form sends back.
    pub(super) fn wait(&mut self, request: Request, now: Instant) -> Result<String, Refusal> {
        self.tickets.retain(|_, (_, expires)| *expires > now);
        has_room(self.tickets.len())?;
        let ticket = make_token("ticket")?;
        self.tickets.insert(ticket.clone(), (request, now + MOMENT));
        Ok(ticket)
    }

    pub(super) fn take_ticket(&mut self, ticket: &str, now: Instant) -> Option<Request> {
        self.tickets.remove(ticket).filter(|(_, expires)| *expires > now).map(|(request, _)| request)
    }

    pub(super) fn make_code(&mut self, request: Request, now: Instant) -> Result<String, Refusal> {
        self.codes.retain(|_, code| code.expires > now);
        has_room(self.codes.len())?;
        let code = make_token("code")?;
        self.codes.insert(code.clone(), Code { request, expires: now + MOMENT, spent: None });
        Ok(code)
    }

    /// The request a code stands for, while nobody has spent it. A second showing ends its family (RFC 6749 §4.1.2).
    pub(super) fn code(&mut self, code: &str, now: Instant) -> Option<Request> {
        let known = self.codes.get(code).filter(|code| code.expires > now)?;
        if let Some(family) = known.spent {
            self.consents.remove(&family);
            return None;
        }
        Some(known.request.clone())
    }

    pub(super) fn spend(&mut self, code: &str, consent: Consent) -> Family {
        self.counts.exchanges += 1;
        self.next_family += 1;
        let family = self.next_family;
        self.consents.insert(family, consent);
        if let Some(code) = self.codes.get_mut(code) {
            code.spent = Some(family);
        }
        family
    }

    /// Marks a refresh token used and returns its family. A second use ends the family (RFC 9700 §4.14.2).
    pub(super) fn rotate(&mut self, token: &str) -> Option<(Family, Consent)> {
        let (family, used) = self.refresh.get_mut(token)?;
        if *used {
            self.consents.remove(family);
            return None;
        }
        let consent = self.consents.get(family)?.clone();
        *used = true;
        Some((*family, consent))
    }

    /// The family of a refresh token, without using it.
    pub(super) fn consent_of(&self, token: &str) -> Option<&Consent> {
        self.refresh.get(token).and_then(|(family, _)| self.consents.get(family))
    }

    pub(super) fn make_access(&mut self, family: Family, expires: Instant) -> Result<String, Refusal> {
        self.forget_the_dead();
        has_room(self.access.len())?;
        let token = make_token("access")?;
        self.access.insert(token.clone(), (family, expires));
        Ok(token)
    }

    pub(super) fn make_refresh(&mut self, family: Family) -> Result<String, Refusal> {
        has_room(self.refresh.len())?;
        let token = make_token("refresh")?;
        self.refresh.insert(token.clone(), (family, false));
        Ok(token)
    }

    pub(super) fn admits(&self, token: &str, resource: &str, now: Instant) -> bool {
        self.access.get(token).filter(|(_, expires)| *expires > now).is_some_and(|(family, _)| {
            self.consents.get(family).is_some_and(|consent| consent.resource == resource)
        })
    }

    /// Ends the family of `token`, be it access or refresh; an unknown token is no error (RFC 7009 §2.2).
    pub(super) fn revoke(&mut self, token: &str) {
        self.counts.revocations += 1;
        let refresh = self.refresh.get(token).map(|(family, _)| *family);
        let access = self.access.get(token).map(|(family, _)| *family);
        if let Some(family) = refresh.or(access) {
            self.consents.remove(&family);
        }
    }

    fn forget_the_dead(&mut self) {
        let consents = &self.consents;
        self.access.retain(|_, (family, _)| consents.contains_key(family));
        self.refresh.retain(|_, (family, _)| consents.contains_key(family));
    }
}

fn has_room(taken: usize) -> Result<(), Refusal> {
    if taken < ROOM {
        return Ok(());
    }
    Err(Refusal::new("temporarily_unavailable", "the playground remembers too much; start it again"))
}

fn make_token(kind: &str) -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(format!("playground-{kind}-{}", URL_SAFE_NO_PAD.encode(bytes)))
}

fn differs_in_port_only(known: &str, given: &str) -> bool {
    let (Ok(mut known), Ok(given)) = (Url::parse(known), Url::parse(given)) else { return false };
    is_loopback(&known) && known.set_port(given.port()).is_ok() && known == given
}
