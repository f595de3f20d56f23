//! Agents: one that speaks raw JSON lines and keeps every byte it gets, and the official SDKs, unchanged.

use crate::wallet::{PATIENCE, Wallet};
use crate::{parts_dir, python};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, oneshot};

/// An agent on the local bridge, byte for byte.
pub struct Agent {
    child: Child,
    stdin: tokio::sync::Mutex<ChildStdin>,
    heard: Arc<Heard>,
    next: AtomicU64,
    /// What came without being an answer: notifications, and the server's own requests.
    pub others: tokio::sync::Mutex<mpsc::UnboundedReceiver<Value>>,
}

struct Heard {
    bytes: Mutex<Vec<u8>>,
    /// Who waits for which answer; nobody any more, once the bridge has closed.
    waiting: Mutex<Option<HashMap<u64, oneshot::Sender<Value>>>>,
}

impl Agent {
    /// Starts `countersign connect --agent NAME` and says nothing yet.
    #[must_use]
    pub fn start(wallet: &Wallet, name: &str) -> Self {
        Self::over(wallet.command(&["connect", "--agent", name]))
    }

    /// Speaks to whatever `command` is.
    #[must_use]
    pub fn over(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let heard = Arc::new(Heard { bytes: Mutex::default(), waiting: Mutex::new(Some(HashMap::new())) });
        let (sender, others) = mpsc::unbounded_channel();
        tokio::spawn(listen(child.stdout.take().unwrap(), Arc::clone(&heard), sender));
        let stdin = tokio::sync::Mutex::new(child.stdin.take().unwrap());
        Self { child, stdin, heard, next: AtomicU64::new(1), others: tokio::sync::Mutex::new(others) }
    }

    /// Starts it and shakes hands as the legacy era does; the human accepts it if asked.
    pub async fn connect(wallet: &Wallet, name: &str) -> Self {
        let agent = Self::start(wallet, name);
        let answer = {
            let ready = agent.initialize();
            tokio::pin!(ready);
            tokio::select! {
                answer = &mut ready => answer,
                () = wallet.accept_connection(name) => ready.await,
            }
        };
        assert!(answer.get("result").is_some(), "the bridge refused the agent: {answer}");
        agent
    }

    /// The legacy handshake; the answer to `initialize`.
    pub async fn initialize(&self) -> Value {
        let hello = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {"sampling": {}, "elicitation": {}, "roots": {}},
            "clientInfo": {"name": "journey", "version": "1.0.0"},
        });
        let answer = self.request("initialize", hello).await;
        if answer.get("result").is_some() {
            self.notify("notifications/initialized", json!({})).await;
        }
        answer
    }

    /// Calls a tool by the name the wallet gives it; the whole response.
    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.request("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// The names of the tools it is shown.
    pub async fn tools(&self) -> Vec<String> {
        let answer = self.request("tools/list", json!({})).await;
        let tools = answer["result"]["tools"].as_array().unwrap_or_else(|| panic!("no tools in {answer}"));
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Asks, and waits for the response.
    pub async fn request(&self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params).await.1;
        tokio::time::timeout(PATIENCE, answer)
            .await
            .unwrap_or_else(|_| panic!("{method} is not answered"))
            .unwrap_or_else(|_| panic!("the bridge closed before answering {method}"))
    }

    /// Asks, and leaves it to the caller to wait: the request's id, and its response.
    pub async fn ask(&self, method: &str, params: Value) -> (u64, oneshot::Receiver<Value>) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        if let Some(waiting) = self.heard.waiting.lock().unwrap().as_mut() {
            waiting.insert(id, sender);
        }
        self.say(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        (id, answer)
    }

    /// Tells without being answered.
    pub async fn notify(&self, method: &str, params: Value) {
        self.say(json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    /// Sends one message.
    pub async fn say(&self, message: Value) {
        self.line(message.to_string().as_bytes()).await;
    }

    /// Sends one line as it is. A bridge that is gone is not an error here: the answer that never comes is.
    pub async fn line(&self, line: &[u8]) {
        let mut stdin = self.stdin.lock().await;
        let _ = stdin.write_all(&[line, b"\n"].concat()).await;
    }

    /// The next message that is no answer.
    pub async fn other(&self) -> Value {
        let mut others = self.others.lock().await;
        tokio::time::timeout(PATIENCE, others.recv()).await.expect("nothing came").expect("the bridge closed")
    }

    /// Lets go of what has come and is no answer.
    pub async fn forget_others(&self) {
        let mut others = self.others.lock().await;
        while others.try_recv().is_ok() {}
    }

    /// Every byte it has received.
    #[must_use]
    pub fn received(&self) -> Vec<u8> {
        self.heard.bytes.lock().unwrap().clone()
    }

    /// The shim's process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Waits for the shim to end by itself; its exit code.
    pub async fn ended(mut self) -> Option<i32> {
        drop(self.stdin);
        tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .expect("the shim does not end")
            .unwrap()
            .code()
    }
}

async fn listen(
    out: impl tokio::io::AsyncRead + Unpin,
    heard: Arc<Heard>,
    others: mpsc::UnboundedSender<Value>,
) {
    let mut out = BufReader::new(out);
    let mut line = Vec::new();
    while out.read_until(b'\n', &mut line).await.is_ok_and(|n| n > 0) {
        heard.bytes.lock().unwrap().extend_from_slice(&line);
        let message: Value = serde_json::from_slice(&line).expect("the bridge sends JSON lines");
        line.clear();
        let answered = message.get("method").is_none().then(|| message["id"].as_u64()).flatten();
        let waiting = answered.and_then(|id| heard.waiting.lock().unwrap().as_mut()?.remove(&id));
        match waiting {
            Some(waiting) => drop(waiting.send(message)),
            None => drop(others.send(message)),
        }
    }
    // Whoever still waits learns that nothing comes.
    heard.waiting.lock().unwrap().take();
}

/// An official SDK.
#[derive(Clone, Copy, Debug)]
pub enum Sdk {
    /// `@modelcontextprotocol/sdk`, which speaks the legacy era.
    TypeScript1,
    /// `@modelcontextprotocol/client`, which tries the modern era first.
    TypeScript2,
    /// PyPI `mcp`, which tries the modern era first.
    Python,
}

impl Sdk {
    /// Runs `requests` through `countersign connect --agent NAME`, one after the other; what the SDK made of the answers.
    pub async fn work(self, wallet: &Wallet, name: &str, requests: &[Value]) -> Value {
        let shim = json!([crate::program("countersign"), "--home", wallet.dir(), "connect", "--agent", name]);
        self.drive(wallet, json!({"command": shim, "requests": requests})).await
    }

    /// Logs in by itself at `url` as the client `name`, and runs `requests` there.
    pub async fn work_over_http(self, wallet: &Wallet, url: &str, name: &str, requests: &[Value]) -> Value {
        self.drive(wallet, json!({"url": url, "name": name, "requests": requests})).await
    }

    async fn drive(self, wallet: &Wallet, mut script: Value) -> Value {
        let mut driver = match self {
            Self::TypeScript1 | Self::TypeScript2 => Command::new("node"),
            Self::Python => Command::new(python("python-sdk")),
        };
        wallet.settle(&mut driver);
        driver.arg(parts_dir().join(if matches!(self, Self::Python) { "agent.py" } else { "agent.mjs" }));
        script["sdk"] = if matches!(self, Self::TypeScript2) { "client" } else { "sdk" }.into();
        let mut child = driver.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(script.to_string().as_bytes()).await.unwrap();
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output())
            .await
            .expect("the SDK does not end")
            .unwrap();
        assert!(output.status.success(), "{self:?} failed");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}
