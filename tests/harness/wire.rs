//! An agent's end of the bridge, line by line, as it comes.

use crate::Wallet;
use crate::wallet::PATIENCE;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A connection to the bridge that nothing reads or changes.
pub struct Wire {
    write: ChildStdin,
    read: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Wire {
    /// Speaks to whatever `command` is.
    #[must_use]
    pub fn over(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let read = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { write: child.stdin.take().unwrap(), read, _child: child }
    }

    /// Connects as an agent that is let in without delay: one that the human has accepted before, or does now.
    pub async fn connect(wallet: &Wallet, agent: &str, first: &str) -> (Self, String) {
        let mut wire = Self::over(wallet.command(&["connect", "--agent", agent]));
        wire.say(first).await;
        let answer = {
            let answer = wire.hear();
            tokio::pin!(answer);
            tokio::select! {
                answer = &mut answer => answer,
                () = wallet.accept_connection(agent) => answer.await,
            }
        };
        (wire, answer)
    }

    /// Says a line.
    pub async fn say(&mut self, line: &str) {
        self.write.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// The next line.
    pub async fn hear(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.read.next_line()).await;
        line.expect("nothing comes").unwrap().expect("the bridge has closed")
    }
}
