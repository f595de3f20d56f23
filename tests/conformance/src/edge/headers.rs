//! The headers of the modern era, which repeat what the body says, and must agree with it.

use crate::rpc::{Failure, meta};
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Mutex;

pub const VERSION: &str = "mcp-protocol-version";
pub const SESSION: &str = "mcp-session-id";
pub const LAST_EVENT: &str = "last-event-id";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";
const PARAM: &str = "mcp-param-";

/// The methods with a name, and the parameter it is in.
const NAMED: [(&str, &str); 6] = [
    ("tools/call", "name"),
    ("prompts/get", "name"),
    ("resources/read", "uri"),
    ("tasks/get", "taskId"),
    ("tasks/update", "taskId"),
    ("tasks/cancel", "taskId"),
];

/// The parameters of tools that are also headers, as `tools/list` has shown them.
#[derive(Default)]
pub struct Params(Mutex<HashMap<String, Vec<Param>>>);

#[derive(Clone)]
struct Param {
    name: String,
    header: String,
}

pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

impl Params {
    /// Takes note of the tools in a list.
    pub fn learn(&self, listed: &Value) {
        let tools = listed["result"]["tools"].as_array().into_iter().flatten();
        let mut known = self.0.lock().unwrap();
        for tool in tools {
            let properties = tool["inputSchema"]["properties"].as_object().into_iter().flatten();
            let params = properties.filter_map(|(name, schema)| {
                let header = format!("{PARAM}{}", schema["x-mcp-header"].as_str()?);
                Some(Param { name: name.clone(), header: header.to_lowercase() })
            });
            known.insert(tool["name"].as_str().unwrap_or_default().to_owned(), params.collect());
        }
    }

    /// Checks that the headers say what the body says.
    pub fn check(&self, headers: &HeaderMap, message: &Value) -> Result<(), Failure> {
        let (method, params) = (&message["method"], &message["params"]);
        if let Some(version) = params["_meta"].get(meta::VERSION) {
            agree(headers, VERSION, version)?;
        }
        agree(headers, METHOD, method)?;
        if let Some((_, name)) = NAMED.iter().find(|(named, _)| method == named) {
            agree_if_there(headers, NAME, &params[name])?;
        }
        if method != "tools/call" {
            return Ok(());
        }
        let tool = params["name"].as_str().unwrap_or_default();
        let known = self.0.lock().unwrap().get(tool).cloned().unwrap_or_default();
        known
            .iter()
            .try_for_each(|param| agree_if_there(headers, &param.header, &params["arguments"][&param.name]))
    }
}

fn agree_if_there(headers: &HeaderMap, name: &str, said: &Value) -> Result<(), Failure> {
    if said.is_null() && !headers.contains_key(name) { Ok(()) } else { agree(headers, name, said) }
}

fn agree(headers: &HeaderMap, name: &str, said: &Value) -> Result<(), Failure> {
    let mismatch = || Failure::new(Failure::HEADER, format!("header {name} does not say what the body says"));
    let header = value(headers, name).and_then(decoded).ok_or_else(mismatch)?;
    let said = said.as_str().map_or_else(|| Cow::Owned(said.to_string()), Cow::Borrowed);
    if header == said { Ok(()) } else { Err(mismatch()) }
}

/// What a header's value means: itself, or what is in base64 between `=?base64?` and `?=`.
fn decoded(value: &str) -> Option<Cow<'_, str>> {
    let Some(wrapped) = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) else {
        return Some(value.into());
    };
    String::from_utf8(STANDARD.decode(wrapped).ok()?).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn only_whole_and_strict_base64_is_decoded() {
        assert_eq!(decoded("=?base64?SGVsbG8=?=").as_deref(), Some("Hello"));
        assert_eq!(decoded("=?base64?SGVsbG8?="), None);
        assert_eq!(decoded("=?base64?SGVs!!!bG8=?="), None);
        assert_eq!(decoded("=?base64?SGVsbG8=").as_deref(), Some("=?base64?SGVsbG8="));
        assert_eq!(decoded("SGVsbG8=").as_deref(), Some("SGVsbG8="));
    }
}
