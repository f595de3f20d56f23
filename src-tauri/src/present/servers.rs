//! Servers, their logins and tools.

use super::agents::count;
use crate::failure::Answered;
use crate::shell::Shell;
use crate::view;
use broker::{Broker, LoginState, ServerView};
use domain::{Credential, DelegationState, ServerName, Tool, Transport};
use serde_json::Value;

/// A server in the list.
pub(crate) fn server(shell: &Shell, broker: &Broker, server: &ServerView) -> view::Server {
    let name = &server.server.name;
    view::Server {
        name: name.clone(),
        transport: transport(&server.server.transport),
        login: login(shell, broker, server),
        status: view::Status::Unknown,
        changed_tools: count(changed(shell, broker, name)),
    }
}

/// Everything about one server; `tools` as asked just now.
pub(crate) fn server_detail(
    shell: &Shell,
    broker: &Broker,
    server: &ServerView,
    tools: Answered<Vec<Tool>>,
) -> view::ServerDetail {
    let name = &server.server.name;
    let mut shown = self::server(shell, broker, server);
    let tools = match tools {
        Ok(tools) => {
            shown.status = view::Status::Answers { ms: None };
            view::Tools::Listed { tools: tools.iter().map(|listed| tool(broker, name, listed)).collect() }
        }
        Err(why) => {
            shown.status = view::Status::Fails { why: why.clone() };
            view::Tools::Failed { why }
        }
    };
    let mut used_by: Vec<_> = granted(broker, name).map(|(agent, ..)| agent).collect();
    used_by.sort();
    used_by.dedup();
    let waiting = broker.live().into_iter().filter(|call| call.server == *name).map(super::work).collect();
    view::ServerDetail { server: shown, tools, used_by, waiting, happened: vec![] }
}

/// A tool in a server's list.
fn tool(broker: &Broker, server: &ServerName, tool: &Tool) -> view::Tool {
    let mut pins = granted(broker, server).filter(|(_, name, _)| *name == tool.name);
    view::Tool {
        name: tool.name.clone(),
        title: tool.title().to_owned(),
        description: tool.description().to_owned(),
        risk: tool.risk().into(),
        definition: tool.definition,
        parameters: parameters(&tool.raw),
        changed: pins.any(|(.., definition)| definition != tool.definition),
    }
}

/// Every tool some agent holds on a server now, with the definition it is pinned to.
fn granted(
    broker: &Broker,
    server: &ServerName,
) -> impl Iterator<Item = (domain::AgentName, String, domain::Digest)> {
    let held = broker.delegations().into_iter().filter(|held| held.state == DelegationState::Active);
    let server = server.clone();
    held.flat_map(move |held| {
        let agent = held.delegation.agent.clone();
        let tools = held.delegation.grant(&server).map(|grant| grant.tools.clone()).unwrap_or_default();
        tools.into_iter().map(move |tool| (agent.clone(), tool.name, tool.definition))
    })
}

fn changed(shell: &Shell, broker: &Broker, server: &ServerName) -> usize {
    granted(broker, server).filter(|(_, name, pin)| shell.tools().changed(server, name, *pin)).count()
}

fn transport(transport: &Transport) -> view::Transport {
    match transport {
        Transport::Stdio(launch) => view::Transport::Stdio {
            command: launch.command.clone(),
            args: launch.args.clone(),
            cwd: launch.cwd.as_ref().map(|dir| dir.to_string_lossy().into_owned()),
            env: launch.env.iter().map(|(name, _)| name.clone()).collect(),
        },
        Transport::Http { url, .. } => view::Transport::Http { url: url.to_string() },
    }
}

fn login(shell: &Shell, broker: &Broker, server: &ServerView) -> view::Login {
    if shell.logins().contains_key(&server.server.name) {
        return view::Login::Waiting;
    }
    match (&server.login, &server.server.transport) {
        (LoginState::NotNeeded, Transport::Http { credential: Credential::Header { name }, .. }) => {
            view::Login::Header { name: name.clone() }
        }
        (LoginState::NotNeeded, _) => view::Login::None,
        (LoginState::LoggedOut, _) => view::Login::LoggedOut,
        (LoginState::LoggedIn { expires, scope, wants }, _) => view::Login::LoggedIn {
            expires: *expires,
            scopes: words(scope.as_deref().unwrap_or_default()),
            wants: wants.as_deref().map(words),
        },
        (LoginState::Broken { .. }, _) => view::Login::Ended { at: broker.now() },
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn parameters(tool: &Value) -> Vec<view::Parameter> {
    let schema = tool.get("inputSchema");
    let required = schema.and_then(|schema| schema.get("required")).and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|n| n == name));
    let Some(properties) = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object)
    else {
        return vec![];
    };
    let kind = |schema: &Value| schema.get("type").and_then(Value::as_str).unwrap_or("any").to_owned();
    properties
        .iter()
        .map(|(name, schema)| view::Parameter {
            name: name.clone(),
            kind: kind(schema),
            required: is_required(name),
        })
        .collect()
}
