//! What the hot path does with every message: read it, change it.

#![expect(clippy::unwrap_used, reason = "a benchmark of a message that is none ends")]

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mcp::{Message, RawId};
use serde_json::json;
use std::hint::black_box;

fn call(argument: usize) -> Bytes {
    let text = "x".repeat(argument);
    let arguments = json!({ "message": text, "nested": { "list": [1, 2.0, "three"] } });
    let params =
        json!({ "name": "everything__echo", "arguments": arguments, "_meta": { "progressToken": 1 } });
    Message::request(RawId::number(17), "tools/call", &params).into_bytes()
}

fn messages(c: &mut Criterion) {
    for (name, size) in [("small", 20), ("64 KiB", 64 << 10), ("10 MiB", 10 << 20)] {
        let bytes = call(size);
        let message = Message::parse(bytes.clone()).unwrap();
        let proof = json!("p".repeat(1200));
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("parse", |b| b.iter(|| Message::parse(black_box(bytes.clone()))));
        group.bench_function("edit", |b| {
            b.iter(|| {
                let edit = black_box(&message).edit().id(RawId::number(4711)).param("name", &json!("echo"));
                edit.meta("io.countersign/proof", &proof).finish()
            });
        });
        group.finish();
    }
}

criterion_group!(benches, messages);
criterion_main!(benches);
