//! Which of MCP's two eras a server speaks, and the first words with it.
//!
//! *Legacy* servers (to 2025-11-25) are initialised; *modern* ones (2026-07-28) are asked what they are, and every request
//! then says for itself who asks (versioning, backward compatibility). The preferred era is tried first, the other one when the
//! server does not know it.

mod hello;

pub use hello::Hello;

use crate::flow::Reply;
use crate::message::{Message, RawId};
use crate::upstream::{Incoming, Outgoing, Upstream, UpstreamError};
use http::HeaderMap;
use serde_json::{Value, json};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

/// The modern version we speak.
pub const MODERN: &str = "2026-07-28";
/// The legacy versions we speak, newest first.
pub const LEGACY: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// JSON-RPC errors by which a modern server refuses what it has understood: header mismatch, missing client capability.
const MODERN_ERRORS: [i64; 2] = [-32020, -32021];
/// The one by which it says that it speaks other versions, and which.
const OTHER_VERSION: i64 = -32022;
/// How long a legacy server may stay silent about a question it does not know.
const PROBE: Duration = Duration::from_secs(10);

/// How many messages may come before the server's first answer; more are dropped.
const EARLY: usize = 64;

/// One of MCP's two eras.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// Up to 2025-11-25: `initialize`, sessions, requests from the server.
    Legacy,
    /// From 2026-07-28: every request stands alone.
    Modern,
}

/// A server that is ready.
#[derive(Debug)]
pub struct Opened {
    /// The era it speaks.
    pub era: Era,
    /// The version agreed on.
    pub version: String,
    /// Its capabilities, as they came.
    pub capabilities: Value,
    /// Its `serverInfo`, or null. Self-reported.
    pub server_info: Value,
    /// What it tells language models about itself. Untrusted.
    pub instructions: Option<String>,
    /// Its first answer, as it came: to `initialize` or `server/discover`.
    pub answer: Message,
    /// Messages that came before it was ready, to be handled as if they came now.
    pub early: Vec<Message>,
}

/// Why a server could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The transport failed. A server whose process ends here may be a legacy one that can't bear the question: start it again
    /// with [`Era::Legacy`] preferred.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// It gave no first answer in time.
    #[error("the server did not answer within {0:?}")]
    Silent(Duration),
    /// It speaks versions we don't.
    #[error("the server speaks MCP {offered:?}, which this wallet does not")]
    Version {
        /// What it offers.
        offered: String,
    },
    /// It refused in both eras.
    #[error("the server refused to start: {message} ({code})")]
    Refused {
        /// The JSON-RPC error code.
        code: i64,
        /// The server's words. Untrusted.
        message: String,
        /// The versions it names instead, if it does.
        offered: String,
    },
}

/// Finds out which era the server speaks and says the first words. `headers` as in [`Outgoing`]. Each answer is waited for at
/// most `patience`; a server that needs a long start needs a long patience.
///
/// # Errors
/// [`OpenError`]. When neither era works, the error is that of the preferred one.
pub async fn open(
    upstream: &dyn Upstream,
    inbox: &mut Receiver<Incoming>,
    hello: &Hello,
    headers: &HeaderMap,
    patience: Duration,
) -> Result<Opened, OpenError> {
    let mut opening = Opening { upstream, inbox, hello, headers, patience, early: Vec::new() };
    let first = opening.attempt(hello.prefer).await;
    let other = match hello.prefer {
        Era::Legacy => Era::Modern,
        Era::Modern => Era::Legacy,
    };
    match first {
        Err(error) if !hello.alone && error.suggests_other_than(hello.prefer) => {
            opening.attempt(other).await.map_err(|_| error)
        }
        first => first,
    }
}

impl OpenError {
    /// A modern server's refusal of our version, as one.
    fn named(self) -> Self {
        if let Self::Refused { code: OTHER_VERSION, offered, .. } = self {
            return Self::Version { offered };
        }
        self
    }

    /// Whether it may mean that the server does not know the era it was tried in.
    fn suggests_other_than(&self, tried: Era) -> bool {
        match self {
            Self::Upstream(error) => matches!(error, UpstreamError::Status { .. } | UpstreamError::NoAnswer),
            Self::Refused { code, .. } => tried == Era::Legacy || !MODERN_ERRORS.contains(code),
            Self::Silent(_) => tried == Era::Modern,
            Self::Version { offered } => {
                // No versions at all: an answer to anything, from a server that knows no such question.
                let falls_back = offered.is_empty() || LEGACY.iter().any(|known| offered.contains(known));
                tried == Era::Modern && falls_back
            }
        }
    }
}

