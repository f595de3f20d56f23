//! Nothing secret shows.

use super::*;

#[test]
fn threat_29_an_answer_that_comes_after_the_lock_is_withheld() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    vault.put_secret(&SecretName::Header(server_name()), &Secret::new("canary-header")).unwrap();
    vault.lock();
    assert_eq!(vault.redactor().redact_text("late: canary-header"), "[redacted by Countersign]");
    vault.unlock().unwrap();
    assert_eq!(vault.redactor().redact_text("late: canary-header"), "late: [redacted by Countersign]");
}

#[test]
fn threat_29_every_kind_of_secret_is_struck_out_also_after_a_restart() {
    let (dir, keyring) = (tempfile::tempdir().unwrap(), Arc::default());
    let vault = open(dir.path(), &keyring);
    vault.unlock().unwrap();
    let server = server_name();
    vault.put_secret(&SecretName::Header(server.clone()), &Secret::new("canary-header")).unwrap();
    vault.put_secret(&SecretName::Env(server.clone(), "KEY".into()), &Secret::new("canary-env")).unwrap();
    vault.tokens(&server).save(&tokens("canary-access")).unwrap();
    vault.tokens(&server).save_registration(&registration()).unwrap();
    let secrets = ["canary-header", "canary-env", "canary-access", "canary-refresh", "canary-client-secret"];

    let shown = |vault: &Vault| vault.redactor().redact_text(&secrets.join(" "));
    let before = shown(&vault);
    drop(vault);
    let vault = open(dir.path(), &keyring);
    vault.unlock().unwrap();
    for clean in [before, shown(&vault)] {
        assert_eq!(clean.matches("[redacted by Countersign]").count(), secrets.len(), "{clean}");
        assert!(!clean.contains("canary"), "{clean}");
    }
}

#[test]
fn threat_24_debug_of_whatever_holds_a_secret_shows_nothing_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    let server = add_server(&vault, header());
    vault.put_secret(&SecretName::Header(server.clone()), &Secret::new("canary-header")).unwrap();
    vault.make_key(&KeyName::Human).unwrap();
    vault.tokens(&server).save(&tokens("canary-access")).unwrap();
    let attachment = attach(&vault).unwrap();

    let shown = [
        format!("{vault:?} {:?} {:?}", vault.redactor(), vault.signer(&KeyName::Human).unwrap()),
        format!("{:?} {:?}", vault.tokens(&server), vault.tokens(&server).load().unwrap()),
        format!("{:?} {attachment:?} {:?}", registration(), attachment.headers()),
        format!("{:?}", vault.put_secret(&SecretName::Header(server), &Secret::new("canary-\n"))),
    ];
    assert!(!shown.join(" ").contains("canary"), "{shown:?}");
}

#[test]
fn threat_24_a_record_that_can_not_be_read_is_not_repeated_in_the_error() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    vault.records("settings").put("note", &String::from("canary-note")).unwrap();
    let error = vault.records::<u64>("settings").get("note").unwrap_err();
    assert!(matches!(error, VaultError::Unreadable { .. }));
    assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
}
