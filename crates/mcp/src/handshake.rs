//! Agent's shim and wallet prove to each other that they hold the agent's enrolment secret, and neither shows it.
//!
//! ```text
//! shim                                                wallet
//!   COUNTERSIGN/1 <agent> <shim nonce> [server] ─►
//!                          ◄──   prove <wallet nonce> <HMAC, wallet's label>     or  no <code>
//!   <HMAC, agent's label>                     ──►
//!                          ◄──   ok                                              or  no <code>
//! ```
//! Each HMAC-SHA256 covers its maker's role, the agent's name, both nonces and the server, where the agent comes for one alone: a proof can't be replayed (fresh nonces),
//! reflected or swapped (roles differ), or used for another agent (name and secret differ). The wallet proves itself first, so
//! a program that squats on the socket learns nothing it could use.

mod agent;
mod wallet;

pub use agent::{Refused, prove_to_wallet, verdict};
pub use wallet::{Applicant, HandshakeError, greet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{AgentName, Endpoint};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long either side waits for the other's next line.
pub const PATIENCE: Duration = Duration::from_secs(5);

const HELLO: &str = "COUNTERSIGN/1";
/// The longest line of a handshake.
const LINE: usize = 256;

/// The 32 bytes made at enrolment. Zeroised when dropped.
pub struct EnrolmentKey(Zeroizing<[u8; 32]>);

impl EnrolmentKey {
    /// Wraps the secret.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// Reads the secret as it stands in an enrolment file: base64url without padding, white space around it ignored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.trim()).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// A key nobody holds.
    fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut())?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for EnrolmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Why the wallet turns a connection away, as far as the other side may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The wallet is locked.
    Locked,
    /// Unknown agent, wrong secret, or the human said no: which of them is not told.
    Refused,
    /// Too many connections.
    Busy,
}

impl Refusal {
    const ALL: [Self; 3] = [Self::Locked, Self::Refused, Self::Busy];

    /// Its word on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Refused => "refused",
            Self::Busy => "busy",
        }
    }

    fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.code() == code)
    }
}

/// Who makes a proof.
#[derive(Clone, Copy)]
enum Role {
    Wallet,
    Agent,
}

impl Role {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Wallet => b"countersign handshake 1, wallet\0",
            Self::Agent => b"countersign handshake 1, agent\0",
        }
    }
}

/// 32 random bytes, once used.
#[derive(Clone, Copy)]
struct Nonce([u8; 32]);

impl Nonce {
    fn make() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map(|()| Self(bytes))
    }

    fn parse(text: &str) -> Option<Self> {
        decode(text).map(Self)
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

fn decode(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// What both sides know when they prove themselves.
struct Transcript<'a> {
    agent: &'a AgentName,
    scope: &'a Endpoint,
    shim: Nonce,
    wallet: Nonce,
}

impl Transcript<'_> {
    fn prove(&self, key: &EnrolmentKey, role: Role) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(key, role).finalize().into_bytes())
    }

    /// In constant time.
    fn verify(&self, key: &EnrolmentKey, role: Role, proof: &str) -> bool {
        decode(proof).is_some_and(|proof| self.mac(key, role).verify_slice(&proof).is_ok())
    }

    /// The server's name where the agent comes for one alone.
    fn server(&self) -> &[u8] {
        match self.scope {
            Endpoint::All => b"",
            Endpoint::One(server) => server.as_str().as_bytes(),
        }
    }

    /// A name never holds a NUL, and the nonces have a fixed length, so no two transcripts make the same bytes.
    fn mac(&self, key: &EnrolmentKey, role: Role) -> Hmac<Sha256> {
        let mut block = Zeroizing::new([0_u8; 64]);
        block[..32].copy_from_slice(key.0.as_slice());
        Hmac::<Sha256>::new((&*block).into())
            .chain_update(role.label())
            .chain_update(self.agent.as_str())
            .chain_update([0])
            .chain_update(self.shim.0)
            .chain_update(self.wallet.0)
            .chain_update(self.server())
    }
}
