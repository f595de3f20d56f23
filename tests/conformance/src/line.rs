//! Lines: messages one way and the other, with a server inside this process or behind a command.

use crate::rpc::Era;
use crate::server::{self, House};
use serde_json::Value;
use std::io::Result;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// One end of a line. It is over when the other end is dropped.
pub struct Line {
    pub to: mpsc::UnboundedSender<Value>,
    pub from: mpsc::UnboundedReceiver<Value>,
}

/// Where servers come from.
pub enum Source {
    /// From this process.
    Inside(Arc<House>),
    /// Each line is a new process.
    Command(Vec<String>),
}

/// How long a command may take to end when its input has.
const GRACE: Duration = Duration::from_secs(5);

impl Source {
    /// Whether a legacy client may come.
    pub fn knows_legacy(&self) -> bool {
        match self {
            Self::Inside(house) => house.eras.include(Era::Legacy),
            Self::Command(_) => true,
        }
    }

    /// A line to a server.
    pub fn open(&self) -> Result<Line> {
        match self {
            Self::Inside(house) => {
                let (here, there) = pair();
                tokio::spawn(server::serve(house.clone(), there));
                Ok(here)
            }
            Self::Command(words) => {
                let mut command = Command::new(&words[0]);
                command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
                let mut child = command.spawn()?;
                let (here, there) = pair();
                let (input, output) = (child.stdin.take(), child.stdout.take());
                let (input, output) = (input.expect("stdin is piped"), output.expect("stdout is piped"));
                tokio::spawn(attend(child, copy(there, output, input)));
                Ok(here)
            }
        }
    }
}

/// Serves the one at our standard input and output.
pub async fn standard(house: Arc<House>) -> Result<()> {
    let (here, there) = pair();
    let server = tokio::spawn(server::serve(house, there));
    copy(here, tokio::io::stdin(), tokio::io::stdout()).await;
    Ok(server.await?)
}

fn pair() -> (Line, Line) {
    let ((to, from), (back_to, back_from)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
    (Line { to, from: back_from }, Line { to: back_to, from })
}

async fn attend(mut child: Child, talk: impl Future<Output = ()>) {
    talk.await;
    let _ = tokio::time::timeout(GRACE, child.wait()).await;
}

/// Copies a line to and from text, until both directions have ended.
async fn copy(line: Line, read: impl AsyncRead + Unpin, mut write: impl AsyncWrite + Unpin) {
    let Line { to, mut from } = line;
    let inwards = async move {
        let mut lines = BufReader::new(read).lines();
        while let Ok(Some(text)) = lines.next_line().await {
            let Ok(message) = serde_json::from_str(&text) else {
                eprintln!("not JSON: {text}");
                continue;
            };
            if to.send(message).is_err() {
                break;
            }
        }
    };
    let outwards = async move {
        while let Some(message) = from.recv().await {
            let text = format!("{message}\n");
            if write.write_all(text.as_bytes()).await.is_err() || write.flush().await.is_err() {
                break;
            }
        }
    };
    tokio::join!(inwards, outwards);
}
