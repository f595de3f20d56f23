//! What a proof costs a call: digest and proof at the wallet, verification at the server.

use criterion::Criterion;
use domain::{
    AgentName, ApprovalMode, Delegation, DelegationId, Digest, Grant, Limits, ServerName, Signer, Timestamp,
    ToolGrant,
};
use proof::call_proof::{Expected, ProofClaims, ProvedCall, prove, verify};
use proof::{SigningKey, call_digest, sd_jwt};
use std::hint::black_box;
use std::time::Duration;

const AUDIENCE: &str = "https://mcp.example.com/mcp";
const NOW: Timestamp = Timestamp::from_seconds(1_795_171_343);

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let (human, agent) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
    let arguments = serde_json::json!({"repo": "foo/x", "title": "It works", "body": "text ".repeat(100)});
    let digest = call_digest("create_issue", &arguments);
    let call = ProvedCall { method: "tools/call".into(), name: "create_issue".into(), digest };
    let claims =
        ProofClaims { audience: AUDIENCE.into(), issued: NOW, nonce: "AAAAAAAAAAAAAAAAAAAAAA".into(), call };
    let signed = sd_jwt::issue(&delegation()?, &agent.public_key(), || [7; 16], &human)?;
    let presentation = signed.disclose(AUDIENCE).ok_or_else(|| anyhow::anyhow!("nothing to disclose"))?;
    let text = prove(&presentation, &claims, &agent)?;
    let expected = Expected {
        audience: AUDIENCE,
        call: &claims.call,
        human: Some(&human.public_key()),
        now: NOW,
        max_age: Duration::from_mins(1),
    };
    criterion.bench_function("call_digest", |bencher| {
        bencher.iter(|| black_box(call_digest("create_issue", black_box(&arguments))));
    });
    criterion.bench_function("prove", |bencher| bencher.iter(|| prove(&presentation, &claims, &agent)));
    criterion.bench_function("verify", |bencher| bencher.iter(|| verify(&text, &expected, |_| true)));
    criterion.final_summary();
    Ok(())
}

fn delegation() -> anyhow::Result<Delegation> {
    let tool = ToolGrant {
        name: "create_issue".into(),
        definition: Digest::new([7; 32]),
        arguments: None,
        approval: ApprovalMode::Once,
        limits: Limits::default(),
    };
    Ok(Delegation {
        id: DelegationId::new("d-1"),
        agent: AgentName::parse("claude")?,
        grants: vec![Grant {
            server: ServerName::parse("github")?,
            location: AUDIENCE.into(),
            tools: vec![tool],
            resources: vec![],
            prompts: vec![],
        }],
        issued: NOW,
        not_before: NOW,
        expires: NOW.plus(Duration::from_hours(24)),
        depth: 0,
        parent: None,
        revoked: None,
    })
}
