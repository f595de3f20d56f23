//! What is on disk: whole after a kill, set aside when damaged, closed to others, and unreadable.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use domain::{AgentName, ServerName, Timestamp};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use vault::*;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
const RECORDS: usize = 40;

#[test]
fn what_was_acknowledged_is_there_after_a_kill_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let mut promised = 0;
    for round in 1..6 {
        promised += write_and_kill(dir.path(), promised, round * 17);
        let vault = with_plain_key(dir.path());
        assert_eq!(vault.set_aside(), None);
        let kept = vault.records::<usize>("numbers").list().unwrap();
        let kept: Vec<_> = kept.into_iter().map(|(_, number)| number).collect();
        assert!(kept.len() >= promised && kept[..promised] == (0..promised).collect::<Vec<_>>()[..]);
        promised = kept.len();
    }
}

/// Lets another process write numbers from `first` on, and kills it after it has acknowledged `count` of them.
fn write_and_kill(dir: &Path, first: usize, count: usize) -> usize {
    let mut writer = Command::new(std::env::current_exe().unwrap());
    writer.args(["--ignored", "--exact", "writer", "--nocapture"]).env("WRITER_DIR", dir);
    let mut writer = writer.env("WRITER_FIRST", first.to_string()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines().map(Result::unwrap);
    let acknowledged = lines.filter(|line| line.contains("WROTE")).take(count).count();
    writer.kill().unwrap();
    writer.wait().unwrap();
    acknowledged
}

/// Not a test: what the test above kills.
#[test]
#[ignore = "run by the test above"]
fn writer() {
    let from_env = |name: &str| std::env::var(name).unwrap();
    let vault = with_plain_key(Path::new(&from_env("WRITER_DIR")));
    let numbers = vault.records::<usize>("numbers");
    for number in from_env("WRITER_FIRST").parse::<usize>().unwrap().. {
        numbers.put(&format!("{number:06}"), &number).unwrap();
        println!("WROTE {number}");
    }
}

/// A key in a file as it is: quick, and the same in two processes.
struct PlainKey(PathBuf);

impl KeyRing for PlainKey {
    fn load(&self) -> Result<Option<Secret>, KeyRingError> {
        Ok(fs::read(&self.0).ok().map(Secret::new))
    }

    #[expect(clippy::disallowed_methods, reason = "a test's key")]
    fn store(&self, key: &Secret) -> Result<(), KeyRingError> {
        fs::write(&self.0, key.expose()).map_err(|e| KeyRingError::File(e.to_string()))
    }
}

fn with_plain_key(dir: &Path) -> Vault {
    let vault = Vault::open(&dir.join("vault"), Arc::new(PlainKey(dir.join("key"))), NOW).unwrap();
    vault.unlock().unwrap();
    vault
}

fn with_passphrase(dir: &Path) -> Vault {
    let keyring = Arc::new(PassphraseFile::new(dir.join("key")));
    keyring.offer(Secret::new("a passphrase"));
    let vault = Vault::open(&dir.join("vault"), keyring, NOW).unwrap();
    vault.unlock().unwrap();
    vault
}

#[test]
fn a_store_damaged_anywhere_is_set_aside_whole_and_never_opens_with_less_in_it() {
    let (dir, keyring) = filled();
    let good = fs::read(db(dir.path())).unwrap();
    for part in 0..24 {
        let mut bad = good.clone();
        bad[good.len() * part / 24] ^= 0x40;
        fs::write(db(dir.path()), &bad).unwrap();

        let vault = open(dir.path(), &keyring);
        let aside = vault.set_aside().unwrap().to_owned();
        assert_eq!(fs::read(aside.join("store.before/db")).unwrap(), bad, "kept as it was");
        vault.unlock().unwrap();
        assert!(vault.records::<usize>("numbers").list().unwrap().is_empty());
        drop(vault);
        put_back(dir.path(), &aside, &good);
    }
    assert_eq!(count(&open(dir.path(), &keyring)), RECORDS);
}

#[test]
fn a_store_cut_short_or_emptied_is_set_aside() {
    let (dir, keyring) = filled();
    let good = fs::read(db(dir.path())).unwrap();
    for length in [0, 1, good.len() / 2, good.len() - 1] {
        fs::write(db(dir.path()), &good[..length]).unwrap();
        let vault = open(dir.path(), &keyring);
        let aside = vault.set_aside().unwrap().to_owned();
        drop(vault);
        put_back(dir.path(), &aside, &good);
    }
}

#[test]
fn a_snapshot_that_does_not_open_costs_nothing() {
    let (dir, keyring) = filled();
    for name in ["snap.0000000000000001", "snap.00000000000fffff", "snap.00000000000fffff.generating"] {
        fs::write(dir.path().join("vault/store").join(name), b"half a snapshot").unwrap();
        let vault = open(dir.path(), &keyring);
        assert_eq!((vault.set_aside(), count(&vault)), (None, RECORDS), "{name}");
    }
}

#[test]
fn two_damaged_stores_are_both_kept() {
    let (dir, keyring) = filled();
    for _ in 0..2 {
        fs::write(db(dir.path()), b"").unwrap();
        let vault = open(dir.path(), &keyring);
        vault.unlock().unwrap();
        vault.records("numbers").put("1", &1).unwrap();
    }
    let aside = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with("vault.damaged-");
    assert_eq!(fs::read_dir(dir.path()).unwrap().map(Result::unwrap).filter(aside).count(), 2);
}

#[test]
fn a_record_changed_or_moved_in_the_store_is_refused() {
    let (dir, keyring) = filled();
    {
        let store = sled::open(dir.path().join("vault/store")).unwrap();
        let tree = store.open_tree("records/numbers").unwrap();
        let other = tree.get("000001").unwrap().unwrap();
        tree.insert("000000", other).unwrap();
        store.flush().unwrap();
    }
    let vault = open(dir.path(), &keyring);
    vault.unlock().unwrap();
    let numbers = vault.records::<usize>("numbers");
    assert!(matches!(numbers.get("000000"), Err(VaultError::Tampered { .. })));
    assert!(matches!(numbers.list(), Err(VaultError::Tampered { .. })), "a list is whole or an error");
    assert_eq!(numbers.get("000001").unwrap(), Some(1));
}

#[test]
fn another_master_key_and_none_are_told_apart_and_nothing_is_lost() {
    let (dir, keyring) = filled();
    let other = Arc::new(MemoryKeyRing::default());
    let vault = open(dir.path(), &other);
    assert!(matches!(vault.unlock(), Err(VaultError::MasterKeyGone)));
    other.store(&Secret::random().unwrap()).unwrap();
    assert!(matches!(vault.unlock(), Err(VaultError::WrongMasterKey)));
    assert!(vault.is_locked());
    drop(vault);
    assert_eq!(count(&open(dir.path(), &keyring)), RECORDS);
}

#[test]
fn a_second_wallet_on_the_same_folder_is_refused() {
    let (dir, keyring) = filled();
    let _first = open(dir.path(), &keyring);
    let second = Vault::open(&dir.path().join("vault"), keyring, NOW);
    assert!(matches!(second, Err(VaultError::InUse(_))));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was set aside");
}

#[test]
fn folders_are_0700_and_files_0600() {
    let dir = tempfile::tempdir().unwrap();
    let vault = with_passphrase(dir.path());
    vault.records("large").put("1", &"x".repeat(1 << 20)).unwrap();
    drop(vault);
    with_passphrase(dir.path());
    for path in everything_below(dir.path()) {
        let about = path.metadata().unwrap();
        let wanted = if about.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(about.permissions().mode() & 0o777, wanted, "{}", path.display());
    }
}

#[test]
fn threat_24_no_file_holds_a_secret() {
    let dir = tempfile::tempdir().unwrap();
    let vault = with_passphrase(dir.path());
    let server = ServerName::parse("github").unwrap();
    let canary = |name: &str| Secret::new(format!("canary-{name}"));
    vault.put_secret(&SecretName::Header(server.clone()), &canary("header")).unwrap();
    vault.put_secret(&SecretName::Env(server.clone(), "KEY".into()), &canary("env")).unwrap();
    vault.set_passphrase(&canary("passphrase")).unwrap();
    vault.make_key(&KeyName::Human).unwrap();
    let enrolment = vault.make_agent_secret(&AgentName::parse("claude").unwrap()).unwrap();
    let expires = None;
    let (access, refresh) = (canary("access"), Some(canary("refresh")));
    let [resource, issuer, token_type] =
        ["https://mcp.example", "https://as.example", "Bearer"].map(String::from);
    let tokens = TokenSet { resource, issuer, access, refresh, expires, scope: None, token_type };
    vault.tokens(&server).save(&tokens).unwrap();
    vault.records("settings").put("note", &String::from("canary-record")).unwrap();
    drop(vault);

    #[expect(clippy::disallowed_methods, reason = "to look for it")]
    let enrolment = enrolment.expose().to_vec();
    for path in everything_below(dir.path()).into_iter().filter(|path| path.is_file()) {
        let content = fs::read(&path).unwrap();
        for canary in [b"canary-".as_slice(), &enrolment, b"a passphrase"] {
            assert!(!content.windows(canary.len()).any(|window| window == canary), "{}", path.display());
        }
    }
}

fn filled() -> (tempfile::TempDir, Arc<MemoryKeyRing>) {
    let (dir, keyring) = (tempfile::tempdir().unwrap(), Arc::default());
    let vault = open(dir.path(), &keyring);
    vault.unlock().unwrap();
    for number in 0..RECORDS {
        vault.records("numbers").put(&format!("{number:06}"), &number).unwrap();
    }
    drop(vault);
    (dir, keyring)
}

fn open(dir: &Path, keyring: &Arc<MemoryKeyRing>) -> Vault {
    Vault::open(&dir.join("vault"), keyring.clone(), NOW).unwrap()
}

fn count(vault: &Vault) -> usize {
    vault.unlock().unwrap();
    vault.records::<usize>("numbers").list().unwrap().len()
}

fn db(dir: &Path) -> PathBuf {
    dir.join("vault/store/db")
}

fn put_back(dir: &Path, aside: &Path, good: &[u8]) {
    fs::remove_dir_all(dir.join("vault")).unwrap();
    fs::rename(aside, dir.join("vault")).unwrap();
    fs::write(db(dir), good).unwrap();
}

fn everything_below(dir: &Path) -> Vec<PathBuf> {
    let below = |path: PathBuf| if path.is_dir() { everything_below(&path) } else { vec![] };
    let paths: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.iter().cloned().chain(paths.iter().cloned().flat_map(below)).collect()
}
