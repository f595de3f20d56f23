//! Delegations and call proofs from the wallet's side: what is made, what each server gets to see, what is bounded.
#![cfg(test)]

use domain::{
    AgentName, ApprovalMode, Delegation, DelegationId, Grant, Limits, PromptGrant, PublicKey, ResourceGrant,
    ServerName, SignError, Signature, Signer, TargetKind, Timestamp, ToolGrant,
};
use proof::call_proof::{self, Expected, ProofClaims, ProvedCall};
use proof::sd_jwt::{self, SdJwt};
use proof::{ProofError, SigningKey, call_digest, did_key};
use proptest::prelude::*;
use serde_json::json;
use std::time::Duration;

const NOW: Timestamp = Timestamp::from_seconds(1_795_171_400);
const DAY: Duration = Duration::from_hours(24);

fn human() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn agent() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}

fn grant(server: &str, tool: &str) -> Grant {
    Grant {
        server: ServerName::parse(server).unwrap(),
        location: format!("https://{server}.example.com/mcp"),
        tools: vec![ToolGrant {
            name: tool.into(),
            definition: proof::sha256(tool.as_bytes()),
            arguments: Some(json!({"properties": {"amount": {"maximum": 100}}})),
            approval: ApprovalMode::Always,
            limits: Limits { calls: Some(3), per_minute: None },
        }],
        resources: vec![ResourceGrant { uri: format!("{server}:///*") }],
        prompts: vec![PromptGrant { name: format!("ask-{server}") }],
    }
}

fn delegation() -> Delegation {
    Delegation {
        id: DelegationId::new("d-1"),
        agent: AgentName::parse("claude").unwrap(),
        grants: vec![grant("github", "create_issue"), grant("bank", "pay")],
        issued: NOW,
        not_before: NOW,
        expires: NOW.plus(DAY),
        depth: 1,
        parent: Some(DelegationId::new("d-0")),
        revoked: None,
    }
}

fn issue(delegation: &Delegation) -> Result<SdJwt, ProofError> {
    let mut counter = 0;
    let salts = || {
        counter = u8::wrapping_add(counter, 1);
        [counter; 16]
    };
    sd_jwt::issue(delegation, &agent().public_key(), salts, &human())
}

fn call(name: &str) -> ProvedCall {
    ProvedCall { method: "tools/call".into(), name: name.into(), digest: call_digest(name, &json!({})) }
}

fn prove(server: &str, tool: &str) -> String {
    let claims = ProofClaims {
        audience: format!("https://{server}.example.com/mcp"),
        issued: NOW,
        nonce: "n-1".into(),
        call: call(tool),
    };
    let presentation = issue(&delegation()).unwrap().disclose(&claims.audience).unwrap();
    call_proof::prove(&presentation, &claims, &agent()).unwrap()
}

#[test]
fn a_delegation_reads_back_as_it_was_granted() {
    let signed = issue(&delegation()).unwrap();
    let kept = SdJwt::parse(&signed.to_text()).unwrap();
    let verified = sd_jwt::verify(&kept.to_text(), NOW, Some(&human().public_key())).unwrap();
    assert_eq!((verified.human, verified.agent), (human().public_key(), agent().public_key()));
    assert_eq!((verified.issued, verified.expires), (NOW, NOW.plus(DAY)));
    assert_eq!(
        (verified.id, verified.parent, verified.depth),
        (DelegationId::new("d-1"), Some(DelegationId::new("d-0")), 1)
    );
    let details: Vec<_> = delegation().grants.iter().map(sd_jwt::Detail::of).collect();
    assert_eq!(verified.details, details);
}

#[test]
fn a_server_learns_nothing_of_what_was_granted_elsewhere() {
    let presentation = issue(&delegation()).unwrap().disclose("https://github.example.com/mcp").unwrap();
    let seen = sd_jwt::verify(presentation.as_str(), NOW, None).unwrap();
    assert_eq!(seen.details.len(), 1);
    assert!(seen.names("https://github.example.com/mcp", TargetKind::Tool, "create_issue"));
    assert!(!seen.names("https://bank.example.com/mcp", TargetKind::Tool, "pay"));
    let everything: String = presentation.as_str().split(['.', '~']).map(decoded).collect();
    assert!(everything.contains("github") && !everything.contains("bank"), "{everything}");
}

