//! Parameters of a request, as forms and queries carry them.

use crate::Refusal;
use std::collections::BTreeMap;

/// The longest query or form that is read.
const MAX: usize = 16 << 10;

/// Parameters by name. A parameter without a value counts as left out (RFC 6749 §3.1).
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads them.
    ///
    /// # Errors
    /// When one comes twice (RFC 6749 §3.1), or there is too much.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > MAX {
            return Err(Refusal::request(format!("more than {MAX} bytes of parameters")));
        }
        let mut params = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if params.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                return Err(Refusal::request(format!("the parameter `{name}` comes twice")));
            }
        }
        params.retain(|_, value| !value.is_empty());
        Ok(Self(params))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::request(format!("the parameter `{name}` is missing")))
    }
}
