//! Codes and tokens: made after a human's yes, rotated, revoked, and looked at with every request.
//!
//! Access tokens live in memory alone: a restart or a lock ends them, and a client refreshes. Of everything that is worth
//! something only the digest is kept.

use crate::authorize::{Asked, Request, Stray};
use crate::dpop::{About, Seen};
use crate::family::{Family, FamilyId, Holder, Shelf, ShelfError};
use crate::params::Params;
use crate::secret::{self, Print, print, s256};
use crate::{Client, OFFLINE, Refusal, SCOPE, documents};
use domain::{AgentName, Endpoint, Loopback, Origin, Program, Timestamp};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// How long a code may be exchanged (RFC 6749 §4.1.2).
const CODE: Duration = Duration::from_secs(60);
/// How long an access token is good.
const ACCESS: Duration = Duration::from_mins(10);
/// How long a refresh token is good while nobody uses it.
const REFRESH: Duration = Duration::from_hours(30 * 24);
/// A client that did not hear the answer may ask once more with the same refresh token.
const AGAIN: Duration = Duration::from_secs(10);
const REFRESH_PREFIX: &str = "cs_rt_";
/// The most clients that register.
const CLIENTS: usize = 200;
/// A client nobody agreed to may be forgotten after this long.
const UNUSED: Duration = Duration::from_hours(24);
/// The most codes, families and access tokens.
const CODES: usize = 100;
const FAMILIES: usize = 1000;
const TOKENS: usize = 20_000;

/// The wallet's authorization server.
pub struct Issuer<S> {
    origin: Origin,
    shelf: S,
    clients: HashMap<String, Known>,
    codes: HashMap<Print, Code>,
    families: HashMap<FamilyId, Family>,
    access: HashMap<Print, Access>,
    again: HashMap<Print, Again>,
    proofs: Seen,
}

/// A client, and when it was last heard of.
struct Known {
    client: Client,
    heard: Timestamp,
}

/// A code, until it is exchanged and for as long as it could have been.
struct Code {
    request: Request,
    holder: Holder,
    expires: Timestamp,
    /// What it was exchanged for: shown again, that ends too.
    spent: Option<FamilyId>,
}

struct Access {
    family: FamilyId,
    expires: Timestamp,
}

/// The answer to the last refresh, for a client that lost it.
struct Again {
    family: FamilyId,
    answer: Value,
    until: Timestamp,
}

/// How a token is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449 §7.1.
    Dpop,
}

/// What came with a request to an endpoint.
#[derive(Clone, Copy)]
pub struct Credential<'a> {
    /// How.
    pub scheme: Scheme,
    /// The access token.
    pub token: &'a str,
    /// The `DPoP` header.
    pub proof: Option<&'a str>,
    /// The request's method.
    pub method: &'a str,
    /// The request's address, with the host as the client named it.
    pub uri: &'a str,
}

/// Whom a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The agent.
    pub agent: AgentName,
    /// What it came of.
    pub family: FamilyId,
}

/// Why a token is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwelcome {
    /// Unknown, expired, revoked, or for another endpoint: all the same to who shows it.
    #[error("the access token is not valid here")]
    Invalid,
    /// The proof of possession does not hold.
    #[error("{0}")]
    Proof(String),
    /// The token is good, and another program shows it: somebody has copied it.
    #[error("{agent}'s access token was shown by another program")]
    OtherProgram {
        /// Whose it is.
        agent: AgentName,
    },
}

impl<S: Shelf> Issuer<S> {
    /// The authorization server at `origin`, with what its shelf has kept.
    #[must_use]
    pub fn new(
        origin: Origin,
        shelf: S,
        clients: Vec<Client>,
        families: Vec<Family>,
        now: Timestamp,
    ) -> Self {
        let clients = clients.into_iter().map(|client| (client.id.clone(), Known { client, heard: now }));
        let families = families.into_iter().map(|family| (family.id.clone(), family));
        Self {
            origin,
            shelf,
            clients: clients.collect(),
            codes: HashMap::new(),
            families: families.collect(),
            access: HashMap::new(),
            again: HashMap::new(),
            proofs: Seen::default(),
        }
    }

