//! A server that does with each request what the journey says, well or badly, over HTTP and over stdio; and hears every byte.

mod http;
mod lines;
mod manners;

use crate::{json, program};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// One thing it does about a request.
#[derive(Clone, Debug)]
pub enum Act {
    /// Says a message: the answer, or something before it.
    Say(String),
    /// Says the message in pieces of a few bytes.
    Trickle(String),
    /// Puts bytes on the wire that need be no message. Over HTTP, where it comes first, they are the whole answer, head and all.
    Bytes(Vec<u8>),
    /// Waits.
    Wait(Duration),
    /// Hangs up.
    HangUp,
    /// Does nothing more, until the other side gives up.
    Never,
}

/// A message that it heard.
#[derive(Clone, Debug)]
pub struct Heard {
    /// As it came.
    pub text: String,
    /// Its method, unescaped; empty for an answer.
    pub method: String,
    /// Its id as it stands, if it has one.
    pub id: Option<String>,
    /// Over which way it came: a number for each connection over stdio, the session's number over HTTP.
    pub line: u64,
}

type Script = Arc<dyn Fn(&Heard) -> Vec<Act> + Send + Sync>;

/// The server. Ended when dropped.
pub struct Puppet {
    mind: Arc<Mind>,
    addresses: [SocketAddr; 2],
    serving: Mutex<Vec<JoinHandle<()>>>,
}

struct Mind {
    script: Script,
    heard: Mutex<Option<Vec<Heard>>>,
    /// Counts up: sessions over HTTP, connections over stdio.
    lines: AtomicU64,
    /// Sessions up to this one are forgotten.
    forgotten: AtomicU64,
}

impl Puppet {
    /// Starts it. What every server must answer it answers well; for all else it does what `script` says.
    pub async fn start(script: impl Fn(&Heard) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let mind = Arc::new(Mind {
            script: Arc::new(script),
            heard: Mutex::default(),
            lines: AtomicU64::new(1),
            forgotten: AtomicU64::new(0),
        });
        let listeners = [bind(None).await, bind(None).await];
        let addresses = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
        let puppet = Self { mind, addresses, serving: Mutex::default() };
        puppet.serve(listeners);
        puppet
    }

    /// Its address, for a client that speaks Streamable HTTP.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.addresses[0])
    }

    /// The command that starts it over stdio.
    #[must_use]
    pub fn command(&self) -> Vec<String> {
        vec![program("relay").to_string_lossy().into_owned(), self.addresses[1].to_string()]
    }

    /// Ends it as a crash does: every connection breaks, and new ones are refused.
    pub fn stop(&self) {
        self.mind.forget();
        self.serving.lock().unwrap().drain(..).for_each(|serving| serving.abort());
    }

    /// Starts it again where it was. It remembers no session.
    pub async fn start_again(&self) {
        self.serve([bind(Some(self.addresses[0])).await, bind(Some(self.addresses[1])).await]);
    }

    /// Forgets every session over HTTP, and goes on.
    pub fn forget_sessions(&self) {
        self.mind.forget();
    }

    /// Keeps what it hears from now on.
    pub fn listen(&self) {
        *self.mind.heard.lock().unwrap() = Some(vec![]);
    }

    /// What it has heard since it was last asked.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.mind.heard.lock().unwrap().as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn serve(&self, [http, lines]: [TcpListener; 2]) {
        let serving = [
            tokio::spawn(http::serve(self.mind.clone(), http)),
            tokio::spawn(lines::serve(self.mind.clone(), lines)),
        ];
        self.serving.lock().unwrap().extend(serving);
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Mind {
    /// What to do about a message.
    fn acts(&self, heard: Heard) -> Vec<Act> {
        let acts = manners::answer(&heard).map_or_else(|| (self.script)(&heard), |said| vec![Act::Say(said)]);
        if let Some(kept) = self.heard.lock().unwrap().as_mut() {
            kept.push(heard);
        }
        acts
    }

    fn next_line(&self) -> u64 {
        self.lines.fetch_add(1, Ordering::Relaxed)
    }

    fn forget(&self) {
        self.forgotten.store(self.lines.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
    }

    fn remembers(&self, session: u64) -> bool {
        session > self.forgotten.load(Ordering::Relaxed)
    }
}

impl Heard {
    fn new(text: String, line: u64) -> Self {
        let method = json::get(&text, &["method"]).and_then(|raw| serde_json::from_str(raw).ok());
        let id = json::get(&text, &["id"]).map(str::to_owned);
        Self { method: method.unwrap_or_default(), id, text, line }
    }

    /// A value in it.
    #[must_use]
    pub fn value(&self, path: &[&str]) -> Value {
        json::get(&self.text, path).and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default()
    }

    /// The answer with this result, as it stands.
    #[must_use]
    pub fn result(&self, result: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, self.id.as_deref().unwrap_or("null"))
    }

    /// The answer with this error, as it stands.
    #[must_use]
    pub fn error(&self, error: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, self.id.as_deref().unwrap_or("null"))
    }

    fn wants_answer(&self) -> bool {
        self.id.is_some() && !self.method.is_empty()
    }
}

async fn bind(address: Option<SocketAddr>) -> TcpListener {
    let address = address.unwrap_or_else(|| "127.0.0.1:0".parse().unwrap());
    TcpListener::bind(address).await.unwrap()
}
