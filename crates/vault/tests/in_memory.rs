//! What is left in memory once the vault is locked: read from outside, as a core dump would show it.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use domain::{Credential, Server, ServerName, Timestamp, Transport};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use vault::*;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
/// How canaries travel, so that they are nowhere in the other process but where the vault has them.
const VEIL: u8 = 0x55;

#[test]
fn threat_24_a_locked_vault_leaves_no_secret_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let master = *b"canary: the 32-byte master key..";
    fs::write(dir.path().join("key"), veiled(&master)).unwrap();
    let canaries = ["canary-header-e2a7", "canary-access-91cc", "canary-refresh-5d0f"];
    let mut holder = Holder::start(dir.path());
    for canary in canaries {
        holder.tell(&veiled(canary.as_bytes()));
    }
    let canaries: Vec<&[u8]> =
        canaries.iter().map(|canary| canary.as_bytes()).chain([master.as_slice()]).collect();

    holder.wait_for("UNLOCKED");
    let Some(unlocked) = holder.found(&canaries) else {
        println!("skipped: this system does not let a parent read its child's memory");
        return;
    };
    assert_eq!(unlocked.len(), canaries.len(), "the search finds what is there: {unlocked:?}");
    holder.tell(b"lock");
    holder.wait_for("LOCKED");
    assert_eq!(holder.found(&canaries).unwrap(), [""; 0]);
}

/// Not a test: the process that the test above looks into.
#[test]
#[ignore = "run by the test above"]
fn holder() {
    let dir = std::env::var("HOLDER_DIR").unwrap();
    let mut stdin = std::io::stdin().lock();
    let mut told = || {
        let mut line = Vec::new();
        stdin.read_until(b'\n', &mut line).unwrap();
        line.pop();
        line
    };
    let vault = Vault::open(&Path::new(&dir).join("vault"), Arc::new(VeiledKey), NOW).unwrap();
    vault.unlock().unwrap();
    use_secrets(&vault, [told(), told(), told()].map(unveiled));
    println!("UNLOCKED");
    told();
    vault.lock();
    println!("LOCKED");
    told();
}

/// Everything a wallet does with secrets in its day.
fn use_secrets(vault: &Vault, [header, access, refresh]: [Secret; 3]) {
    vault.make_key(&KeyName::Human).unwrap();
    let (fixed, oauth) = (name("fixed"), name("oauth"));
    add(vault, &fixed, Credential::Header { name: "X-Key".into() });
    vault.put_secret(&SecretName::Header(fixed.clone()), &header).unwrap();
    let resource = add(vault, &oauth, Credential::OAuth);
    let (refresh, expires, scope) = (Some(refresh), None, None);
    let [issuer, token_type] = ["https://as.example", "Bearer"].map(String::from);
    let tokens = TokenSet { resource, issuer, access, refresh, expires, scope, token_type };
    vault.tokens(&oauth).save(&tokens).unwrap();
    assert!(vault.tokens(&oauth).load().unwrap().is_some());
    for server in [fixed, oauth] {
        let attachment = vault.attach(policy::for_owner(&server, NOW), NOW).unwrap();
        assert_eq!(attachment.headers().len(), 1);
    }
    let _ = vault.redactor().redact_text("an answer \\u0020 with nothing in it");
}

fn add(vault: &Vault, name: &ServerName, credential: Credential) -> String {
    let url = format!("https://{name}.example/mcp").parse().unwrap();
    let server = Server { name: name.clone(), transport: Transport::Http { url, credential }, added: NOW };
    vault.records(SERVERS).put(name.as_str(), &server).unwrap();
    server.resource()
}

fn name(name: &str) -> ServerName {
    ServerName::parse(name).unwrap()
}

fn veiled(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| byte ^ VEIL).collect()
}

/// In place, so that no copy is made.
fn unveiled(mut bytes: Vec<u8>) -> Secret {
    bytes.iter_mut().for_each(|byte| *byte ^= VEIL);
    Secret::new(bytes)
}

/// The master key, lying veiled in a file.
struct VeiledKey;

impl KeyRing for VeiledKey {
    fn load(&self) -> Result<Option<Secret>, KeyRingError> {
        let path = Path::new(&std::env::var("HOLDER_DIR").unwrap()).join("key");
        Ok(Some(unveiled(fs::read(path).unwrap())))
    }

    fn store(&self, _: &Secret) -> Result<(), KeyRingError> {
        unreachable!("there is a key")
    }
}

/// The other process.
struct Holder(Child, BufReader<std::process::ChildStdout>);

impl Holder {
    fn start(dir: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "holder", "--nocapture"]).env("HOLDER_DIR", dir);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self(child, stdout)
    }

    fn tell(&mut self, line: &[u8]) {
        let stdin = self.0.stdin.as_mut().unwrap();
        stdin.write_all(&[line, b"\n"].concat()).unwrap();
    }

    fn wait_for(&mut self, word: &str) {
        let said = |line: String| line.ends_with(word);
        assert!(self.1.by_ref().lines().map(Result::unwrap).any(said), "the other process ended early");
    }

    /// Which of the canaries are anywhere in its memory; nothing where that can't be read.
    fn found<'a>(&self, canaries: &[&'a [u8]]) -> Option<Vec<&'a str>> {
        let memory = self.memory()?;
        let holds = |canary: &&[u8]| memory.iter().any(|part| memchr::memmem::find(part, canary).is_some());
        Some(
            canaries
                .iter()
                .filter(|canary| holds(canary))
                .map(|canary| str::from_utf8(canary).unwrap())
                .collect(),
        )
    }

    /// Every writable part of its memory: heaps, stacks, globals.
    fn memory(&self) -> Option<Vec<Vec<u8>>> {
        let proc = Path::new("/proc").join(self.0.id().to_string());
        let memory = File::open(proc.join("mem")).ok()?;
        let maps = fs::read_to_string(proc.join("maps")).ok()?;
        let part = |line: &str| {
            let (start, end) = line.split_once(' ')?.0.split_once('-')?;
            let [start, end] = [start, end].map(|hex| u64::from_str_radix(hex, 16).unwrap());
            let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
            memory.read_exact_at(&mut bytes, start).ok().map(|()| bytes)
        };
        Some(maps.lines().filter(|line| line.contains(" rw")).filter_map(part).collect())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
