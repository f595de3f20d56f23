//! Tokens bound to a key (RFC 9449).

use super::*;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

/// A client's key, and the proofs it makes.
struct Key(EcdsaKeyPair);

impl Key {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn proof(&self, method: &str, uri: &str, seconds: i64, token: Option<&str>, edits: Value) -> String {
        let point = self.0.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|part| URL_SAFE_NO_PAD.encode(part));
        let mut header =
            json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}});
        let mut claims = json!({
            "jti": format!("{method}{uri}{seconds}"), "htm": method, "htu": uri, "iat": 1_800_000_000 + seconds,
            "ath": token.map(|token| URL_SAFE_NO_PAD.encode(Sha256::digest(token))),
        });
        for (name, value) in edits.as_object().unwrap() {
            let place = if header.get(name).is_some() { &mut header } else { &mut claims };
            place[name] = value.clone();
        }
        let signed = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

const TOKEN: &str = "http://127.0.0.1:21000/oauth/token";
const MCP: &str = "http://127.0.0.1:21000/mcp";

fn bound(desk: &mut Desk, key: &Key) -> (String, String) {
    let code = desk.code(&[]);
    let form = form(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("client_id", &desk.client),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ]);
    let proof = key.proof("POST", TOKEN, 2, None, json!({}));
    let answer = desk.issuer.token(&form, Some(&proof), Loopback::V4, &program("scribe"), at(2)).unwrap();
    assert_eq!(answer["token_type"], "DPoP");
    pair(&answer)
}

fn show(desk: &mut Desk, scheme: Scheme, token: &str, proof: Option<&str>) -> Result<AgentName, Unwelcome> {
    let credential = Credential { scheme, token, proof, method: "POST", uri: MCP };
    let shown = desk.issuer.welcome(&Endpoint::All, credential, &program("scribe"), at(3));
    shown.map(|admitted| admitted.agent)
}

#[test]
fn a_bound_token_is_good_with_a_proof_by_its_key_once_a_proof() {
    let (mut desk, key) = (Desk::new(), Key::new());
    let (token, _) = bound(&mut desk, &key);
    let proof = key.proof("POST", &format!("{MCP}?x=1#y"), 3, Some(&token), json!({}));
    assert_eq!(show(&mut desk, Scheme::Dpop, &token, Some(&proof)), Ok(agent()));
    assert!(
        matches!(show(&mut desk, Scheme::Dpop, &token, Some(&proof)), Err(Unwelcome::Proof(_))),
        "used twice"
    );
}

#[test]
fn a_stolen_bound_token_is_worth_nothing() {
    let (mut desk, key, other) = (Desk::new(), Key::new(), Key::new());
    let (token, refresh) = bound(&mut desk, &key);
    assert_eq!(show(&mut desk, Scheme::Bearer, &token, None), Err(Unwelcome::Invalid));
    let good = |edits: Value| key.proof("POST", MCP, 3, Some(&token), edits);
    let bad = [
        other.proof("POST", MCP, 3, Some(&token), json!({})),
        key.proof("GET", MCP, 3, Some(&token), json!({})),
        key.proof("POST", TOKEN, 3, Some(&token), json!({})),
        key.proof("POST", MCP, 100, Some(&token), json!({})),
        key.proof("POST", MCP, -100, Some(&token), json!({})),
        key.proof("POST", MCP, 3, Some("another token"), json!({})),
        key.proof("POST", MCP, 3, None, json!({})),
        good(json!({"iat": 1e300})),
        good(json!({"jti": ""})),
        good(json!({"typ": "jwt"})),
        good(json!({"alg": "none"})),
        good(json!({"alg": "EdDSA"})),
        good(json!({})).replace('.', ".e30"),
        "no.proof".into(),
    ];
    for (number, proof) in bad.iter().enumerate() {
        let shown = show(&mut desk, Scheme::Dpop, &token, Some(proof));
        assert!(matches!(shown, Err(Unwelcome::Proof(_))), "{number}: {shown:?}");
    }
    desk.refresh(&refresh, "scribe", 4).unwrap_err();
}

#[test]
fn a_bound_family_is_refreshed_with_its_key() {
    let (mut desk, key) = (Desk::new(), Key::new());
    let (_, refresh) = bound(&mut desk, &key);
    let form = form(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]);
    let mut try_with = |key: &Key| {
        let proof = key.proof("POST", TOKEN, 5, None, json!({}));
        desk.issuer.token(&form, Some(&proof), Loopback::V4, &program("scribe"), at(5))
    };
    assert_eq!(try_with(&Key::new()).unwrap_err().code, "invalid_dpop_proof");
    try_with(&key).unwrap();
}
