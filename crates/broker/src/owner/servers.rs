//! Servers: add, look at, log in, log out, remove.

use crate::inner::Inner;
use crate::{Broker, BrokerError, Consent, Event, KnownClient, LoginState, NewServer, ServerView};
use async_trait::async_trait;
use domain::{Credential, EnvValue, Program, Server, ServerName, Transport};
use mcp::upstream::stdio::{self, Resolved};
use oauth::{Browser, OAuthError};
use proof::receipt::{Body, Kind};
use url::Url;
use vault::{Secret, SecretName, VaultError};

/// Those that are addresses of documents are the longest.
const LONGEST_CLIENT_ID: usize = 2048;

impl Broker {
    /// All servers, by name.
    #[must_use]
    pub fn servers(&self) -> Vec<ServerView> {
        let Some(book) = self.0.books.read() else { return vec![] };
        book.servers.values().map(|server| self.view_of(server.clone())).collect()
    }

    /// One server.
    ///
    /// # Errors
    /// [`BrokerError::NoServer`].
    pub fn server(&self, name: &ServerName) -> Result<ServerView, BrokerError> {
        Ok(self.view_of(self.0.books.open()?.server(name)?.clone()))
    }

    /// Adds a server, with the secrets it needs. Nothing is started or sent yet.
    ///
    /// # Errors
    /// [`BrokerError::NameTaken`]; [`BrokerError::Invalid`] for an address that is neither https nor on this machine, or a
    /// secret that is missing.
    pub async fn add_server(&self, consent: Consent, new: NewServer) -> Result<ServerView, BrokerError> {
        let inner = &self.0;
        if inner.books.open()?.servers.contains_key(&new.name) {
            return Err(BrokerError::NameTaken(new.name.to_string()));
        }
        check(&new)?;
        let NewServer { name, transport, env_secrets, header } = new;
        let (transport, programs) = settled(inner, transport)?;
        let server = Server { name: name.clone(), transport, added: self.now() };
        inner.books.change(|book, shelf| {
            // Another one of this name may have come in the meantime: its secrets are not to be overwritten.
            if book.servers.contains_key(&name) {
                return Err(BrokerError::NameTaken(name.to_string()));
            }
            let added = put_secrets(inner, &name, &env_secrets, header.as_ref())
                .and_then(|()| book.put_server(shelf, server, programs));
            added.inspect_err(|_| forget_secrets(inner, &name))
        })?;
        self.server_changed(&name, Kind::ServerAdded, Some(format!("confirmed by {}", consent.how())))?;
        self.server(&name)
    }

    /// Removes a server and every secret for it; calls on their way to it are cancelled, then the login is ended. Delegations
    /// that name it are revoked: they were given for this server, not for whatever takes its name next.
    ///
    /// # Errors
    /// [`BrokerError::NoServer`], [`BrokerError::Locked`].
    pub async fn remove_server(&self, name: &ServerName) -> Result<(), BrokerError> {
        let inner = &self.0;
        let (login, now) = (self.server(name)?.login, self.now());
        let revoked = inner.books.change(|book, shelf| {
            let revoked = book.revoke_all(shelf, book.on(name), now)?;
            book.remove_server(shelf, name)?;
            Ok(revoked)
        });
        inner.sessions.leave(name);
        self.delegations_revoked(revoked?)?;
        self.server_changed(name, Kind::ServerRemoved, None)?;
        if matches!(login, LoginState::LoggedIn { .. }) {
            if let Err(error) = inner.oauth.logout(name).await {
                tracing::info!(%error, "the server could not be told about the end of the login");
            }
            self.server_changed(name, Kind::LoginEnded, None)?;
        }
        Ok(inner.vault.delete_secrets_of(name)?)
    }

    /// Logs in to a server with the system's browser. `open` is given the address to show.
    ///
    /// # Errors
    /// [`BrokerError::Login`] with what happened and what to do.
    pub async fn login(
        &self,
        _consent: Consent,
        name: &ServerName,
        open: impl Fn(&Url) + Send + Sync + 'static,
    ) -> Result<ServerView, BrokerError> {
        let server = self.server(name)?.server;
        self.server_changed(name, Kind::LoginStarted, None)?;
        let outcome = self.0.oauth.login(&server, &Shown(open), None, self.now()).await;
        let (kind, note) = match &outcome {
            Ok(_) => (Kind::LoginCompleted, None),
            Err(error) => (Kind::LoginFailed, Some(error.to_string())),
        };
        self.server_changed(name, kind, note)?;
        if outcome.is_ok() {
            self.0.logged_in(name);
            self.0.sessions.server_mended(name);
        }
        outcome.map_err(|error| BrokerError::Login { server: name.clone(), reason: error.to_string() })?;
        self.server(name)
    }

    /// Logs in as a client that the human has registered at the server's authorization server; so does every login after it.
    ///
    /// # Errors
    /// [`BrokerError::Invalid`] for what is no client id; [`BrokerError::Login`] as for [`Broker::login`].
    pub async fn login_as(
        &self,
        consent: Consent,
        name: &ServerName,
        client: KnownClient,
        open: impl Fn(&Url) + Send + Sync + 'static,
    ) -> Result<ServerView, BrokerError> {
        let server = self.server(name)?.server;
        check_client(&client)?;
        let failed =
            |error: OAuthError| BrokerError::Login { server: name.clone(), reason: error.to_string() };
        self.0.oauth.introduce(&server, client).await.map_err(failed)?;
        self.login(consent, name, open).await
    }

