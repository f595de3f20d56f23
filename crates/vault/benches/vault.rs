//! What the vault costs each call: attaching a credential, signing, and looking through an answer.

#![expect(clippy::unwrap_used, reason = "a bench that can't be set up should stop")]

use bytes::Bytes;
use criterion::{Criterion, Throughput};
use domain::{Credential, Server, ServerName, Timestamp, Transport};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use vault::{KeyName, MemoryKeyRing, SERVERS, Secret, SecretName, TokenSet, Vault};

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let vault = filled(dir.path());
    let mut criterion = Criterion::default().configure_from_args();
    calls(&mut criterion, &vault);
    answers(&mut criterion, &vault);
    criterion.final_summary();
}

fn calls(criterion: &mut Criterion, vault: &Vault) {
    let server = ServerName::parse("server-0").unwrap();
    criterion.bench_function("attach, steady state", |bencher| {
        bencher.iter(|| vault.attach(policy::for_owner(&server, NOW), NOW).unwrap().headers());
    });
    let signer = vault.signer(&KeyName::Receipt).unwrap();
    criterion.bench_function("sign", |bencher| {
        bencher.iter(|| domain::Signer::sign(&signer, black_box(b"a receipt's payload")).unwrap());
    });
    let account = vault.tokens(&server);
    criterion.bench_function("look at a token", |bencher| bencher.iter(|| account.load().unwrap()));
}

fn answers(criterion: &mut Criterion, vault: &Vault) {
    let redactor = vault.redactor();
    let sentence = "A clean line of an answer, as any server may write it; nothing in it is a secret. ";
    let plain = Bytes::from(sentence.repeat(125));
    let nested =
        Bytes::from(serde_json::json!({"text": sentence.repeat(110).replace(". ", ".\n")}).to_string());
    let mut group = criterion.benchmark_group("redact 10 kB");
    for (name, text) in [("clean", plain), ("clean, with escapes", nested)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| redactor.redact(black_box(text.clone()))));
    }
    group.finish();
}

/// A wallet with a dozen servers logged in to, and a key each for as many more.
fn filled(dir: &Path) -> Vault {
    let vault = Vault::open(dir, Arc::new(MemoryKeyRing::default()), NOW).unwrap();
    vault.unlock().unwrap();
    vault.make_key(&KeyName::Receipt).unwrap();
    for number in 0..12_u8 {
        let name = ServerName::parse(&format!("server-{number}")).unwrap();
        let url = format!("https://server-{number}.example/mcp").parse().unwrap();
        let transport = Transport::Http { url, credential: Credential::OAuth };
        let server = Server { name: name.clone(), transport, added: NOW };
        vault.records(SERVERS).put(name.as_str(), &server).unwrap();
        let access = Secret::new(
            [b"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.".to_vec(), vec![b'a' + number; 900]].concat(),
        );
        vault.tokens(&name).save(&tokens(server.resource(), access)).unwrap();
        vault
            .put_secret(&SecretName::Env(name, "KEY".into()), &Secret::new(vec![b'A' + number; 40]))
            .unwrap();
    }
    vault
}

fn tokens(resource: String, access: Secret) -> TokenSet {
    let issuer = "https://as.example".into();
    TokenSet {
        resource,
        issuer,
        access,
        refresh: None,
        expires: None,
        scope: None,
        token_type: "Bearer".into(),
    }
}
