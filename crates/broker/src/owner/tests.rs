//! What the owner can do, on a wallet of a test's own.

use crate::{
    Broker, BrokerError, CreateWallet, Draft, GrantDraft, Home, KeyChoice, NewServer, Secret, ToolDraft,
    WalletState,
};
use domain::{
    AgentName, ApprovalMode, EnvValue, Launch, Limits, PromptGrant, ResourceGrant, ServerName, Transport,
};
use std::time::Duration;
use tempfile::TempDir;
use vault::{KeyName, SecretName};

const PASSPHRASE: &str = "correct horse";

fn secret() -> Secret {
    Secret::new(PASSPHRASE)
}

fn new_wallet(passphrase: &str) -> CreateWallet {
    let passphrase = Some(Secret::new(passphrase.to_owned()));
    CreateWallet { identity: "Test".into(), keys: KeyChoice::Passphrase, passphrase }
}

async fn empty() -> (TempDir, Broker) {
    let dir = TempDir::new().unwrap();
    let broker = Broker::open(Home::at(dir.path())).await.unwrap();
    (dir, broker)
}

async fn wallet() -> (TempDir, Broker) {
    let (dir, broker) = empty().await;
    broker.create(new_wallet(PASSPHRASE)).await.unwrap();
    (dir, broker)
}

async fn consent(broker: &Broker) -> crate::Consent {
    broker.consent_by_passphrase(&secret()).await.unwrap()
}

async fn with_agent() -> (TempDir, Broker, AgentName) {
    let (dir, broker) = wallet().await;
    let scout = AgentName::parse("scout").unwrap();
    broker.add_agent(consent(&broker).await, scout.clone()).await.unwrap();
    (dir, broker, scout)
}

fn stdio(name: &str, command: &str) -> NewServer {
    let env = vec![("KEY".into(), EnvValue::Secret)];
    let launch = Launch { command: command.into(), args: vec![], env, cwd: None };
    NewServer {
        name: ServerName::parse(name).unwrap(),
        transport: Transport::Stdio(launch),
        env_secrets: vec![("KEY".into(), Secret::new("a-secret-of-a-server"))],
        header: None,
    }
}

fn tool(name: &str) -> ToolDraft {
    ToolDraft {
        name: name.into(),
        definition: None,
        approval: ApprovalMode::Never,
        limits: Limits::default(),
    }
}

fn grant(server: &str) -> GrantDraft {
    GrantDraft {
        server: ServerName::parse(server).unwrap(),
        tools: vec![],
        resources: vec![],
        prompts: vec![PromptGrant { name: "p".into() }],
    }
}

fn draft(agent: &AgentName, grants: Vec<GrantDraft>) -> Draft {
    Draft { agent: agent.clone(), grants, lasts: Duration::from_secs(60) }
}

