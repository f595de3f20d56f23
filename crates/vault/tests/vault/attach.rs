//! What a permit opens, and what it does not.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn an_agents_key_signs_only_under_a_permit() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    add_server(&vault, http(Credential::None));
    let name = KeyName::Agent(agent_name());
    let key = vault.make_key(&name).unwrap();

    assert!(matches!(vault.signer(&name), Err(VaultError::PermitNeeded)));
    let attachment = vault.attach(session_permit(), NOW).unwrap();
    assert_eq!(attachment.holder().unwrap().public_key(), key);
    assert!(attach(&vault).unwrap().holder().is_none(), "the human's own look signs for no agent");
}

#[test]
fn an_expired_permit_opens_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    add_server(&vault, http(Credential::None));
    let permit = policy::for_owner(&server_name(), NOW);
    let late = permit.expires();
    assert!(matches!(vault.attach(permit, late), Err(VaultError::PermitExpired { .. })));
}

#[test]
fn a_fixed_header_is_attached_and_marked_sensitive() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    let server = add_server(&vault, header());
    assert!(matches!(attach(&vault), Err(VaultError::NoSecret { .. })));

    vault.put_secret(&SecretName::Header(server), &Secret::new("canary-key")).unwrap();
    let headers = attach(&vault).unwrap().headers();
    assert_eq!(headers["x-api-key"], "canary-key");
    assert!(headers["x-api-key"].is_sensitive());
    assert!(!format!("{headers:?}").contains("canary"));
}

#[test]
fn a_new_secret_is_used_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    let name = SecretName::Header(add_server(&vault, header()));
    for value in ["canary-first", "canary-second"] {
        vault.put_secret(&name, &Secret::new(value)).unwrap();
        assert_eq!(header_of(&attach(&vault).unwrap(), "x-api-key"), value);
    }
}

#[test]
fn an_access_token_is_attached_as_bearer_and_a_refreshed_one_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    let server = add_server(&vault, http(Credential::OAuth));
    assert!(matches!(attach(&vault), Err(VaultError::LoginNeeded(_))));

    for access in ["canary-1", "canary-2"] {
        vault.tokens(&server).save(&tokens(access)).unwrap();
        let attachment = attach(&vault).unwrap();
        assert_eq!(header_of(&attachment, AUTHORIZATION.as_str()), format!("Bearer {access}"));
    }
    vault.tokens(&server).clear().unwrap();
    assert!(matches!(attach(&vault), Err(VaultError::LoginNeeded(_))));
}

#[test]
fn threat_14_a_token_is_not_sent_to_another_address_than_it_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    let server = add_server(&vault, http(Credential::OAuth));
    vault.tokens(&server).save(&tokens("canary-access")).unwrap();
    attach(&vault).unwrap();

    let url = "https://evil.example/mcp".parse().unwrap();
    add_server(&vault, Transport::Http { url, credential: Credential::OAuth });
    assert!(matches!(attach(&vault), Err(VaultError::LoginNeeded(_))));
}

#[test]
fn a_child_gets_its_secret_variables() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    let server = add_server(&vault, stdio("API_KEY"));
    vault.put_secret(&SecretName::Env(server, "API_KEY".into()), &Secret::new("canary-env")).unwrap();

    let mut command = Command::new("true");
    attach(&vault).unwrap().dress(&mut command);
    let env: Vec<_> = command.get_envs().collect();
    assert_eq!(env, [("API_KEY".as_ref(), Some("canary-env".as_ref()))]);
}

#[test]
fn a_server_added_again_under_the_same_name_starts_with_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    let server = add_server(&vault, stdio("API_KEY"));
    let env = SecretName::Env(server.clone(), "API_KEY".into());
    let header = SecretName::Header(server.clone());
    let other = SecretName::Header(ServerName::parse("github-2").unwrap());
    for name in [&env, &header, &other] {
        vault.put_secret(name, &Secret::new("canary-old")).unwrap();
    }
    vault.tokens(&server).save(&tokens("canary-access")).unwrap();
    vault.tokens(&server).save_registration(&registration()).unwrap();
    attach(&vault).unwrap();

    vault.delete_secrets_of(&server).unwrap();
    assert!(!vault.has_secret(&env).unwrap() && !vault.has_secret(&header).unwrap());
    assert!(vault.has_secret(&other).unwrap(), "a longer name that starts the same keeps its own");
    assert!(vault.tokens(&server).load().unwrap().is_none());
    assert!(vault.tokens(&server).registration("https://as.example").unwrap().is_none());
    assert!(attach(&vault).is_err());
}

#[test]
fn a_registration_belongs_to_one_issuer() {
    let dir = tempfile::tempdir().unwrap();
    let account = unlocked(dir.path()).tokens(&server_name());
    account.save_registration(&registration()).unwrap();
    let kept = account.registration("https://as.example").unwrap().unwrap();
    assert_eq!(kept.client_secret, Some(Secret::new("canary-client-secret")));
    assert!(account.registration("https://as.example/").unwrap().is_none());
}

#[test]
fn values_that_can_not_be_sent_are_refused_before_they_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    let header = SecretName::Header(server_name());
    let env = |variable: &str| SecretName::Env(server_name(), variable.into());
    for (name, value) in [
        (header.clone(), "two\r\nlines"),
        (header, ""),
        (env("KEY"), "nul\0"),
        (env("A=B"), "canary-value"),
        (env(""), "canary-value"),
    ] {
        let refused = vault.put_secret(&name, &Secret::new(value));
        assert!(matches!(refused, Err(VaultError::BadSecret { .. })), "{name:?}");
    }
}

#[test]
fn threat_25_once_a_token_is_saved_no_call_gets_an_older_one_however_many_run() {
    let dir = tempfile::tempdir().unwrap();
    let vault = unlocked(dir.path());
    let server = add_server(&vault, http(Credential::OAuth));
    let saved = AtomicUsize::new(0);
    vault.tokens(&server).save(&tokens("canary-0")).unwrap();

    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                // As long as tokens are being saved, and not for ever should that fail.
                for before in (0..1_000_000).map(|_| saved.load(Ordering::SeqCst)).take_while(|n| *n < 40) {
                    let header = header_of(&attach(&vault).unwrap(), AUTHORIZATION.as_str());
                    let number: usize = header.strip_prefix("Bearer canary-").unwrap().parse().unwrap();
                    assert!(number >= before, "{number} after {before}");
                }
            });
        }
        for number in 1..=40 {
            vault.tokens(&server).save(&tokens(&format!("canary-{number}"))).unwrap();
            saved.store(number, Ordering::SeqCst);
        }
    });
}
