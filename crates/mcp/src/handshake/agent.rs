//! The shim's side of the handshake: blocking, and small.

use super::{EnrolmentKey, HELLO, LINE, Nonce, Refusal, Role, Transcript};
use domain::{AgentName, Endpoint};
use std::io::{self, Read, Write};

/// Why the shim was not let in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The wallet said no.
    #[error("the wallet refuses this agent")]
    ByWallet(Refusal),
    /// What listens there does not hold the agent's secret: another program, or the agent was enrolled anew.
    #[error("what listens on the wallet's socket could not prove to be the wallet")]
    NotTheWallet,
    /// The connection broke or stayed silent.
    #[error("the connection to the wallet broke: {0}")]
    Io(#[from] io::Error),
}

/// Has the wallet prove itself, then proves to be `agent`, which comes for the servers of `scope`. Set time limits on the stream first.
///
/// # Errors
/// [`Refused`].
pub fn prove_to_wallet(
    mut stream: impl Read + Write,
    agent: &AgentName,
    scope: &Endpoint,
    key: &EnrolmentKey,
) -> Result<(), Refused> {
    let shim = Nonce::make().map_err(io::Error::other)?;
    let server = match scope {
        Endpoint::All => String::new(),
        Endpoint::One(server) => format!(" {server}"),
    };
    stream.write_all(format!("{HELLO} {agent} {shim}{server}\n").as_bytes())?;
    let answer = read_line(&mut stream)?;
    let (wallet, proof) = match answer.split(' ').collect::<Vec<_>>()[..] {
        ["prove", nonce, proof] => (Nonce::parse(nonce).ok_or(Refused::NotTheWallet)?, proof),
        ["no", code] => return Err(refused(code)),
        _ => return Err(Refused::NotTheWallet),
    };
    let transcript = Transcript { agent, scope, shim, wallet };
    if !transcript.verify(key, Role::Wallet, proof) {
        return Err(Refused::NotTheWallet);
    }
    stream.write_all(format!("{}\n", transcript.prove(key, Role::Agent)).as_bytes())?;
    Ok(())
}

/// Waits for the wallet's verdict on the proof; a human may have to be asked first.
///
/// # Errors
/// [`Refused`].
pub fn verdict(mut stream: impl Read) -> Result<(), Refused> {
    match read_line(&mut stream)?.as_str() {
        "ok" => Ok(()),
        verdict => Err(refused(verdict.strip_prefix("no ").unwrap_or_default())),
    }
}

fn refused(code: &str) -> Refused {
    Refusal::parse(code).map_or(Refused::NotTheWallet, Refused::ByWallet)
}

#[expect(clippy::unbuffered_bytes, reason = "what follows the line is no longer the handshake's")]
fn read_line(stream: &mut impl Read) -> io::Result<String> {
    let mut line = Vec::with_capacity(LINE);
    for byte in stream.bytes().take(LINE) {
        match byte? {
            b'\n' => return String::from_utf8(line).map_err(io::Error::other),
            byte => line.push(byte),
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}