fn decoded(part: &str) -> String {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_server_that_is_not_in_the_delegation_gets_no_presentation() {
    assert!(issue(&delegation()).unwrap().disclose("https://evil.example.com/mcp").is_none());
}

#[test]
fn a_delegation_that_lasts_too_long_or_ends_before_it_begins_is_never_signed() {
    let lasting = |expires| issue(&Delegation { expires, ..delegation() }).err();
    assert_eq!(lasting(NOW.plus(Delegation::MAX_LIFE)), None);
    assert_eq!(lasting(NOW.plus(Delegation::MAX_LIFE + Duration::from_secs(1))), Some(ProofError::Lifetime));
    assert_eq!(lasting(NOW), Some(ProofError::Lifetime));
    let late = Delegation { not_before: NOW.plus(2 * DAY), ..delegation() };
    assert_eq!(issue(&late).err(), Some(ProofError::Lifetime));
}

#[test]
fn a_locked_wallet_signs_neither_delegations_nor_calls() {
    struct Locked;
    impl Signer for Locked {
        fn public_key(&self) -> PublicKey {
            human().public_key()
        }
        fn sign(&self, _: &[u8]) -> Result<Signature, SignError> {
            Err(SignError::Locked)
        }
    }
    let refused = sd_jwt::issue(&delegation(), &agent().public_key(), || [0; 16], &Locked).err();
    assert_eq!(refused, Some(ProofError::Sign(SignError::Locked)));
}

#[test]
fn what_is_too_long_or_too_much_is_refused_before_it_is_looked_at() {
    let limit = sd_jwt::MAX_LENGTH;
    let long = format!("{}~", "a".repeat(limit));
    assert!(matches!(sd_jwt::verify(&long, NOW, None), Err(ProofError::TooLong { .. })));
    let text = issue(&delegation()).unwrap().to_text();
    let disclosure = text.split('~').nth(1).unwrap();
    let many = format!("{text}{}", format!("{disclosure}~").repeat(255));
    assert!(many.len() < limit, "the count is to be refused, not the length");
    assert_eq!(sd_jwt::verify(&many, NOW, None), Err(ProofError::Disclosure));
}

#[test]
fn without_an_expected_human_the_result_says_who_signed() {
    let stranger = SigningKey::from_seed(&[9; 32]);
    let signed = sd_jwt::issue(&delegation(), &agent().public_key(), || [0; 16], &stranger).unwrap();
    let verified = sd_jwt::verify(&signed.to_text(), NOW, None).unwrap();
    assert_eq!(did_key(&verified.human), did_key(&stranger.public_key()));
    let expected = human().public_key();
    assert_eq!(sd_jwt::verify(&signed.to_text(), NOW, Some(&expected)), Err(ProofError::WrongHuman));
}

#[test]
fn threat_23_a_nonce_is_taken_only_by_a_proof_in_which_all_else_holds() {
    let text = prove("github", "create_issue");
    let wanted = call("create_issue");
    let expected = |audience| Expected {
        audience,
        call: &wanted,
        human: None,
        now: NOW,
        max_age: Duration::from_mins(1),
    };
    let mut taken = Vec::new();
    let mut take = |nonce: &str| {
        let fresh = !taken.contains(&nonce.to_owned());
        taken.push(nonce.to_owned());
        fresh
    };
    let elsewhere = call_proof::verify(&text, &expected("https://bank.example.com/mcp"), &mut take);
    assert_eq!(elsewhere.err(), Some(ProofError::Audience));
    let here = expected("https://github.example.com/mcp");
    assert_eq!(call_proof::verify(&text, &here, &mut take).unwrap().nonce, "n-1");
    assert_eq!(call_proof::verify(&text, &here, &mut take).err(), Some(ProofError::Nonce));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn threat_23_no_character_of_a_call_proof_can_be_exchanged(at in any::<prop::sample::Index>(), by in "[A-Za-z0-9_~.-]") {
        let mut text = prove("github", "create_issue");
        let at = at.index(text.len());
        prop_assume!(text[at..=at] != by);
        text.replace_range(at..=at, &by);
        let wanted = call("create_issue");
        let expected = Expected {
            audience: "https://github.example.com/mcp",
            call: &wanted,
            human: Some(&human().public_key()),
            now: NOW,
            max_age: Duration::from_mins(1),
        };
        prop_assert!(call_proof::verify(&text, &expected, |_| true).is_err());
    }

    #[test]
    fn no_text_makes_verification_panic(text in "[A-Za-z0-9_~.=-]{0,200}", other: String) {
        prop_assert!(sd_jwt::verify(&text, NOW, None).is_err());
        let ending_well = format!("{other}~");
        prop_assert!(sd_jwt::verify(&ending_well, NOW, None).is_err());
    }
}

#[test]
fn what_nobody_could_read_back_is_not_signed() {
    let mut twice = delegation();
    let tool = twice.grants[0].tools[0].clone();
    twice.grants[0].tools.push(tool);
    assert!(matches!(issue(&twice).err(), Some(ProofError::Detail(_))), "a tool is granted twice");

    let mut long = delegation();
    long.grants[0].tools[0].name = "x".repeat(sd_jwt::MAX_LENGTH);
    assert!(matches!(issue(&long).err(), Some(ProofError::TooLong { .. })));

    let mut many = delegation();
    many.grants = (0..257).map(|n| grant(&format!("s{n}"), "t")).collect();
    assert!(matches!(issue(&many).err(), Some(ProofError::Disclosure | ProofError::TooLong { .. })));
}
