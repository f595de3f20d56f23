//! Keys and records, over locks and restarts.

use super::*;

#[test]
fn what_was_put_is_there_after_closing_and_opening_again() {
    let (dir, keyring) = (tempfile::tempdir().unwrap(), Arc::default());
    let vault = open(dir.path(), &keyring);
    vault.unlock().unwrap();
    let human = vault.make_key(&KeyName::Human).unwrap();
    vault.records("settings").put("theme", &"dark".to_owned()).unwrap();
    vault.tokens(&server_name()).save(&tokens("canary-access")).unwrap();
    drop(vault);

    let vault = open(dir.path(), &keyring);
    vault.unlock().unwrap();
    assert_eq!(vault.public_key(&KeyName::Human).unwrap(), Some(human));
    assert_eq!(vault.records::<String>("settings").get("theme").unwrap().unwrap(), "dark");
    assert_eq!(vault.tokens(&server_name()).load().unwrap().unwrap().access, Secret::new("canary-access"));
}

#[test]
fn a_locked_vault_gives_nothing_and_signs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    add_server(&vault, http(Credential::None));
    vault.make_key(&KeyName::Receipt).unwrap();
    let signer = vault.signer(&KeyName::Receipt).unwrap();
    vault.lock();

    assert_eq!(signer.sign(b"x"), Err(SignError::Locked));
    assert!(matches!(attach(&vault), Err(VaultError::Locked)));
    assert!(matches!(vault.records::<Server>(SERVERS).list(), Err(VaultError::Locked)));
    assert!(matches!(vault.tokens(&server_name()).load(), Err(VaultError::Locked)));
    assert!(matches!(vault.agent_secret(&agent_name()), Err(VaultError::Locked)));
    assert!(matches!(vault.delete_secrets_of(&server_name()), Err(VaultError::Locked)));
}

#[test]
fn a_signer_works_again_after_the_next_unlock() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    vault.make_key(&KeyName::Receipt).unwrap();
    let signer = vault.signer(&KeyName::Receipt).unwrap();
    let before = signer.sign(b"x").unwrap();
    vault.lock();
    vault.unlock().unwrap();
    assert_eq!(signer.sign(b"x").unwrap(), before);
}

#[test]
fn a_key_is_never_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    let first = vault.make_key(&KeyName::Human).unwrap();
    assert_eq!(vault.make_key(&KeyName::Human).unwrap(), first);
}

#[test]
fn a_deleted_agents_key_stops_signing_also_where_it_was_attached() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    add_server(&vault, http(Credential::None));
    let name = KeyName::Agent(agent_name());
    vault.make_key(&name).unwrap();
    let attachment = vault.attach(session_permit(), NOW).unwrap();

    vault.delete_agent_key(&agent_name()).unwrap();
    assert!(attachment.holder().unwrap().sign(b"x").is_err());
    vault.make_key(&name).unwrap();
    assert!(attachment.holder().unwrap().sign(b"x").is_err(), "a new key does not sign for the old one");
}
