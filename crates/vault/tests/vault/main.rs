//! The vault as its callers see it.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod attach;
mod hiding;
mod locking;

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
        search: domain::ToolSearch::Off,
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

fn registration() -> ClientRegistration {
    ClientRegistration {
        issuer: "https://as.example".into(),
        client_id: "client".into(),
        client_secret: Some(Secret::new("canary-client-secret")),
        secret_expires: None,
        auth_method: None,
        redirect_uris: vec![],
        redirect_port: None,
    }
}
