//! Who asks: a client that registered itself (RFC 7591), or one that is known by the document at its id (CIMD).

use crate::{Redirect, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

/// The most redirect URIs of a client.
const REDIRECTS: usize = 10;
/// The longest name that is shown of a client.
const NAME: usize = 60;

/// A client: what it says of itself. Nothing here is proved; what the human agrees to is bound to the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its id: made here, or the address of its document.
    pub id: String,
    /// What it calls itself: shown as foreign text.
    pub name: String,
    /// Where its answers may go.
    pub redirects: Vec<Redirect>,
    /// Whether it said that it refreshes its tokens (RFC 7591 §2, `grant_types`).
    #[serde(default)]
    pub refreshes: bool,
}

/// Members nobody here has a use for are ignored (RFC 7591 §2).
#[derive(Deserialize)]
struct Metadata {
    client_id: Option<String>,
    client_name: Option<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
}

impl Client {
    /// A client that registers, under the id it is given.
    ///
    /// # Errors
    /// `invalid_client_metadata` or `invalid_redirect_uri`.
    pub(crate) fn register(body: &[u8], id: String) -> Result<Self, Refusal> {
        let metadata = Metadata::parse(body)?;
        // A client that asks for a secret would be given none: it is told, not left to find out.
        if metadata.token_endpoint_auth_method.as_deref().is_some_and(|method| method != "none") {
            return Err(metadata_refused("only public clients: token_endpoint_auth_method must be \"none\""));
        }
        metadata.client(id)
    }

    /// A client known by its document, which must name the address it was found at (OAuth Client ID Metadata Document, §4).
    ///
    /// # Errors
    /// `invalid_client` when the address can't be such an id; else as for a client that registers.
    pub fn from_document(address: &str, document: &[u8]) -> Result<Self, Refusal> {
        if !Self::is_document(address) {
            return Err(Refusal::new("invalid_client", "the client id is no address of a metadata document"));
        }
        let metadata = Metadata::parse(document)?;
        if metadata.client_id.as_deref() != Some(address) {
            return Err(metadata_refused("the document's client_id is not the address it was found at"));
        }
        metadata.client(address.to_owned())
    }

    /// Whether a client id is the address of a document: https, with a path, and nothing that could hide where it leads.
    #[must_use]
    pub fn is_document(id: &str) -> bool {
        Url::parse(id).is_ok_and(|url| {
            url.scheme() == "https"
                && url.path() != "/"
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none()
                && url.as_str() == id
        })
    }

    /// What a client that registered is told (RFC 7591 §3.2.1).
    pub(crate) fn registered(&self) -> Value {
        json!({
            "client_id": self.id,
            "client_name": self.name,
            "redirect_uris": self.redirects,
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        })
    }

    /// The redirect URI of a request, if it is this client's.
    pub(crate) fn redirect(&self, asked: &str) -> Option<Redirect> {
        let asked = Redirect::parse(asked).ok()?;
        self.redirects.iter().any(|known| known.admits(&asked)).then_some(asked)
    }
}

impl Metadata {
    fn parse(body: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(body).map_err(|error| metadata_refused(&error.to_string()))
    }

    fn client(self, id: String) -> Result<Client, Refusal> {
        if self.redirect_uris.is_empty() || self.redirect_uris.len() > REDIRECTS {
            return Err(Refusal::new("invalid_redirect_uri", format!("name 1 to {REDIRECTS} redirect URIs")));
        }
        let lacks = |list: Option<&Vec<String>>, word: &str| {
            list.is_some_and(|list| !list.iter().any(|it| it == word))
        };
        if lacks(self.grant_types.as_ref(), "authorization_code")
            || lacks(self.response_types.as_ref(), "code")
        {
            return Err(metadata_refused(
                "only the grant `authorization_code` with the response `code` is known here",
            ));
        }
        let refreshes = self.grant_types.iter().flatten().any(|grant| grant == "refresh_token");
        let redirects = self.redirect_uris.iter().map(|uri| Redirect::parse(uri));
        let redirects = redirects.collect::<Result<Vec<_>, _>>();
        let redirects = redirects.map_err(|why| Refusal::new("invalid_redirect_uri", why))?;
        let name: String = self.client_name.unwrap_or_default().trim().chars().take(NAME).collect();
        Ok(Client {
            id,
            name: if name.is_empty() { "An agent without a name".into() } else { name },
            redirects,
            refreshes,
        })
    }
}

fn metadata_refused(why: &str) -> Refusal {
    Refusal::new("invalid_client_metadata", why)
}