async fn kinds(broker: &Broker) -> Vec<String> {
    let mut entries = broker.activity(&ledger::Filter::default()).unwrap();
    entries.reverse();
    entries.iter().map(|entry| entry.body.kind.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_delegation_names_twice_is_refused_in_words() {
    let (_dir, broker, scout) = with_agent().await;
    let twice = [
        (vec![grant("s"), grant("s")], "the server s"),
        (vec![GrantDraft { tools: vec![tool("x"), tool("x")], ..grant("s") }], "the tool x on s"),
        (
            vec![GrantDraft {
                resources: vec![ResourceGrant { uri: "u:/".into() }, ResourceGrant { uri: "u:/".into() }],
                ..grant("s")
            }],
            "the resource u:/ on s",
        ),
        (
            vec![GrantDraft {
                prompts: vec![PromptGrant { name: "p".into() }, PromptGrant { name: "p".into() }],
                ..grant("s")
            }],
            "the prompt p on s",
        ),
    ];
    for (grants, named) in twice {
        let refused = broker.delegate(consent(&broker).await, draft(&scout, grants)).await;
        let Err(BrokerError::Invalid(sentence)) = refused else { panic!("{named}: {refused:?}") };
        assert!(sentence.starts_with(&format!("{named} is named twice")), "{sentence}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_could_not_be_made_can_be_made_after_all() {
    let (dir, broker) = empty().await;
    assert!(broker.create(new_wallet("short")).await.is_err());
    assert_eq!(broker.status().wallet, WalletState::Fresh);
    assert!(!broker.0.vault.exists(), "nothing was begun");

    // The disk failed between the vault's own key and what is said about the wallet.
    broker.0.create_vault(new_wallet(PASSPHRASE)).unwrap();
    broker.close().await;
    drop(broker);
    let broker = Broker::open(Home::at(dir.path())).await.unwrap();
    assert_eq!(broker.status().wallet, WalletState::Fresh);
    assert!(matches!(broker.unlock(Some(secret())).await, Err(BrokerError::NoWallet)));

    broker.create(new_wallet(PASSPHRASE)).await.unwrap();
    assert_eq!(broker.status().wallet, WalletState::Unlocked);
    assert!(matches!(broker.create(new_wallet(PASSPHRASE)).await, Err(BrokerError::Exists)));
    broker.lock().await;
    broker.unlock(Some(secret())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlock_that_fails_leaves_nothing_open() {
    let (_dir, broker) = wallet().await;
    broker.0.vault.records::<String>("agents").put("scout", &"no agent at all".into()).unwrap();
    broker.lock().await;

    broker.unlock(Some(secret())).await.unwrap_err();

    assert_eq!(broker.status().wallet, WalletState::Locked);
    assert!(broker.0.vault.is_locked(), "no key is left in memory under a wallet that says it is locked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_wipes_a_vault_that_is_open_under_a_shut_book() {
    let (_dir, broker) = wallet().await;
    broker.0.books.shut();
    broker.lock().await;
    assert!(broker.0.vault.is_locked());
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_without_an_end_are_closed_by_the_lock_and_by_the_unlock() {
    let (_dir, broker) = wallet().await;
    let call = |id: &str| proof::receipt::Body {
        call: Some(domain::CallId::new(id)),
        ..broker.0.body(proof::receipt::Kind::CallOpened)
    };
    broker.0.write(call("stuck")).unwrap();
    let human = broker.status().did;
    broker.lock().await;
    assert!(broker.0.ledger.unfinished().unwrap().is_empty());
    let closed = broker.activity(&ledger::Filter::default()).unwrap();
    assert_eq!(closed[0].body.kind.as_str(), "vault.locked");
    assert_eq!((closed[1].body.kind.as_str(), &closed[1].body.human), ("call.closed", &human));

    broker.unlock(Some(secret())).await.unwrap();
    broker.0.write(call("lost")).unwrap();
    // Without a restart: the lock had no time to write.
    broker.0.shut_up();
    broker.unlock(Some(secret())).await.unwrap();
    assert!(broker.0.ledger.unfinished().unwrap().is_empty());
    assert!(broker.verify_record().unwrap().holds());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_withdraws_every_question() {
    let (_dir, broker) = wallet().await;
    let asking = tokio::spawn({
        let broker = broker.clone();
        async move { broker.ask_consent("Add a server".into(), vec![]).await }
    });
    while broker.questions().is_empty() {
        tokio::task::yield_now().await;
    }
    broker.lock().await;
    assert!(broker.questions().is_empty());
    assert!(matches!(asking.await.unwrap(), Err(BrokerError::NotConfirmed)));
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_23_a_record_cut_below_its_checkpoint_is_never_covered_up() {
    let (dir, broker) = wallet().await;
    for _ in 0..3 {
        broker.pause_all().await.unwrap();
        broker.resume_all(consent(&broker).await).await.unwrap();
    }
    broker.close().await;
    drop(broker);
    let file = Home::at(dir.path()).ledger_dir().join("000001.jsonl");
    let lines = std::fs::read_to_string(&file).unwrap();
    let kept: Vec<_> = lines.lines().take(lines.lines().count() - 3).collect();
    std::fs::write(&file, format!("{}\n", kept.join("\n"))).unwrap();

    let broker = Broker::open(Home::at(dir.path())).await.unwrap();
    for _ in 0..3 {
        broker.unlock(Some(secret())).await.unwrap();
        assert!(broker.status().notices.iter().any(|notice| notice.contains("cut or rewritten")));
        for _ in 0..3 {
            // It grows beyond the length that it once had.
            broker.pause_all().await.unwrap();
        }
        assert!(!broker.verify_record().unwrap().holds());
        broker.lock().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_the_record_has_come_is_kept_while_the_wallet_works() {
    let (_dir, broker) = wallet().await;
    broker.pause_all().await.unwrap();
    let reached = broker.0.ledger.checkpoint();
    tokio::time::timeout(Duration::from_secs(20), async {
        while broker.0.known_checkpoint().unwrap() != Some(reached) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("no checkpoint was kept without a lock");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_agent_s_key_is_gone_and_its_delegations_are_in_the_record() {
    let (_dir, broker, scout) = with_agent().await;
    broker.add_server(consent(&broker).await, stdio("s", "sh")).await.unwrap();
    broker.delegate(consent(&broker).await, draft(&scout, vec![grant("s")])).await.unwrap();
    assert!(broker.0.vault.public_key(&KeyName::Agent(scout.clone())).unwrap().is_some());

    broker.revoke_agent(&scout).await.unwrap();

    assert!(broker.0.vault.public_key(&KeyName::Agent(scout.clone())).unwrap().is_none());
    assert_eq!(kinds(&broker).await[4..], ["agent.revoked", "delegation.revoked"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_server_s_delegations_are_in_the_record() {
    let (_dir, broker, scout) = with_agent().await;
    broker.add_server(consent(&broker).await, stdio("s", "sh")).await.unwrap();
    broker.delegate(consent(&broker).await, draft(&scout, vec![grant("s")])).await.unwrap();
    broker.remove_server(&ServerName::parse("s").unwrap()).await.unwrap();
    assert_eq!(kinds(&broker).await[4..], ["delegation.revoked", "server.removed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_not_added_leaves_no_secret_and_takes_none_away() {
    let (_dir, broker) = wallet().await;
    let has = |name: &str| {
        let name = SecretName::Env(ServerName::parse(name).unwrap(), "KEY".into());
        broker.0.vault.has_secret(&name).unwrap()
    };
    let missing = broker.add_server(consent(&broker).await, stdio("gone", "/no/such/program")).await;
    assert!(matches!(missing, Err(BrokerError::Invalid(_))));
    assert!(!has("gone"), "the secret of a server that is not there");

    let (first, second) = tokio::join!(
        broker.add_server(crate::Consent::by_confirmation(), stdio("twin", "sh")),
        broker.add_server(crate::Consent::by_confirmation(), stdio("twin", "cat")),
    );
    assert!(first.is_ok() != second.is_ok(), "one of the two: {first:?} {second:?}");
    assert!(has("twin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pausing_cancels_calls_though_the_record_can_not_be_written() {
    let (_dir, broker) = wallet().await;
    let call = domain::CallId::new("c");
    let (agent, server) = (AgentName::parse("scout").unwrap(), ServerName::parse("s").unwrap());
    let flight = broker.0.sessions.take_off(
        &call,
        &agent,
        &server,
        &domain::Target::tool("t"),
        broker.now(),
        &tokio_util::sync::CancellationToken::new(),
    );
    broker.0.vault.lock();

    broker.pause_all().await.unwrap_err();

    assert!(flight.is_stopped());
}
