//! What an auditor waits for, and what every start of the wallet costs: ten thousand receipts.

use criterion::{Criterion, Throughput};
use domain::{AgentName, Signer, Timestamp};
use ledger::{Filter, Ledger};
use proof::SigningKey;
use proof::receipt::{Body, Kind};
use std::hint::black_box;

const RECEIPTS: u64 = 10_000;

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let dir = tempfile::tempdir()?;
    let now = Timestamp::from_seconds(1_795_171_343);
    let key = SigningKey::from_seed(&[1; 32]);
    let (ledger, _) = Ledger::open(dir.path(), now)?;
    for number in 0..RECEIPTS {
        let agent = Some(AgentName::parse("claude")?);
        let note = Some(format!("receipt {number}, with a sentence of some length to be read over again"));
        ledger.append(Body { agent, note, ..Body::new(Kind::AgentConnected, now) }, &key)?;
    }
    let mut group = criterion.benchmark_group("ten_thousand_receipts");
    group.throughput(Throughput::Elements(RECEIPTS));
    let rare = Filter { text: Some("receipt 17,".into()), ..Filter::default() };
    group.bench_function("search", |bencher| bencher.iter(|| black_box(ledger.query(&rare))));
    drop(ledger);
    let public = key.public_key();
    group.bench_function("verify", |bencher| {
        bencher.iter(|| black_box(ledger::verify_dir(dir.path(), &public, None)));
    });
    group.bench_function("open", |bencher| bencher.iter(|| black_box(Ledger::open(dir.path(), now))));
    group.finish();
    criterion.final_summary();
    Ok(())
}
