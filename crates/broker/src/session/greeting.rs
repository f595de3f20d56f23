//! The first words. The wallet answers for all servers at once, in the agent's own era; at the endpoint of one server that server's
//! own words pass, where it speaks the agent's era.

use super::Session;
use crate::clean::{self, Clean};
use crate::end::Stop;
use crate::link::Link;
use domain::Endpoint;
use mcp::era::{Era, Hello};
use mcp::translate::capabilities::{self, Said};
use mcp::translate::logging::Level;
use mcp::translate::methods::{self, Malformed};
use mcp::translate::results;
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
        self.clean(Message::response(&id, &self.in_era(request.method().unwrap_or_default(), result)))
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
        let id = request.id()?;
        if link.era() == asked {
            return Some(self.clean(link.opened.answer.edit().id(id.clone()).finish()));
        }
        Some(self.clean(Message::response(id, &in_other_words(&link, request))))
    }

    /// Why a request can't be one of its agent's era: a method that era lacks, or a `_meta` it can't be without.
    pub(super) fn out_of_place(&self, request: &Message) -> Option<Result<Clean, Stop>> {
        let method = request.method()?;
        let known = self.hello.get().map(|hello| hello.prefer);
        let only_modern = methods::lacks(Era::Legacy, method);
        let era = match known {
            Some(era) => era,
            None if only_modern => Era::Modern,
            None => methods::era_of(request),
        };
        if methods::lacks(era, method) {
            return Some(Err(Stop::unknown_method(method)));
        }
        if era == Era::Legacy {
            return None;
        }
        if let Err(word) = Level::asked_by(request) {
            return Some(Err(Stop::invalid(format!("{word} is no level of logging"))));
        }
        let Malformed { code, sentence, data } = methods::check(request).err()?;
        Some(Ok(self.clean(Message::failure(request.id(), code, &sentence, data.as_ref()))))
    }

    /// Whether the agent speaks the modern era.
    pub(crate) fn is_modern(&self) -> bool {
        self.hello.get().is_some_and(|hello| hello.prefer == Era::Modern)
    }

    /// What the agent says it can do.
    pub(super) fn capabilities(&self) -> &Value {
        self.hello.get().map_or(&Value::Null, |hello| &hello.capabilities)
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
                "tasks": { "cancel": {}, "requests": { "tools": { "call": {} } } },
            },
            "serverInfo": server_info(),
        })
    }

    /// The modern handshake.
    pub(super) fn discover() -> Value {
        let capabilities = json!({
            "tools": { "listChanged": true },
            "resources": { "listChanged": true, "subscribe": true },
            "prompts": { "listChanged": true },
            "completions": {},
            "logging": {},
            "extensions": { capabilities::TASKS: {} },
        });
        let info = server_info();
        let said = Said { capabilities: &capabilities, info: &info, instructions: None };
        Value::Object(capabilities::discover(said))
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

    /// The answer of a server that speaks `era`, as the agent's era has it.
    pub(super) fn answer_in_era(&self, method: &str, era: Era, answer: Message) -> Message {
        if era == Era::Modern || !self.is_modern() {
            return answer;
        }
        results::modern(method, answer, self.capabilities())
    }

    /// A result of the wallet's own, as the agent's era has it.
    pub(crate) fn in_era(&self, method: &str, mut result: Value) -> Value {
        if let Some(result) = result.as_object_mut().filter(|_| self.is_modern()) {
            results::mark(result, method);
        }
        result
    }
}

/// What a server of the other era said of itself, as the answer to this greeting.
fn in_other_words(link: &Link, request: &Message) -> Value {
    let opened = &link.opened;
    let capabilities = capabilities::translated(&opened.capabilities, opened.era);
    let instructions = opened.instructions.as_deref();
    let said = Said { capabilities: &capabilities, info: &opened.server_info, instructions };
    match request.method() {
        Some("initialize") => {
            let asked = request.member_text(&["protocolVersion"]).unwrap_or_default();
            capabilities::initialize(said, agreed(&asked))
        }
        method => {
            let mut result = capabilities::discover(said);
            results::mark(&mut result, method.unwrap_or_default());
            Value::Object(result)
        }
    }
}

/// The version the agent asked for, if it is one of ours; else our newest of that era.
fn agreed(asked: &str) -> &str {
    if mcp::era::LEGACY.contains(&asked) { asked } else { mcp::era::LEGACY[0] }
}

fn server_info() -> Value {
    json!({ "name": "countersign", "title": "Countersign", "version": env!("CARGO_PKG_VERSION") })
}
