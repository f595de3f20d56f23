//! A session over one line: standard input and output, through the shim.

use super::{Ids, Session};
use crate::voice::Voice;
use bytes::Bytes;
use mcp::flow::Speech;
use mcp::framing::{LineError, LineReader, LineWriter};
use mcp::{Kind, Message};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long an agent that goes may take to read the last answers.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl Session {
    /// Serves the agent until it goes or is sent away.
    pub(crate) async fn run<R, W>(
        self: Arc<Self>,
        mut reader: LineReader<R>,
        writer: LineWriter<W>,
        heard: mpsc::Receiver<Speech>,
    ) where
        R: AsyncRead + Unpin + Send,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let mut writing = tokio::spawn(write_all(writer, heard, self.ended.clone()));
        let voice = self.apart.clone();
        loop {
            let line = tokio::select! {
                line = reader.next() => line,
                () = self.ended.cancelled() => break,
            };
            match line {
                Ok(Some(line)) => self.receive(line, &voice).await,
                Ok(None) | Err(LineError::Io(_)) => break,
                Err(error @ LineError::TooLong { .. }) => {
                    self.say(&voice, Message::failure(None, -32600, &error.to_string(), None)).await;
                }
            }
        }
        self.close().await;
        // The last answers may still be on their way out, to an agent that reads.
        if tokio::time::timeout(LAST_WORDS, &mut writing).await.is_err() {
            writing.abort();
        }
    }

    async fn receive(&self, line: Bytes, voice: &Voice) {
        match Message::parse(line.clone()) {
            Err(error) => self.say(voice, refuse_unreadable(&line, &error)).await,
            Ok(message) if matches!(message.kind(), Kind::Request { .. }) => {
                self.ask(message, voice, Ids::Unique).await;
            }
            Ok(message) => self.tell(&message),
        }
    }
}

async fn write_all<W: AsyncWrite + Unpin>(
    mut writer: LineWriter<W>,
    mut heard: mpsc::Receiver<Speech>,
    ended: CancellationToken,
) {
    loop {
        let speech = tokio::select! {
            speech = heard.recv() => speech,
            () = ended.cancelled() => heard.try_recv().ok(),
        };
        let sent = match speech {
            Some(Speech::Message(message)) => writer.send(message.into_bytes()).await,
            Some(Speech::Flow(spoken)) => writer.send_pieces(spoken).await,
            None => break,
        };
        if sent.is_err() {
            ended.cancel();
            break;
        }
    }
    let _ = writer.close().await;
}

fn refuse_unreadable(line: &[u8], error: &mcp::ParseError) -> Message {
    let no_json = matches!(error, mcp::ParseError::NotJson { .. } | mcp::ParseError::NotUtf8 { .. });
    let code = if no_json { -32700 } else { -32600 };
    Message::failure(Message::refused_id(line).as_ref(), code, &error.to_string(), None)
}
