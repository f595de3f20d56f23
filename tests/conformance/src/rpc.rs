//! The words of JSON-RPC and MCP: eras, messages, errors.

use serde_json::{Value, json};

/// The revision of the modern era.
pub const MODERN: &str = "2026-07-28";
/// The revisions of the legacy era, newest first.
pub const LEGACY: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// The extension for long work.
pub const TASKS: &str = "io.modelcontextprotocol/tasks";

/// Keys of `_meta` in the modern era.
pub mod meta {
    pub const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
    pub const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
    pub const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
    pub const SERVER: &str = "io.modelcontextprotocol/serverInfo";
    pub const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";
}

/// How a client talks: with a handshake and a session, or with everything in each request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Era {
    Legacy,
    Modern,
}

/// Where something is to be had.
#[derive(Clone, Copy)]
pub enum Eras {
    Both,
    Only(Era),
}

impl Eras {
    pub fn include(self, era: Era) -> bool {
        match self {
            Self::Both => true,
            Self::Only(only) => only == era,
        }
    }
}

pub fn request(id: impl Into<Value>, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

pub fn notification(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

pub fn answer(id: &Value, outcome: Result<Value, Failure>) -> Value {
    match outcome {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(failure) => json!({"jsonrpc": "2.0", "id": id, "error": failure.into_value()}),
    }
}

/// Whether a message answers a request.
pub fn is_answer(message: &Value) -> bool {
    message.get("method").is_none() && message.get("id").is_some()
}

/// A JSON-RPC error.
#[derive(Debug)]
pub struct Failure {
    code: i64,
    message: String,
    data: Option<Value>,
}

impl Failure {
    pub const PARSE: i64 = -32700;
    pub const REQUEST: i64 = -32600;
    pub const METHOD: i64 = -32601;
    pub const PARAMS: i64 = -32602;
    pub const INTERNAL: i64 = -32603;
    pub const RESOURCE: i64 = -32002;
    pub const HEADER: i64 = -32020;
    pub const CAPABILITY: i64 = -32021;
    pub const VERSION: i64 = -32022;

    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub fn with(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }

    pub fn params(message: impl Into<String>) -> Self {
        Self::new(Self::PARAMS, message)
    }

    /// The client has to declare `capabilities` for this.
    pub fn capability(capabilities: Value) -> Self {
        Self::new(Self::CAPABILITY, "the client does not declare a capability this needs")
            .with(json!({"requiredCapabilities": capabilities}))
    }

    pub fn into_value(self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if let Some(data) = self.data {
            error["data"] = data;
        }
        error
    }
}