    /// Registers a client (RFC 7591 §3); gives what it is told.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn register(&mut self, body: &[u8], now: Timestamp) -> Result<Value, Refusal> {
        let client = Client::register(body, secret::make("cs_client_")?)?;
        self.make_room(now)?;
        self.shelf.keep_client(&client).map_err(unkept)?;
        let answer = client.registered();
        self.clients.insert(client.id.clone(), Known { client, heard: now });
        Ok(answer)
    }

    /// A client that registered here.
    #[must_use]
    pub fn client(&self, id: &str) -> Option<&Client> {
        self.clients.get(id).map(|known| &known.client)
    }

    /// Admits an authorization request. The client is one that registered, or one whose document was fetched.
    ///
    /// # Errors
    /// [`Stray`]: no human is asked about this.
    pub fn admit(
        &mut self,
        asked: Asked,
        document: Option<Client>,
        now: Timestamp,
    ) -> Result<Request, Stray> {
        let client = match (self.clients.get_mut(asked.client_id()), document) {
            (Some(known), _) => {
                known.heard = now;
                known.client.clone()
            }
            (None, Some(client)) if client.id == asked.client_id() => client,
            (None, _) => return Err(Stray::Page("This client is not registered here.".into())),
        };
        asked.admit(self.origin, client)
    }

    /// The human said yes: the address to which the client's code goes.
    ///
    /// # Errors
    /// When too many codes wait to be exchanged.
    pub fn grant(&mut self, request: Request, holder: Holder, now: Timestamp) -> Result<url::Url, Refusal> {
        self.codes.retain(|_, code| code.expires > now);
        bounded(self.codes.len(), CODES)?;
        let code = secret::make("cs_code_")?;
        let answer = request.granted(&code);
        let waiting = Code { request, holder, expires: now.plus(CODE), spent: None };
        self.codes.insert(print(&code), waiting);
        Ok(answer)
    }

    /// To whom the code or the refresh token in a form belongs: whoever shows it must be that program.
    #[must_use]
    pub fn holder(&self, form: &str) -> Option<&Holder> {
        let params = Params::parse(form).ok()?;
        match params.get("refresh_token") {
            Some(token) => self.families.get(&family_of(token)?).map(|family| &family.holder),
            None => self.codes.get(&print(params.get("code")?)).map(|code| &code.holder),
        }
    }

    /// Whether what came of this yes still holds.
    #[must_use]
    pub fn holds(&self, family: &FamilyId) -> bool {
        self.families.contains_key(family)
    }

    /// The token endpoint (RFC 6749 §4.1.3, §6). `program` is who asks; `host` is how the client named this machine.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn token(
        &mut self,
        form: &str,
        proof: Option<&str>,
        host: Loopback,
        program: &Program,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        let params = Params::parse(form)?;
        let uri = format!("{}{}", self.origin.under(host), documents::TOKEN);
        let about = About { method: "POST", uri: &uri, token: None };
        let key = proof.map(|proof| self.proofs.take(proof, &about, now)).transpose();
        let key = key.map_err(|why| Refusal::new("invalid_dpop_proof", why))?;
        match params.need("grant_type")? {
            "authorization_code" => self.exchange(&params, key, program, now),
            "refresh_token" => self.refresh(&params, key.as_deref(), program, now),
            other => Err(Refusal::new("unsupported_grant_type", format!("no grant of type {other:?} here"))),
        }
    }

    fn exchange(
        &mut self,
        params: &Params,
        key: Option<String>,
        program: &Program,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        let shown = print(params.need("code")?);
        let code = self.codes.get(&shown).filter(|code| code.expires > now);
        let code = code.ok_or_else(|| Refusal::grant("the code is unknown or too old"))?;
        if let Some(family) = code.spent.clone() {
            self.end(&family).map_err(unkept)?;
            return Err(Refusal::grant("the code was used before; what came of it is revoked"));
        }
        fits(code, params, program)?;
        let Code { request, holder, .. } = code;
        for_endpoint(self.origin, params, &request.endpoint)?;
        let (request, holder) = (request.clone(), holder.clone());
        self.forget_ended(now)?;
        bounded(self.families.len(), FAMILIES)?;
        let mut family = Family {
            id: FamilyId(secret::make("")?),
            client: request.client.id.clone(),
            holder,
            endpoint: request.endpoint.clone(),
            began: now,
            key,
            refresh: None,
        };
        let refresh = request.offline.then(|| rotate(&mut family, now)).transpose()?;
        self.shelf.keep_family(&family).map_err(unkept)?;
        if let Some(code) = self.codes.get_mut(&shown) {
            code.spent = Some(family.id.clone());
        }
        self.families.insert(family.id.clone(), family.clone());
        self.answer(&family, refresh, now)
    }

    fn refresh(
        &mut self,
        params: &Params,
        key: Option<&str>,
        program: &Program,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        let token = params.need("refresh_token")?;
        let family = family_of(token).and_then(|id| self.families.get(&id)).cloned();
        let mut family = family.ok_or_else(|| Refusal::grant("the refresh token is unknown or revoked"))?;
        let shown = print(token);
        if params.get("client_id").is_some_and(|id| id != family.client) {
            return Err(Refusal::grant("the refresh token was given to another client"));
        }
        if family.holder.program != *program {
            return Err(Refusal::grant("the refresh token was given to another program"));
        }
        if family.key.as_deref() != key {
            return Err(Refusal::new(
                "invalid_dpop_proof",
                "the refresh token is bound to another key, or to none",
            ));
        }
        for_endpoint(self.origin, params, &family.endpoint)?;
        match family.refresh {
            Some((current, expires)) if current == shown && expires > now => {}
            Some((current, _)) if current == shown => {
                self.end(&family.id).map_err(unkept)?;
                return Err(Refusal::grant("the refresh token has expired"));
            }
            Some(_) | None => return self.refreshed_before(&family, &shown, now),
        }
        let refresh = rotate(&mut family, now)?;
        self.shelf.keep_family(&family).map_err(unkept)?;
        self.families.insert(family.id.clone(), family.clone());
        let answer = self.answer(&family, Some(refresh), now)?;
        // Who has used the next token has not lost the answer to the one before.
        self.again.retain(|_, again| again.until > now && again.family != family.id);
        let again = Again { family: family.id, answer: answer.clone(), until: now.plus(AGAIN) };
        self.again.insert(shown, again);
        Ok(answer)
    }

    /// A refresh token is shown a second time: by a client that lost the answer, or by a thief (RFC 9700 §4.14.2).
    fn refreshed_before(&mut self, family: &Family, shown: &Print, now: Timestamp) -> Result<Value, Refusal> {
        if let Some(again) = self.again.get(shown).filter(|again| again.until > now) {
            return Ok(again.answer.clone());
        }
        self.end(&family.id).map_err(unkept)?;
        Err(Refusal::grant("the refresh token was used before; what came of it is revoked"))
    }

    fn answer(&mut self, family: &Family, refresh: Option<String>, now: Timestamp) -> Result<Value, Refusal> {
        self.access.retain(|_, access| access.expires > now);
        bounded(self.access.len(), TOKENS)?;
        let token = secret::make("cs_at_")?;
        self.access.insert(print(&token), Access { family: family.id.clone(), expires: now.plus(ACCESS) });
        let scope = if refresh.is_some() { format!("{SCOPE} {OFFLINE}") } else { SCOPE.to_owned() };
        let mut answer = json!({
            "access_token": token,
            "token_type": if family.key.is_some() { "DPoP" } else { "Bearer" },
            "expires_in": ACCESS.as_secs(),
            "scope": scope,
        });
        if let Some(refresh) = refresh {
            answer["refresh_token"] = refresh.into();
        }
        Ok(answer)
    }

    /// The revocation endpoint (RFC 7009): whatever token it is, all that came of the same yes ends.
    ///
    /// # Errors
    /// When there is no token, or the end can't be kept.
    pub fn revoke(&mut self, form: &str) -> Result<(), Refusal> {
        let params = Params::parse(form)?;
        let token = params.need("token")?;
        let of_refresh = family_of(token).filter(|id| self.families.contains_key(id));
        match of_refresh.or_else(|| self.access.get(&print(token)).map(|access| access.family.clone())) {
            Some(family) => self.end(&family).map_err(unkept),
            // An unknown token is as good as revoked (RFC 7009 §2.2).
            None => Ok(()),
        }
    }

    /// Who shows this token at this endpoint, from this program.
    ///
    /// # Errors
    /// [`Unwelcome`].
    pub fn welcome(
        &mut self,
        endpoint: &Endpoint,
        credential: Credential<'_>,
        program: &Program,
        now: Timestamp,
    ) -> Result<Admitted, Unwelcome> {
        let access = self.access.get(&print(credential.token)).filter(|access| access.expires > now);
        let family = access.and_then(|access| self.families.get(&access.family));
        let family = family.filter(|family| family.endpoint.covers(endpoint)).ok_or(Unwelcome::Invalid)?;
        match (&family.key, credential.scheme) {
            (None, Scheme::Bearer) => {}
            // A bound token without its proof is worth nothing (RFC 9449 §7.2).
            (Some(_), Scheme::Bearer) | (None, Scheme::Dpop) => return Err(Unwelcome::Invalid),
            (Some(key), Scheme::Dpop) => {
                let about =
                    About { method: credential.method, uri: credential.uri, token: Some(credential.token) };
                let proof =
                    credential.proof.ok_or_else(|| Unwelcome::Proof("there is no DPoP proof".into()))?;
                if self.proofs.take(proof, &about, now).map_err(Unwelcome::Proof)? != *key {
                    return Err(Unwelcome::Proof("the DPoP proof is by another key".into()));
                }
            }
        }
        if family.holder.program != *program {
            return Err(Unwelcome::OtherProgram { agent: family.holder.agent.clone() });
        }
        Ok(Admitted { agent: family.holder.agent.clone(), family: family.id.clone() })
    }

    /// Ends all that an agent holds: it was revoked.
    ///
    /// # Errors
    /// When an end can't be kept; the others are ended all the same, and all of them for as long as this process lives.
    pub fn end_agent(&mut self, agent: &AgentName) -> Result<(), ShelfError> {
        let theirs = |family: &&Family| family.holder.agent == *agent;
        let ids: Vec<_> = self.families.values().filter(theirs).map(|family| family.id.clone()).collect();
        self.codes.retain(|_, code| code.holder.agent != *agent);
        ids.iter().map(|id| self.end(id)).fold(Ok(()), Result::and)
    }

    /// Ends every access token: the wallet was locked. Clients refresh once it is open again.
    pub fn forget_access(&mut self) {
        self.access.clear();
        self.again.clear();
        self.codes.clear();
    }

    fn end(&mut self, family: &FamilyId) -> Result<(), ShelfError> {
        self.families.remove(family);
        self.access.retain(|_, access| access.family != *family);
        self.shelf.drop_family(family)
    }

    /// Ends families that can't go on: nothing refreshes them any more, and their last access token has ended.
    fn forget_ended(&mut self, now: Timestamp) -> Result<(), Refusal> {
        self.access.retain(|_, access| access.expires > now);
        let goes_on = |family: &Family| {
            family.refresh.is_some_and(|(_, expires)| expires > now)
                || self.access.values().any(|access| access.family == family.id)
        };
        let ended: Vec<_> =
            self.families.values().filter(|family| !goes_on(family)).map(|it| it.id.clone()).collect();
        ended.iter().try_for_each(|id| self.end(id)).map_err(unkept)
    }

    /// Forgets clients that nobody agreed to within a day.
    fn make_room(&mut self, now: Timestamp) -> Result<(), Refusal> {
        if self.clients.len() < CLIENTS {
            return Ok(());
        }
        let used = |id: &str| self.families.values().any(|family| family.client == id);
        let old = |known: &&Known| now.since(known.heard) >= UNUSED && !used(&known.client.id);
        let old: Vec<_> = self.clients.values().filter(old).map(|known| known.client.id.clone()).collect();
        for id in old {
            self.shelf.drop_client(&id).map_err(unkept)?;
            self.clients.remove(&id);
        }
        bounded(self.clients.len(), CLIENTS)
    }
}

