//! A permit goes in; what the call needs to be sent comes out, and nobody sees the secret itself.

use crate::seal::Place;
use crate::state::Open;
use crate::{KeyName, SERVERS, Secret, SecretName, Vault, VaultError, VaultSigner, tokens};
use bytes::Bytes;
use domain::{Credential, EnvValue, Launch, Server, ServerName, Signer, Timestamp, Transport};
use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};
use policy::Permit;
use std::fmt;
use std::process::Command;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What one permit opened: headers or environment for its server, and its agent's key to sign with.
pub struct Attachment {
    permit: Permit,
    holder: Option<VaultSigner>,
    dressing: Arc<Dressing>,
}

/// What a server is shown. Wiped when the last one to use it has gone.
#[derive(Default)]
pub(crate) struct Dressing {
    header: Option<(HeaderName, HeaderValue)>,
    env: Vec<(String, Secret)>,
}

impl Vault {
    /// Uses up a permit. After a server's first call nothing is read or decrypted here.
    ///
    /// ```compile_fail,E0382
    /// fn twice(vault: &vault::Vault, permit: policy::Permit, now: domain::Timestamp) {
    ///     let first = vault.attach(permit, now);
    ///     let second = vault.attach(permit, now);
    /// }
    /// ```
    ///
    /// # Errors
    /// [`VaultError::PermitExpired`]; [`VaultError::Locked`]; [`VaultError::NoServer`], [`VaultError::LoginNeeded`],
    /// [`VaultError::NoSecret`], [`VaultError::NoAgentKey`] when something has to be entered first.
    pub fn attach(&self, permit: Permit, now: Timestamp) -> Result<Attachment, VaultError> {
        if now >= permit.expires() {
            return Err(VaultError::PermitExpired { server: permit.server().clone(), at: permit.expires() });
        }
        let signer = |agent: &domain::AgentName| self.any_signer(&KeyName::Agent(agent.clone()));
        let holder = permit.agent().map(signer).transpose()?;
        let dressing = self.dressing(permit.server())?;
        Ok(Attachment { permit, holder, dressing })
    }

    /// The same permit with the credential as it is now: a server turned the old one away at the door, so the permit has not
    /// been used for anything yet.
    ///
    /// # Errors
    /// As [`Vault::attach`].
    pub fn renew(&self, attachment: Attachment, now: Timestamp) -> Result<Attachment, VaultError> {
        self.attach(attachment.permit, now)
    }

    fn dressing(&self, server: &ServerName) -> Result<Arc<Dressing>, VaultError> {
        if let Some(dressing) = self.with(|open| Ok(open.dressings.get(server).cloned()))? {
            return Ok(dressing);
        }
        // Made under the lock: a change that comes in between is seen either here or by what it makes us forget.
        self.with_mut(|open| {
            let dressing = Arc::new(self.make_dressing(open, server)?);
            open.dressings.insert(server.clone(), dressing.clone());
            Ok(dressing)
        })
    }

    fn make_dressing(&self, open: &Open, name: &ServerName) -> Result<Dressing, VaultError> {
        let tree = format!("records/{SERVERS}");
        let place = Place { tree: &tree, key: name.as_str() };
        let record = self.read_with(&open.sealer, place)?;
        let record = record.ok_or_else(|| VaultError::NoServer(name.clone()))?;
        let server: Server = crate::vault::parse(place, &record)?;
        match &server.transport {
            Transport::Stdio(launch) => self.environment(open, name, launch),
            Transport::Http { credential: Credential::None, .. } => Ok(Dressing::default()),
            Transport::Http { credential: Credential::Header { name: header }, .. } => {
                self.fixed_header(open, name, header)
            }
            Transport::Http { credential: Credential::OAuth, .. } => self.access_token(open, &server),
        }
    }

