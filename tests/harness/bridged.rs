//! A server in a wallet, everything it has granted to an agent: what the conformance suite is run through.

use crate::conformance::Endpoint;
use crate::{Wallet, program};
use serde_json::json;

/// The agent's name in the wallet, and the server's.
const AGENT: &str = "suite";
const SERVER: &str = "conformance";

/// How the wallet reaches a server.
pub enum Reach {
    /// By its address.
    Url(String),
    /// By starting it.
    Command(Vec<String>),
}

/// A wallet with one server in it, and the way through it.
pub struct Bridged {
    /// Streamable HTTP in front of the bridge.
    pub endpoint: Endpoint,
    /// The wallet.
    pub wallet: Wallet,
}

impl Bridged {
    /// A wallet with this server, and an agent that may use all that it lists, and `besides`.
    pub async fn to(server: Reach, besides: &Besides) -> Self {
        let wallet = Wallet::new().await;
        match server {
            Reach::Url(url) => {
                wallet.owner(&["server", "add", SERVER, "--url", &url, "--no-login"]).await;
            }
            Reach::Command(words) => wallet.add_stdio(SERVER, &words).await,
        }
        wallet.owner(&["agent", "add", AGENT]).await;
        wallet.delegate_everything(besides).await;
        let endpoint = Endpoint::front(&wallet.bridge(), |front| wallet.settle(front)).await;
        tokio::join!(greet(endpoint.url()), wallet.accept_connection(AGENT));
        Self { endpoint, wallet }
    }
}

/// What the suite uses of a server without its being listed.
#[derive(Clone, Copy, Default)]
pub struct Besides {
    /// Tools by name.
    pub tools: &'static [&'static str],
    /// Prompts by name.
    pub prompts: &'static [&'static str],
}

impl Wallet {
    /// The command of a bridge to the server alone, under its own names.
    fn bridge(&self) -> Vec<String> {
        let words = [&*program("countersign").to_string_lossy(), "--home", &*self.dir().to_string_lossy()]
            .map(str::to_owned);
        let connect = ["connect", "--agent", AGENT, "--server", SERVER].map(str::to_owned);
        words.into_iter().chain(connect).collect()
    }

    async fn delegate_everything(&self, besides: &Besides) {
        let shown = self.anyone(&["server", "show", SERVER]).await;
        let listed = shown["tools"].as_array().unwrap_or_else(|| panic!("no tools in {shown}"));
        let listed = listed.iter().map(|tool| tool["name"].as_str().unwrap());
        let mut tools: Vec<_> = listed.chain(besides.tools.iter().copied()).collect();
        tools.sort_unstable();
        tools.dedup();
        let mut terms = vec!["--ask", "never", "--resource", "*"];
        terms.extend(besides.prompts.iter().flat_map(|prompt| ["--prompt", prompt]));
        self.delegate(AGENT, SERVER, &tools, &terms).await;
    }
}

/// The first words of a legacy client, until they are answered, so that the human has said yes before the suite begins. The front
/// closes a stream that is silent while the human thinks.
async fn greet(url: &str) {
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "suite", "version": "1"},
    }});
    let client = reqwest::Client::new();
    crate::until_async(async || {
        let greeting = client.post(url).header("accept", "application/json, text/event-stream").json(&hello);
        greeting.send().await.unwrap().text().await.unwrap().contains("serverInfo")
    })
    .await;
}

/// A command that is only a program.
#[must_use]
pub fn alone(name: &str, mode: &str) -> Vec<String> {
    vec![program(name).to_string_lossy().into_owned(), mode.to_owned()]
}