struct Opening<'a> {
    upstream: &'a dyn Upstream,
    inbox: &'a mut Receiver<Incoming>,
    hello: &'a Hello,
    headers: &'a HeaderMap,
    patience: Duration,
    early: Vec<Message>,
}

impl Opening<'_> {
    async fn attempt(&mut self, era: Era) -> Result<Opened, OpenError> {
        match era {
            Era::Legacy => self.initialize().await,
            Era::Modern => self.discover().await,
        }
    }

    async fn initialize(&mut self) -> Result<Opened, OpenError> {
        let params = self.hello.initialize(self.hello.legacy_version());
        let (answer, mut result) = self.ask("initialize", &params, self.patience).await?;
        let version = result["protocolVersion"].as_str().unwrap_or_default().to_owned();
        if !LEGACY.contains(&version.as_str()) {
            return Err(OpenError::Version { offered: version });
        }
        let ready = Message::notification("notifications/initialized", &Value::Null);
        let told = self.upstream.send(Outgoing::new(ready).with_headers(self.headers.clone()));
        timeout(self.patience, told).await.map_err(|_| OpenError::Silent(self.patience))??;
        let info = result["serverInfo"].take();
        Ok(self.opened(Era::Legacy, version, info, result, answer))
    }

    async fn discover(&mut self) -> Result<Opened, OpenError> {
        let meta: serde_json::Map<_, _> =
            self.hello.meta().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let params = json!({ "_meta": meta });
        let asked = self.ask("server/discover", &params, self.patience.min(PROBE)).await;
        let (answer, mut result) = asked.map_err(OpenError::named)?;
        let offered = versions(&result["supportedVersions"]);
        if !offered.split(", ").any(|version| version == MODERN) {
            return Err(OpenError::Version { offered });
        }
        let info = result.get_mut("_meta").and_then(|meta| meta.get_mut(SERVER_INFO)).map(Value::take);
        let info = info.unwrap_or_default();
        Ok(self.opened(Era::Modern, MODERN.into(), info, result, answer))
    }

    fn opened(
        &mut self,
        era: Era,
        version: String,
        server_info: Value,
        mut result: Value,
        answer: Message,
    ) -> Opened {
        Opened {
            era,
            version,
            capabilities: result["capabilities"].take(),
            server_info,
            instructions: result["instructions"].as_str().map(str::to_owned),
            answer,
            early: std::mem::take(&mut self.early),
        }
    }

    /// Sends a request and waits for its answer, keeping what else comes.
    async fn ask(
        &mut self,
        method: &str,
        params: &Value,
        patience: Duration,
    ) -> Result<(Message, Value), OpenError> {
        let id = RawId::text(&format!("countersign:{method}"));
        let request = Message::request(id.clone(), method, params);
        let out = Outgoing::new(request).with_headers(self.headers.clone());
        let answer = timeout(patience, self.answer(out, &id)).await;
        let answer = answer.map_err(|_| OpenError::Silent(patience))??;
        if let Some(error) = answer.error() {
            return Err(OpenError::Refused {
                code: error["code"].as_i64().unwrap_or_default(),
                message: error["message"].as_str().unwrap_or_default().to_owned(),
                offered: versions(&error["data"]["supported"]),
            });
        }
        let result = answer.result().filter(Value::is_object).unwrap_or_else(|| json!({}));
        Ok((answer, result))
    }

    async fn answer(&mut self, out: Outgoing, id: &RawId) -> Result<Message, UpstreamError> {
        let mut sending = pin!(self.upstream.send(out));
        let mut sent = false;
        loop {
            let incoming = tokio::select! {
                biased;
                answer = &mut sending, if !sent => match answer? {
                    Some(answer) => return answer.whole().await,
                    None => {
                        sent = true;
                        continue;
                    }
                },
                incoming = self.inbox.recv() => incoming.ok_or(UpstreamError::Closed)?,
            };
            match incoming {
                Incoming::Message { message, .. } if message.kind().is_response() => {
                    if message.id() == Some(id) {
                        return Ok(message);
                    }
                }
                Incoming::Message { message, .. } if self.early.len() < EARLY => self.early.push(message),
                Incoming::Flow(flow) if flow.id() == id => return Reply::Flowing(flow).whole().await,
                Incoming::Message { .. } | Incoming::Flow(_) => {}
                Incoming::Closed(error) => return Err(error),
            }
        }
    }
}

/// A list of versions, in words.
fn versions(list: &Value) -> String {
    let versions: Vec<&str> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    versions.join(", ")
}