/// A code is for one client, one address, one verifier and one program.
fn fits(code: &Code, params: &Params, program: &Program) -> Result<(), Refusal> {
    if params.need("client_id")? != code.request.client.id {
        return Err(Refusal::grant("the code was given to another client"));
    }
    if params.need("redirect_uri")? != code.request.redirect.to_string() {
        return Err(Refusal::grant("the code was given to another redirect URI"));
    }
    let challenge = s256(params.need("code_verifier")?);
    if !bool::from(challenge.as_bytes().ct_eq(code.request.challenge.as_bytes())) {
        return Err(Refusal::grant("the code verifier does not fit the challenge"));
    }
    if code.holder.program != *program {
        return Err(Refusal::grant("the code is for another program"));
    }
    Ok(())
}

/// A token may be asked for the endpoint that was agreed to, and no other (RFC 8707 §2.2).
fn for_endpoint(origin: Origin, params: &Params, agreed: &Endpoint) -> Result<(), Refusal> {
    match params.get("resource") {
        Some(resource) if origin.endpoint(resource).as_ref() != Some(agreed) => {
            Err(Refusal::new("invalid_target", "that is not the `resource` that was agreed to"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The family that a refresh token names. Only who was given one of its tokens knows the name.
fn family_of(token: &str) -> Option<FamilyId> {
    token.strip_prefix(REFRESH_PREFIX)?.split_once('.').map(|(id, _)| FamilyId(id.to_owned()))
}

fn rotate(family: &mut Family, now: Timestamp) -> Result<String, Refusal> {
    let token = format!("{REFRESH_PREFIX}{}.{}", family.id.as_str(), secret::make("")?);
    family.refresh = Some((print(&token), now.plus(REFRESH)));
    Ok(token)
}

fn bounded(held: usize, most: usize) -> Result<(), Refusal> {
    if held < most {
        Ok(())
    } else {
        Err(Refusal::new("temporarily_unavailable", "too many; try again later"))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is the end of the error's way")]
fn unkept(error: ShelfError) -> Refusal {
    Refusal::new("temporarily_unavailable", format!("the wallet can't keep this now: {error}"))
}
