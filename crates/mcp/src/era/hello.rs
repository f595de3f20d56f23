//! What a client says of itself to a server, in the words of either era.

use super::{Era, LEGACY, MODERN};
use crate::translate::capabilities;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const INFO: &str = "io.modelcontextprotocol/clientInfo";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// What the client says of itself, in the words of either era.
#[derive(Clone, Debug, PartialEq)]
pub struct Hello {
    /// The era to try first: the one its client speaks.
    pub prefer: Era,
    /// Whether the other era is not tried at all.
    pub(super) alone: bool,
    /// The version the client asks for, in that era.
    pub version: String,
    /// `clientInfo`, as it came. Self-reported, identifies nobody.
    pub info: Value,
    /// The client's capabilities, as they came.
    pub capabilities: Value,
    /// Other members of the client's `initialize` params, passed on.
    rest: Map<String, Value>,
}

impl Hello {
    /// A legacy client's words: the params of its `initialize`.
    #[must_use]
    pub fn from_initialize(params: &Value) -> Self {
        let mut rest = params.as_object().cloned().unwrap_or_default();
        let version = rest.shift_remove("protocolVersion");
        let version = version.as_ref().and_then(Value::as_str).unwrap_or(LEGACY[0]).to_owned();
        let info = rest.shift_remove("clientInfo").unwrap_or_else(own_info);
        let capabilities = rest.shift_remove("capabilities").unwrap_or_else(|| json!({}));
        Self { prefer: Era::Legacy, alone: false, version, info, capabilities, rest }
    }

    /// Whether a request's `_meta` is a modern client's.
    #[must_use]
    pub fn is_modern(meta: &Value) -> bool {
        meta.get(VERSION).is_some()
    }

    /// A modern client's words: the `_meta` of any of its requests.
    #[must_use]
    pub fn from_meta(meta: &Value) -> Self {
        let found = |name: &str| meta.get(name).cloned();
        Self {
            prefer: Era::Modern,
            alone: false,
            version: found(VERSION)
                .and_then(|v| v.as_str().map(str::to_owned))
                .unwrap_or_else(|| MODERN.into()),
            info: found(INFO).unwrap_or_else(own_info),
            capabilities: found(CAPABILITIES).unwrap_or_else(|| json!({})),
            rest: Map::new(),
        }
    }

    /// The wallet's own words, when it looks at a server for its owner. A server may list some tools only for a client that
    /// can answer its questions, as the agent will that gets them.
    #[must_use]
    pub fn of_wallet() -> Self {
        let capabilities = json!({ "sampling": {}, "elicitation": {}, "roots": {} });
        Self { prefer: Era::Legacy, capabilities, ..Self::from_meta(&Value::Null) }
    }

    /// The same words for a server that is asked about the modern era alone.
    #[must_use]
    pub fn in_modern_alone(self) -> Self {
        Self { prefer: Era::Modern, alone: true, ..self }
    }

    /// The `_meta` members a modern server wants on every request.
    #[must_use]
    pub fn meta(&self) -> [(&'static str, Value); 3] {
        [
            (VERSION, MODERN.into()),
            (INFO, self.info.clone()),
            (CAPABILITIES, self.capabilities_in(Era::Modern).into_owned()),
        ]
    }

    /// The client's capabilities for a server of `era`.
    fn capabilities_in(&self, era: Era) -> Cow<'_, Value> {
        if era == self.prefer {
            return Cow::Borrowed(&self.capabilities);
        }
        Cow::Owned(capabilities::translated(&self.capabilities, self.prefer))
    }

    /// The params of an `initialize` for `version`.
    pub(super) fn initialize(&self, version: &str) -> Value {
        let mut params = json!({
            "protocolVersion": version,
            "capabilities": self.capabilities_in(Era::Legacy),
            "clientInfo": self.info,
        });
        if let Value::Object(params) = &mut params {
            params.extend(self.rest.clone());
        }
        params
    }

    /// The legacy version to ask for: the client's, if it is one, else the newest.
    pub(super) fn legacy_version(&self) -> &'static str {
        LEGACY.into_iter().find(|known| *known == self.version).unwrap_or(LEGACY[0])
    }
}

fn own_info() -> Value {
    json!({ "name": "countersign", "version": env!("CARGO_PKG_VERSION") })
}
