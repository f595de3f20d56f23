//! The human's passphrase, as the key to a wallet without a keyring and as consent.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use domain::Timestamp;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use vault::*;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
const RIGHT: &str = "correct horse";

fn keyring(dir: &Path, passphrase: Option<&str>) -> Arc<PassphraseFile> {
    let keyring = Arc::new(PassphraseFile::new(dir.join("key/master")));
    passphrase.into_iter().for_each(|passphrase| keyring.offer(Secret::new(passphrase)));
    keyring
}

fn unlock(dir: &Path, passphrase: Option<&str>) -> Result<Vault, KeyRingError> {
    let vault = Vault::open(&dir.join("vault"), keyring(dir, passphrase), NOW).unwrap();
    match vault.unlock() {
        Ok(()) => Ok(vault),
        Err(VaultError::KeyRing(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_passphrase_chosen_first_is_the_one_that_opens_the_wallet() {
    let dir = tempfile::tempdir().unwrap();
    let key = unlock(dir.path(), Some(RIGHT)).unwrap().make_key(&KeyName::Human).unwrap();
    assert!(matches!(unlock(dir.path(), Some("wrong horse")), Err(KeyRingError::WrongPassphrase)));
    assert!(matches!(unlock(dir.path(), None), Err(KeyRingError::PassphraseNeeded)));
    assert_eq!(unlock(dir.path(), Some(RIGHT)).unwrap().public_key(&KeyName::Human).unwrap(), Some(key));

    let mode = fs::metadata(dir.path().join("key/master")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_passphrase_is_forgotten_once_used() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlock(dir.path(), Some(RIGHT)).unwrap();
    vault.lock();
    let needed = VaultError::KeyRing(KeyRingError::PassphraseNeeded).to_string();
    assert_eq!(vault.unlock().unwrap_err().to_string(), needed);
}

#[test]
fn nothing_is_made_without_a_passphrase_or_with_a_short_one() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(unlock(dir.path(), None), Err(KeyRingError::PassphraseNeeded)));
    assert!(matches!(unlock(dir.path(), Some("horse")), Err(KeyRingError::TooShort(8))));
    assert!(!keyring(dir.path(), None).exists());
}

#[test]
fn a_damaged_key_file_is_named_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key/master");
    unlock(dir.path(), Some(RIGHT)).unwrap();
    let good = fs::read_to_string(&path).unwrap();
    let tampered = good.replace("\"sealed\":\"", "\"sealed\":\"AAAA");
    for bad in ["", "{}", &good[..good.len() / 2], &good.replace("\"v\":1", "\"v\":2")] {
        fs::write(&path, bad).unwrap();
        assert!(matches!(unlock(dir.path(), Some(RIGHT)), Err(KeyRingError::Damaged { .. })), "{bad}");
        assert_eq!(fs::read_to_string(&path).unwrap(), bad);
    }
    fs::write(&path, tampered).unwrap();
    assert!(matches!(unlock(dir.path(), Some(RIGHT)), Err(KeyRingError::WrongPassphrase)));
}

/// A wallet in which [`RIGHT`] is the consent passphrase.
fn consenting(dir: &Path, keyring: &Arc<MemoryKeyRing>) -> Vault {
    let vault = Vault::open(dir, keyring.clone(), NOW).unwrap();
    vault.unlock().unwrap();
    if !vault.has_passphrase().unwrap() {
        vault.set_passphrase(&Secret::new(RIGHT)).unwrap();
    }
    vault
}

fn verify(vault: &Vault, passphrase: &str, after: u64) -> Result<(), VaultError> {
    vault.verify_passphrase(&Secret::new(passphrase), NOW.plus(Duration::from_secs(after)))
}

#[test]
fn consent_takes_the_right_passphrase_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let vault = consenting(dir.path(), &Arc::default());
    assert!(verify(&vault, RIGHT, 0).is_ok());
    assert!(matches!(verify(&vault, "wrong horse", 0), Err(VaultError::WrongPassphrase)));
    assert!(matches!(verify(&vault, "", 0), Err(VaultError::WrongPassphrase)));
    assert!(verify(&vault, RIGHT, 0).is_ok());
}

#[test]
fn without_a_passphrase_nothing_is_consent() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path(), Arc::new(MemoryKeyRing::default()), NOW).unwrap();
    assert!(matches!(verify(&vault, "", 0), Err(VaultError::Locked)));
    vault.unlock().unwrap();
    assert!(matches!(verify(&vault, "", 0), Err(VaultError::NoPassphrase)));
    let short = vault.set_passphrase(&Secret::new("short"));
    assert!(matches!(short, Err(VaultError::KeyRing(KeyRingError::TooShort(_)))));
}

#[test]
fn threat_22_guessing_gets_slower_and_a_restart_does_not_help() {
    let (dir, keyring) = (tempfile::tempdir().unwrap(), Arc::default());
    let vault = consenting(dir.path(), &keyring);
    for _ in 0..3 {
        assert!(matches!(verify(&vault, "wrong horse", 0), Err(VaultError::WrongPassphrase)));
    }
    assert!(matches!(verify(&vault, RIGHT, 0), Err(VaultError::TooManyAttempts { .. })));
    drop(vault);

    let vault = consenting(dir.path(), &keyring);
    assert!(matches!(verify(&vault, RIGHT, 0), Err(VaultError::TooManyAttempts { .. })));
    assert!(matches!(verify(&vault, "wrong horse", 1), Err(VaultError::WrongPassphrase)));
    assert!(matches!(verify(&vault, RIGHT, 2), Err(VaultError::TooManyAttempts { .. })), "two seconds now");
    assert!(verify(&vault, RIGHT, 3).is_ok());
    assert!(matches!(verify(&vault, "wrong horse", 3), Err(VaultError::WrongPassphrase)));
    assert!(verify(&vault, RIGHT, 3).is_ok(), "the right one starts the count anew");
}

#[test]
fn a_clock_set_back_keeps_nobody_out() {
    let dir = tempfile::tempdir().unwrap();
    let vault = consenting(dir.path(), &Arc::default());
    for _ in 0..3 {
        let _ = verify(&vault, "wrong horse", 1_000);
    }
    assert!(verify(&vault, RIGHT, 0).is_ok());
}
