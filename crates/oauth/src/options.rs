//! How the wallet logs in.

use crate::HttpLimits;
use std::time::Duration;
use url::Url;

/// How the wallet logs in.
#[derive(Clone, Debug)]
pub struct OAuthOptions {
    /// The name the human reads on the login page.
    pub client_name: String,
    /// The loopback port the browser comes back to; 0 takes a free one. A taken one is replaced by a free one.
    pub redirect_port: u16,
    /// How long the human may take.
    pub patience: Duration,
    /// How long and how much a stranger may answer.
    pub limits: HttpLimits,
    /// Where the wallet's client id metadata document is published, if it is.
    pub client_document: Option<Url>,
}

impl Default for OAuthOptions {
    fn default() -> Self {
        Self {
            client_name: "Countersign".into(),
            redirect_port: 0,
            patience: Duration::from_secs(300),
            limits: HttpLimits::default(),
            client_document: None,
        }
    }
}
