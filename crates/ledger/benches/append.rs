//! What a receipt costs a call: signed and written, then on the disk.

use criterion::{Criterion, Throughput};
use domain::{AgentName, CallId, DelegationId, Digest, ServerName, Target, Timestamp};
use ledger::Ledger;
use proof::SigningKey;
use proof::receipt::{Arguments, Body, Kind, Tool};
use std::time::Instant;

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let dir = tempfile::tempdir()?;
    let (ledger, _) = Ledger::open(dir.path(), Timestamp::from_seconds(0))?;
    let key = SigningKey::from_seed(&[1; 32]);
    let body = body()?;
    let mut group = criterion.benchmark_group("append");
    group.throughput(Throughput::Elements(1));
    group.bench_function("written", |bencher| bencher.iter(|| ledger.append(body.clone(), &key)));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    group.bench_function("durable", |bencher| {
        bencher.iter_custom(|count| {
            let start = Instant::now();
            for _ in 0..count {
                let written = ledger.append(body.clone(), &key).map(|entry| entry.seq);
                let _ = runtime.block_on(ledger.durable(written.unwrap_or(0)));
            }
            start.elapsed()
        });
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// A body of the usual size.
fn body() -> anyhow::Result<Body> {
    let digest = Digest::new([7; 32]);
    Ok(Body {
        human: Some("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp".into()),
        agent: Some(AgentName::parse("claude")?),
        server: Some(ServerName::parse("github")?),
        delegation: Some(DelegationId::new("3f0c7a52b1d94e8f")),
        call: Some(CallId::new("a1b2c3d4e5f60718")),
        tool: Some(Tool { target: Target::tool("create_issue"), definition: Some(digest) }),
        arguments: Some(Arguments {
            digest,
            preview: Some(serde_json::json!({"repo": "foo/x", "title": "It works", "labels": ["a", "b"]})),
        }),
        ..Body::new(Kind::CallOpened, Timestamp::from_seconds(1_795_171_343))
    })
}
