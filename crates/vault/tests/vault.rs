//! The vault as its callers see it.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use domain::*;
use http::header::AUTHORIZATION;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use vault::*;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn open(dir: &Path, keyring: &Arc<MemoryKeyRing>) -> Vault {
    Vault::open(dir, keyring.clone(), NOW).unwrap()
}

fn unlocked(dir: &Path) -> Vault {
    let vault = open(dir, &Arc::default());
    vault.unlock().unwrap();
    vault
}

fn server_name() -> ServerName {
    ServerName::parse("github").unwrap()
}

fn agent_name() -> AgentName {
    AgentName::parse("claude").unwrap()
}

fn add_server(vault: &Vault, transport: Transport) -> ServerName {
    let server = Server { name: server_name(), transport, added: NOW };
    vault.records(SERVERS).put("github", &server).unwrap();
    server.name
}

fn http(credential: Credential) -> Transport {
    Transport::Http { url: "https://mcp.example/mcp".parse().unwrap(), credential }
}

fn header() -> Transport {
    http(Credential::Header { name: "X-Api-Key".into() })
}

fn stdio(variable: &str) -> Transport {
    let env = vec![("SHOWN".into(), EnvValue::Plain("plain".into())), (variable.into(), EnvValue::Secret)];
    Transport::Stdio(Launch { command: "true".into(), args: vec![], cwd: None, env })
}

fn tokens(access: &str) -> TokenSet {
    TokenSet {
        resource: "https://mcp.example/mcp".into(),
        issuer: "https://as.example".into(),
        access: Secret::new(access),
        refresh: Some(Secret::new("canary-refresh")),
        expires: None,
        scope: None,
        token_type: "bearer".into(),
    }
}

fn attach(vault: &Vault) -> Result<Attachment, VaultError> {
    vault.attach(policy::for_owner(&server_name(), NOW), NOW)
}

fn header_of(attachment: &Attachment, name: &str) -> String {
    attachment.headers()[name].to_str().unwrap().to_owned()
}

/// A permit for the agent's session with the server.
fn session_permit() -> policy::Permit {
    let agent = Agent {
        name: agent_name(),
        did: "did:key:z".into(),
        key: PublicKey([0; 32]),
        state: AgentState::Enrolled,
        programs: vec![],
        added: NOW,
    };
    let grant = Grant {
        server: server_name(),
        location: "https://mcp.example/mcp".into(),
        tools: vec![],
        resources: vec![],
        prompts: vec![],
    };
    let delegation = Delegation {
        id: DelegationId::new("d1"),
        agent: agent_name(),
        grants: vec![grant],
        issued: NOW,
        not_before: NOW,
        expires: NOW.plus(std::time::Duration::from_hours(1)),
        depth: 0,
        parent: None,
        revoked: None,
    };
    policy::admit(&agent, false, &[delegation], &server_name(), NOW).unwrap()
}

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

fn registration() -> ClientRegistration {
    ClientRegistration {
        issuer: "https://as.example".into(),
        client_id: "client".into(),
        client_secret: Some(Secret::new("canary-client-secret")),
        secret_expires: None,
        auth_method: None,
        redirect_uris: vec![],
    }
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
