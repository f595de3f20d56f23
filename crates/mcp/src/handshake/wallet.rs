//! The wallet's side of the handshake.

use super::{EnrolmentKey, HELLO, LINE, Nonce, PATIENCE, Refusal, Role, Transcript};
use crate::framing::{LineError, LineReader, LineWriter};
use bytes::Bytes;
use domain::{AgentName, Endpoint, ServerName};
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// Why a connection came to nothing. For the wallet's log; the other side is told less.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// It did not speak the handshake.
    #[error("the connection does not speak Countersign's handshake")]
    Garbled,
    /// It named an agent the wallet doesn't have, or could not prove to be it.
    #[error("the connection could not prove to be agent {0}")]
    NotProven(AgentName),
    /// It was turned away before it could prove anything.
    #[error("turned away: {}", .0.code())]
    TurnedAway(Refusal),
    /// It said nothing for too long.
    #[error("the connection did not answer within {} s", PATIENCE.as_secs())]
    Silent,
    /// It broke.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// No randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// A connection that has proved which agent's secret it holds, and now waits to be let in.
#[derive(Debug)]
pub struct Applicant<R, W> {
    /// The agent it proved to be.
    pub agent: AgentName,
    /// Which servers it comes for.
    pub scope: Endpoint,
    reader: LineReader<R>,
    writer: LineWriter<W>,
}

/// Proves the wallet to the connection and has it prove an agent. `key_of` is asked once for the named agent's key: `None`
/// for an unknown agent (the connection fails as with a wrong secret, no sooner and no differently), an error to turn it away.
///
/// # Errors
/// [`HandshakeError`]; the connection has been told as much as it may know and is to be dropped.
pub async fn greet<R, W>(
    reader: R,
    writer: W,
    key_of: impl FnOnce(&AgentName) -> Result<Option<EnrolmentKey>, Refusal>,
) -> Result<Applicant<R, W>, HandshakeError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut reader = LineReader::new(reader, LINE);
    let mut writer = LineWriter::new(writer);
    let (agent, shim, scope) = hello(&line(&mut reader).await?).ok_or(HandshakeError::Garbled)?;
    let key = match key_of(&agent) {
        Ok(Some(key)) => key,
        Ok(None) => EnrolmentKey::random()?,
        Err(refusal) => {
            refuse(&mut writer, refusal).await;
            return Err(HandshakeError::TurnedAway(refusal));
        }
    };
    let wallet = Nonce::make()?;
    let transcript = Transcript { agent: &agent, scope: &scope, shim, wallet };
    send(&mut writer, format!("prove {wallet} {}", transcript.prove(&key, Role::Wallet))).await?;
    if transcript.verify(&key, Role::Agent, &line(&mut reader).await?) {
        Ok(Applicant { agent, scope, reader, writer })
    } else {
        refuse(&mut writer, Refusal::Refused).await;
        Err(HandshakeError::NotProven(agent))
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Applicant<R, W> {
    /// Lets it in. From now on the lines are MCP messages of at most `limit` bytes.
    ///
    /// # Errors
    /// When the connection broke.
    pub async fn admit(mut self, limit: usize) -> io::Result<(LineReader<R>, LineWriter<W>)> {
        self.writer.send(Bytes::from_static(b"ok")).await?;
        self.reader.set_limit(limit);
        Ok((self.reader, self.writer))
    }

    /// Ends when it has hung up: then nobody waits to be let in.
    pub async fn gone(&mut self) {
        self.reader.ended().await;
    }

    /// Turns it away.
    pub async fn refuse(mut self, refusal: Refusal) {
        refuse(&mut self.writer, refusal).await;
    }
}

fn hello(line: &str) -> Option<(AgentName, Nonce, Endpoint)> {
    let (agent, nonce, scope) = match line.split(' ').collect::<Vec<_>>()[..] {
        [HELLO, agent, nonce] => (agent, nonce, Endpoint::All),
        [HELLO, agent, nonce, server] => (agent, nonce, Endpoint::One(ServerName::parse(server).ok()?)),
        _ => return None,
    };
    Some((AgentName::parse(agent).ok()?, Nonce::parse(nonce)?, scope))
}

async fn line<R: AsyncRead + Unpin>(reader: &mut LineReader<R>) -> Result<String, HandshakeError> {
    let line = match timeout(PATIENCE, reader.next()).await {
        Err(_) => return Err(HandshakeError::Silent),
        Ok(Err(LineError::Io(error))) => return Err(error.into()),
        Ok(Err(LineError::TooLong { .. })) => return Err(HandshakeError::Garbled),
        Ok(Ok(None)) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        Ok(Ok(Some(line))) => line,
    };
    String::from_utf8(line.into()).map_err(|_| HandshakeError::Garbled)
}

async fn send<W: AsyncWrite + Unpin>(writer: &mut LineWriter<W>, line: String) -> Result<(), HandshakeError> {
    timeout(PATIENCE, writer.send(Bytes::from(line))).await.map_err(|_| HandshakeError::Silent)??;
    Ok(())
}

/// Says no. Whether that arrives makes no difference to us.
async fn refuse<W: AsyncWrite + Unpin>(writer: &mut LineWriter<W>, refusal: Refusal) {
    let _ = send(writer, format!("no {}", refusal.code())).await;
}
