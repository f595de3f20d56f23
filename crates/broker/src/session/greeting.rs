//! The first words. The wallet answers for all servers at once, in the agent's own era; at the endpoint of one server that server's
//! own words pass, where it speaks the agent's era.

use super::Session;
use crate::clean::{self, Clean};
use domain::Endpoint;
use mcp::era::{Era, Hello};
use mcp::{Message, RawId};
use serde_json::{Value, json};

impl Session {
    /// Answers `initialize` or `server/discover`.
    pub(super) async fn greet(&self, request: &Message) -> Clean {
        let result = match request.method() {
            Some("initialize") => self.initialize(request),
            _ => Self::discover(),
        };
        if let Some(own) = self.own_words(request).await {
            return own;
        }
        let id = request.id().cloned().unwrap_or_else(|| RawId::number(0));
        self.clean(Message::response(&id, &self.in_era(result)))
    }

    /// What the one server of this endpoint said itself to the same question. One that can't be had now may be had later: the
    /// wallet speaks for it.
    async fn own_words(&self, request: &Message) -> Option<Clean> {
        let Endpoint::One(server) = &self.scope else { return None };
        let link = match self.link(server).await {
            Ok(link) => link,
            Err(fault) => {
                let fault = self.inner.understood(server, fault);
                let error = clean::words(&self.inner.vault.redactor(), &fault);
                tracing::info!(%server, error, "the wallet speaks for a server");
                return None;
            }
        };
        let asked = if request.method() == Some("initialize") { Era::Legacy } else { Era::Modern };
        let answer = (link.opened.era == asked).then(|| link.opened.answer.clone())?;
        Some(self.clean(answer.edit().id(request.id()?.clone()).finish()))
    }

    /// The legacy handshake: the wallet answers for all servers, and opens each when it is first needed.
    pub(super) fn initialize(&self, request: &Message) -> Value {
        let params = request.params();
        let asked = params.get("protocolVersion").and_then(Value::as_str).unwrap_or_default().to_owned();
        let version = agreed(&asked);
        // Said once: an agent can't become somebody else half-way.
        let _ = self.hello.set(Hello::from_initialize(&params));
        json!({
            "protocolVersion": version,
            "capabilities": {
                "tools": { "listChanged": true },
                "resources": { "listChanged": true, "subscribe": true },
                "prompts": { "listChanged": true },
                "completions": {},
                "logging": {},
            },
            "serverInfo": server_info(),
        })
    }

    /// The modern handshake.
    pub(super) fn discover() -> Value {
        json!({
            "supportedVersions": [mcp::era::MODERN],
            "capabilities": { "tools": {}, "resources": {}, "prompts": {}, "completions": {} },
            "serverInfo": server_info(),
        })
    }

    /// The first request of an agent that never said `initialize` tells what it can do. It need not be `server/discover`.
    pub(super) fn remember_modern(&self, request: &Message) {
        if self.hello.get().is_some() {
            return;
        }
        let params = request.params();
        if let Some(meta) = params.get("_meta").filter(|meta| Hello::is_modern(meta)) {
            let _ = self.hello.set(Hello::from_meta(meta));
        }
    }

    /// A server's answer as the agent's revision has it, when the server's own is older.
    pub(super) fn answer_in_era(&self, answer: Message) -> Message {
        if self.hello.get().is_none_or(|hello| hello.prefer == Era::Legacy) {
            return answer;
        }
        match answer.result() {
            Some(result) if result.get("resultType").is_none() => {
                answer.edit().body(&self.in_era(result)).finish()
            }
            Some(_) | None => answer,
        }
    }

    /// A result as the agent's revision has it: a modern one says what kind it is, and who may keep it how long.
    pub(super) fn in_era(&self, mut result: Value) -> Value {
        let modern = self.hello.get().is_some_and(|hello| hello.prefer == Era::Modern);
        // A result that is no object is none of MCP's; the agent gets it as it came.
        if let Some(result) = result.as_object_mut().filter(|_| modern) {
            result.insert("resultType".into(), json!("complete"));
            result.insert("ttlMs".into(), json!(0));
            result.insert("cacheScope".into(), json!("private"));
        }
        result
    }
}

/// The version the agent asked for, if it is one of ours; else our newest of that era.
fn agreed(asked: &str) -> &str {
    if mcp::era::LEGACY.contains(&asked) { asked } else { mcp::era::LEGACY[0] }
}

fn server_info() -> Value {
    json!({ "name": "countersign", "title": "Countersign", "version": env!("CARGO_PKG_VERSION") })
}
