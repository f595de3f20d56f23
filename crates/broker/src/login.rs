//! Credentials in time for a call: fresh before it is sent, renewed once when a server refuses.

use crate::clean;
use crate::inner::Inner;
use crate::link::Fault;
use domain::{Credential, Denial, ServerName, Timestamp, Transport};
use mcp::era::OpenError;
use mcp::upstream::UpstreamError;
use oauth::{Forbidden, OAuthError};
use policy::Permit;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use vault::{Attachment, VaultError};

/// The servers whose login is lost, as far as the human has been told.
#[derive(Default)]
pub(crate) struct LoggedOut(Mutex<BTreeSet<ServerName>>);

impl LoggedOut {
    /// Whether that is news.
    fn add(&self, server: &ServerName) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(server.clone())
    }

    fn remove(&self, server: &ServerName) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(server);
    }
}

impl Inner {
    /// Whether the server wants a login and has none.
    pub(crate) fn is_logged_out(&self, server: &ServerName) -> bool {
        self.logs_in(server) && matches!(self.vault.tokens(server).load(), Ok(None))
    }

    /// Renews a login that is about to end. Cheap when it is not, or when the server has none.
    pub(crate) async fn freshen(&self, server: &ServerName) -> Result<(), Fault> {
        if !self.logs_in(server) {
            return Ok(());
        }
        match self.oauth.fresh(server, self.clock.now()).await {
            Ok(()) => Ok(()),
            Err(OAuthError::LoginNeeded(_)) => {
                self.lost_login(server);
                Err(Fault::LoginNeeded)
            }
            // The token may still be good: the server decides.
            Err(error) => {
                let error = clean::words(&self.vault.redactor(), &error);
                tracing::info!(%server, error, "a login could not be renewed ahead of time");
                Ok(())
            }
        }
    }

    /// A server refused its login: renews it once, and says whether that worked.
    pub(crate) async fn renew_login(&self, server: &ServerName, sent: Timestamp) -> bool {
        if !self.logs_in(server) {
            return false;
        }
        match self.oauth.rejected(server, sent, self.clock.now()).await {
            Ok(()) => {
                self.logged_in(server);
                true
            }
            Err(error) => {
                let error = clean::words(&self.vault.redactor(), &error);
                tracing::info!(%server, error, "a refused login could not be renewed");
                self.lost_login(server);
                false
            }
        }
    }

    /// What a server's no means for its login: one that does not reach far enough is remembered for the next login, and the
    /// human is told, once. Every other fault stays what it is.
    pub(crate) fn understood(&self, server: &ServerName, fault: Fault) -> Fault {
        let (Fault::Upstream(UpstreamError::Forbidden { www_authenticate })
        | Fault::Open(OpenError::Upstream(UpstreamError::Forbidden { www_authenticate }))) = &fault
        else {
            return fault;
        };
        if !self.logs_in(server) {
            return fault;
        }
        match self.oauth.forbidden(server, www_authenticate) {
            Ok(Forbidden::WantsMore { scopes, is_news }) => {
                if is_news {
                    self.login_needed(server, Some(scopes.clone()));
                }
                Fault::MoreScope { server: server.clone(), scopes }
            }
            Ok(Forbidden::Plainly) => fault,
            Err(error) => Fault::Login(error),
        }
    }

    /// Tells that a server no longer takes its login; once, until there is another.
    fn lost_login(&self, server: &ServerName) {
        if self.logged_out.add(server) {
            self.login_needed(server, None);
        }
    }

    /// There is a login again.
    pub(crate) fn logged_in(&self, server: &ServerName) {
        self.logged_out.remove(server);
    }

    /// The vault takes the permit and gives what is sent.
    pub(crate) fn attach(&self, permit: Permit) -> Result<Attachment, Fault> {
        self.vault.attach(permit, self.clock.now()).map_err(fault)
    }

    /// The same permit's credential, after it was renewed.
    pub(crate) fn renewed(&self, attachment: Attachment) -> Result<Attachment, Fault> {
        self.vault.renew(attachment, self.clock.now()).map_err(fault)
    }

    fn logs_in(&self, server: &ServerName) -> bool {
        let book = self.books.read();
        let server = book.as_ref().and_then(|book| book.servers.get(server));
        server.is_some_and(|server| {
            matches!(&server.transport, Transport::Http { credential: Credential::OAuth, .. })
        })
    }
}

fn fault(error: VaultError) -> Fault {
    if matches!(error, VaultError::Locked) {
        Fault::Denied(Denial::Locked)
    } else if matches!(error, VaultError::LoginNeeded(_)) {
        Fault::LoginNeeded
    } else {
        Fault::Vault(error)
    }
}
