//! Proofs that a client holds the key its tokens are bound to (DPoP, RFC 9449).

use crate::secret::{Print, print};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::time::Duration;
use url::Url;

/// The algorithms that are known here (RFC 9449 §5.1).
pub(crate) const ALGORITHMS: [&str; 2] = ["ES256", "EdDSA"];
/// How far a proof's time may lie from now.
const NEAR: Duration = Duration::from_secs(60);
/// The longest proof.
const MAX: usize = 8 << 10;
/// The most proofs that are remembered, so that none is taken twice.
const SEEN: usize = 20_000;

/// What a proof must be about.
pub(crate) struct About<'a> {
    /// The request's method.
    pub(crate) method: &'a str,
    /// The request's address, as the client knows it.
    pub(crate) uri: &'a str,
    /// The access token it came with.
    pub(crate) token: Option<&'a str>,
}

/// Proofs that were taken.
#[derive(Default)]
pub(crate) struct Seen(HashMap<Print, Timestamp>);

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Map<String, Value>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: f64,
    ath: Option<String>,
}

impl Seen {
    /// Checks a proof (RFC 9449 §4.3), takes it once, and gives the thumbprint of its key (RFC 7638).
    ///
    /// # Errors
    /// A sentence that says what does not hold.
    pub(crate) fn take(&mut self, proof: &str, about: &About<'_>, now: Timestamp) -> Result<String, String> {
        if proof.len() > MAX {
            return Err("the DPoP proof is too long".into());
        }
        let (signed, signature) = proof.rsplit_once('.').ok_or("the DPoP proof is no JWT")?;
        let (header, claims) = signed.split_once('.').ok_or("the DPoP proof is no JWT")?;
        let header: Header = part(header)?;
        if header.typ != "dpop+jwt" || header.crit.is_some() {
            return Err("the DPoP proof's header is not that of a proof".into());
        }
        let key = Key::parse(&header.alg, &header.jwk)?;
        let signature =
            URL_SAFE_NO_PAD.decode(signature).map_err(|_| "the DPoP proof's signature is not base64url")?;
        key.verifies(signed.as_bytes(), &signature)?;
        let claims: Claims = part(claims)?;
        check(&claims, about, now)?;
        self.once(&key.thumbprint, &claims.jti, now)?;
        Ok(key.thumbprint)
    }

    fn once(&mut self, thumbprint: &str, jti: &str, now: Timestamp) -> Result<(), String> {
        self.0.retain(|_, until| *until > now);
        if self.0.len() >= SEEN {
            return Err("too many DPoP proofs in a minute".into());
        }
        // Twice the span: a proof may be from the future by one, and is good for another.
        let until = now.plus(NEAR * 2);
        match self.0.insert(print(&format!("{thumbprint} {jti}")), until) {
            None => Ok(()),
            Some(_) => Err("the DPoP proof was used before".into()),
        }
    }
}

fn check(claims: &Claims, about: &About<'_>, now: Timestamp) -> Result<(), String> {
    if claims.jti.is_empty() {
        return Err("the DPoP proof has no `jti`".into());
    }
    if claims.htm != about.method {
        return Err(format!("the DPoP proof is for {:?}, this is {}", claims.htm, about.method));
    }
    if plain(&claims.htu) != plain(about.uri) || plain(about.uri).is_none() {
        return Err(format!("the DPoP proof is for {:?}, this is {}", claims.htu, about.uri));
    }
    // Whole microseconds of a time near now; anything else saturates and is far away.
    #[expect(clippy::cast_possible_truncation, reason = "a cast from f64 saturates")]
    let issued = Timestamp::from_micros((claims.iat * 1e6) as i64);
    if now.since(issued).max(issued.since(now)) > NEAR {
        return Err("the DPoP proof is not from now".into());
    }
    match (about.token.map(crate::secret::s256), &claims.ath) {
        (Some(wanted), Some(ath)) if wanted == *ath => Ok(()),
        (Some(_), _) => Err("the DPoP proof is not for this access token".into()),
        (None, _) => Ok(()),
    }
}

/// An address without its query and fragment (RFC 9449 §4.3).
fn plain(uri: &str) -> Option<Url> {
    let mut url = Url::parse(uri).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

struct Key {
    algorithm: &'static dyn VerificationAlgorithm,
    bytes: Vec<u8>,
    thumbprint: String,
}

impl Key {
    fn parse(alg: &str, jwk: &Map<String, Value>) -> Result<Self, String> {
        if jwk.contains_key("d") {
            return Err("the DPoP proof shows its private key".into());
        }
        let text = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
        let coordinate = |name: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text(name)).ok().filter(|bytes| bytes.len() == 32);
            bytes.ok_or_else(|| format!("the DPoP key's {name:?} is not 32 bytes of base64url"))
        };
        match (alg, text("kty"), text("crv")) {
            ("ES256", "EC", "P-256") => {
                let bytes = [vec![4], coordinate("x")?, coordinate("y")?].concat();
                // The members in this order, without spaces (RFC 7638 §3.2).
                let canonical =
                    format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, text("x"), text("y"));
                Ok(Self {
                    algorithm: &ECDSA_P256_SHA256_FIXED,
                    bytes,
                    thumbprint: crate::secret::s256(&canonical),
                })
            }
            ("EdDSA" | "Ed25519", "OKP", "Ed25519") => {
                let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, text("x"));
                let bytes = coordinate("x")?;
                Ok(Self { algorithm: &ED25519, bytes, thumbprint: crate::secret::s256(&canonical) })
            }
            _ => Err(format!(
                "the DPoP proof's algorithm {alg:?} does not fit its key, or is none of {ALGORITHMS:?}"
            )),
        }
    }

    fn verifies(&self, signed: &[u8], signature: &[u8]) -> Result<(), String> {
        let key = UnparsedPublicKey::new(self.algorithm, &self.bytes);
        key.verify(signed, signature).map_err(|_| "the DPoP proof's signature does not hold".into())
    }
}

fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| "the DPoP proof is not base64url")?;
    serde_json::from_slice(&bytes).map_err(|error| format!("the DPoP proof: {error}"))
}