    /// Ends a login: the server is told (RFC 7009) and the tokens are forgotten, also when it can't be told.
    ///
    /// # Errors
    /// [`BrokerError::NoServer`]; [`BrokerError::Login`] when the server could not be told.
    pub async fn logout(&self, name: &ServerName) -> Result<(), BrokerError> {
        let server = self.server(name)?.server;
        let outcome = self.0.oauth.logout(&server.name).await;
        self.server_changed(name, Kind::LoginEnded, None)?;
        outcome
            .map(drop)
            .map_err(|error| BrokerError::Login { server: name.clone(), reason: error.to_string() })
    }

    fn view_of(&self, server: Server) -> ServerView {
        let login = match &server.transport {
            Transport::Http { credential: Credential::OAuth, .. } => self.login_of(&server),
            Transport::Http { .. } | Transport::Stdio(_) => LoginState::NotNeeded,
        };
        ServerView { server, login }
    }

    fn login_of(&self, server: &Server) -> LoginState {
        match self.0.vault.tokens(&server.name).load() {
            Ok(Some(tokens)) => LoginState::LoggedIn {
                expires: tokens.expires,
                scope: tokens.scope.clone(),
                wants: self.0.oauth.wanted(&server.name),
            },
            Ok(None) => LoginState::LoggedOut,
            Err(VaultError::Locked) => LoginState::LoggedOut,
            Err(error) => LoginState::Broken { reason: error.to_string() },
        }
    }

    fn server_changed(&self, name: &ServerName, kind: Kind, note: Option<String>) -> Result<(), BrokerError> {
        self.0.looks.forget(name);
        self.0.tell(Event::Servers);
        self.0.note(Body { server: Some(name.clone()), note, ..self.0.body(kind) })
    }
}

/// The command as the file it is from now on, and what it runs: what the human is taken to accept by adding it.
fn settled(inner: &Inner, transport: Transport) -> Result<(Transport, Vec<Program>), BrokerError> {
    let Transport::Stdio(launch) = transport else { return Ok((transport, vec![])) };
    let failed = |error: std::io::Error| {
        BrokerError::Invalid(format!("{}: {error}; is it installed, and its path right?", launch.command))
    };
    let found = Resolved::find(&launch).map_err(failed)?;
    let programs = stdio::programs(&found, &inner.gate.evidence).map_err(failed)?;
    Ok((Transport::Stdio(found.launch().clone()), programs))
}

fn put_secrets(
    inner: &Inner,
    name: &ServerName,
    env: &[(String, Secret)],
    header: Option<&Secret>,
) -> Result<(), BrokerError> {
    for (variable, secret) in env {
        inner.vault.put_secret(&SecretName::Env(name.clone(), variable.clone()), secret)?;
    }
    if let Some(header) = header {
        inner.vault.put_secret(&SecretName::Header(name.clone()), header)?;
    }
    Ok(())
}

/// A server that was not added after all leaves no secret behind.
fn forget_secrets(inner: &Inner, name: &ServerName) {
    if let Err(error) = inner.vault.delete_secrets_of(name) {
        tracing::warn!(%error, server = %name, "secrets of a server that was not added could not be deleted");
    }
}

fn check(new: &NewServer) -> Result<(), BrokerError> {
    match &new.transport {
        Transport::Http { url, credential } => {
            check_address(url)?;
            if matches!(credential, Credential::Header { .. }) != new.header.is_some() {
                return Err(BrokerError::Invalid(
                    "a fixed header needs its value, and nothing else takes one".into(),
                ));
            }
            Ok(())
        }
        Transport::Stdio(launch) => {
            if launch.command.is_empty() {
                return Err(BrokerError::Invalid("the command is empty".into()));
            }
            let given = |name: &str| new.env_secrets.iter().any(|(variable, _)| variable == name);
            match launch.env.iter().find(|(name, value)| *value == EnvValue::Secret && !given(name)) {
                Some((name, _)) => Err(BrokerError::Invalid(format!("the variable {name} has no value"))),
                None => Ok(()),
            }
        }
    }
}

/// RFC 6749, appendix A.1 and A.2: printable ASCII.
fn check_client(client: &KnownClient) -> Result<(), BrokerError> {
    let printable = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let id = &client.id;
    if id.is_empty() || id.len() > LONGEST_CLIENT_ID || !printable(id) {
        return Err(BrokerError::Invalid(
            "that is no client id; it is the short text the authorization server gave you".into(),
        ));
    }
    if client.redirect_port == Some(0) {
        return Err(BrokerError::Invalid("a redirect port is between 1 and 65535".into()));
    }
    Ok(())
}

/// https, or http to this machine. No user name or password in the address: it is shown and recorded.
fn check_address(url: &Url) -> Result<(), BrokerError> {
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if !(url.scheme() == "https" || url.scheme() == "http" && loopback) {
        return Err(BrokerError::Invalid(format!(
            "{url}: a server's address is https, or http on this machine"
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BrokerError::Invalid(
            "an address holds no user name or password; give the secret by itself".into(),
        ));
    }
    Ok(())
}

/// Where a login's address is shown.
struct Shown<F>(F);

#[async_trait]
impl<F: Fn(&Url) + Send + Sync> Browser for Shown<F> {
    async fn open(&self, url: &Url) -> Result<(), OAuthError> {
        (self.0)(url);
        Ok(())
    }
}
