//! Stand-in while `oauth` lands.
use domain::*;
use std::sync::Arc;
#[derive(Clone)]
pub struct OAuth;
#[derive(Default)]
pub struct OAuthOptions;
#[derive(Debug, Clone, thiserror::Error)]
pub enum OAuthError {
    #[error("log in")]
    LoginNeeded(ServerName),
    #[error("x")]
    Other(Arc<str>),
}
pub struct LoggedIn;
#[async_trait::async_trait]
pub trait Browser: Send + Sync {
    async fn open(&self, url: &url::Url) -> Result<(), OAuthError>;
}
pub struct WwwAuthenticate;
impl OAuth {
    pub fn new(_v: vault::Vault, _o: OAuthOptions) -> Result<Self, OAuthError> {
        Ok(Self)
    }
    pub async fn login(
        &self,
        _s: &Server,
        _b: &dyn Browser,
        _c: Option<WwwAuthenticate>,
        _n: Timestamp,
    ) -> Result<LoggedIn, OAuthError> {
        Ok(LoggedIn)
    }
    pub async fn fresh(&self, _s: &ServerName, _n: Timestamp) -> Result<(), OAuthError> {
        Ok(())
    }
    pub async fn rejected(&self, _s: &ServerName, _t: Timestamp, _n: Timestamp) -> Result<(), OAuthError> {
        Ok(())
    }
    pub async fn logout(&self, _s: &ServerName) -> Result<bool, OAuthError> {
        Ok(true)
    }
}