    fn environment(&self, open: &Open, server: &ServerName, launch: &Launch) -> Result<Dressing, VaultError> {
        let secrets = launch.env.iter().filter(|(_, value)| *value == EnvValue::Secret);
        let entry = |(variable, _): &(String, EnvValue)| {
            let name = SecretName::Env(server.clone(), variable.clone());
            Ok((variable.clone(), self.needed(open, &name, || format!("the variable {variable}"))?))
        };
        Ok(Dressing { header: None, env: secrets.map(entry).collect::<Result<_, VaultError>>()? })
    }

    fn fixed_header(&self, open: &Open, server: &ServerName, header: &str) -> Result<Dressing, VaultError> {
        let bad =
            |reason| VaultError::BadSecret { what: format!("the header {header:?} of {server}"), reason };
        let name = HeaderName::try_from(header).map_err(|_| bad("that is no header's name"))?;
        let secret =
            self.needed(open, &SecretName::Header(server.clone()), || format!("the header {header}"))?;
        let value = sensitive(secret).ok_or_else(|| bad("a header holds one line of visible characters"))?;
        Ok(Dressing { header: Some((name, value)), env: vec![] })
    }

    #[expect(clippy::disallowed_methods, reason = "the access token, to put it into its header")]
    fn access_token(&self, open: &Open, server: &Server) -> Result<Dressing, VaultError> {
        let place = Place { tree: tokens::TREE, key: server.name.as_str() };
        let plain = self.read_with(&open.sealer, place)?;
        let plain = plain.ok_or_else(|| VaultError::LoginNeeded(server.name.clone()))?;
        let tokens: tokens::TokenSet = crate::vault::parse(place, &plain)?;
        if tokens.resource != server.resource() {
            return Err(VaultError::LoginNeeded(server.name.clone()));
        }
        let mut value = Zeroizing::new(Vec::with_capacity(7 + tokens.access.len()));
        value.extend_from_slice(b"Bearer ");
        value.extend_from_slice(tokens.access.expose());
        let value = sensitive(value.into()).ok_or_else(|| VaultError::BadSecret {
            what: format!("the access token for {}", server.name),
            reason: "a header holds one line of visible characters",
        })?;
        Ok(Dressing { header: Some((AUTHORIZATION, value)), env: vec![] })
    }

    fn needed(
        &self,
        open: &Open,
        name: &SecretName,
        what: impl FnOnce() -> String,
    ) -> Result<Secret, VaultError> {
        let plain = self.read_with(&open.sealer, name.place(&name.record()))?;
        let missing = || VaultError::NoSecret { server: name.server().clone(), what: what() };
        plain.map(Secret::from).ok_or_else(missing)
    }
}

impl Attachment {
    /// The permit it was made with.
    pub const fn permit(&self) -> &Permit {
        &self.permit
    }

    /// The agent's key, to sign the call's proof with; none when the human acts.
    #[must_use]
    pub fn holder(&self) -> Option<&dyn Signer> {
        self.holder.as_ref().map(|holder| holder as &dyn Signer)
    }

    /// What an HTTP server is shown. Marked sensitive, so that nobody prints it, and wiped when the last clone has gone.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        self.dressing.header.iter().cloned().collect()
    }

    /// Puts the secret variables into a child's environment, beside what is there.
    #[expect(
        clippy::disallowed_methods,
        reason = "the child's secrets, into its environment and nowhere else"
    )]
    pub fn dress(&self, command: &mut Command) {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        for (variable, secret) in &self.dressing.env {
            command.env(variable, OsStr::from_bytes(secret.expose()));
        }
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment").field("permit", &self.permit).finish_non_exhaustive()
    }
}

/// A header value that shares the secret's memory, which is wiped with it.
fn sensitive(secret: Secret) -> Option<HeaderValue> {
    struct Owner(Secret);
    impl AsRef<[u8]> for Owner {
        #[expect(clippy::disallowed_methods, reason = "the header's bytes")]
        fn as_ref(&self) -> &[u8] {
            self.0.expose()
        }
    }
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(Owner(secret))).ok()?;
    value.set_sensitive(true);
    Some(value)
}
