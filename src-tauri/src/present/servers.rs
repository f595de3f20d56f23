//! Servers, their logins and tools.

use super::{agents::count, record};
use crate::failure::Answered;
use crate::shell::Shell;
use crate::view;
use broker::{Broker, LoginState, Offer, ServerView};
use domain::{Credential, DelegationState, ServerName, Tool, Transport};
use serde_json::Value;

/// A server in the list.
pub(crate) fn server(shell: &Shell, broker: &Broker, server: &ServerView) -> view::Server {
    let name = &server.server.name;
    view::Server {
        name: name.clone(),
        transport: transport(&server.server.transport),
        login: login(shell, broker, server),
        status: shell.tools().status(name),
        changed_tools: count(changed(shell, broker, name)),
    }
}

/// Everything about one server; `offer` as asked just now.
pub(crate) fn server_detail(
    shell: &Shell,
    broker: &Broker,
    server: &ServerView,
    offer: Answered<Offer>,
) -> view::ServerDetail {
    let name = &server.server.name;
    let tools = match offer {
        Ok(offer) => view::Tools::Listed {
            tools: offer.tools.iter().map(|listed| tool(broker, name, listed)).collect(),
            resources: resources(&offer),
            prompts: offer.prompts.iter().filter_map(prompt).collect(),
        },
        Err(why) => view::Tools::Failed { why },
    };
    let mut used_by: Vec<_> = granted(broker, name).map(|(agent, ..)| agent).collect();
    used_by.sort();
    used_by.dedup();
    let waiting = broker.live().into_iter().filter(|call| call.server == *name).map(super::work).collect();
    let happened = record::happened(broker, name).unwrap_or_default();
    view::ServerDetail { server: self::server(shell, broker, server), tools, used_by, waiting, happened }
}

/// Resources as they can be granted: a family of them by what its addresses begin with.
fn resources(offer: &Offer) -> Vec<view::Resource> {
    let single = offer.resources.iter().filter_map(|item| Some((text(item, "uri")?.to_owned(), item)));
    let family = offer.templates.iter().filter_map(|item| {
        let (begin, _) = text(item, "uriTemplate")?.split_once('{')?;
        // A family of everything is not for one click.
        (!begin.is_empty()).then(|| (format!("{begin}*"), item))
    });
    let one = |(uri, item): (String, &Value)| view::Resource {
        title: text(item, "title").or_else(|| text(item, "name")).unwrap_or(&uri).to_owned(),
        description: text(item, "description").unwrap_or_default().to_owned(),
        uri,
    };
    single.chain(family).map(one).collect()
}

fn prompt(item: &Value) -> Option<view::Prompt> {
    let description = text(item, "description").unwrap_or_default().to_owned();
    Some(view::Prompt { name: text(item, "name")?.to_owned(), description })
}

fn text<'a>(item: &'a Value, member: &str) -> Option<&'a str> {
    item.get(member).and_then(Value::as_str)
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
        (LoginState::LoggedOut, _) => record::login_ended(broker, &server.server.name)
            .map_or(view::Login::LoggedOut, |at| view::Login::Ended { at }),
        (LoginState::LoggedIn { expires, scope, wants }, _) => view::Login::LoggedIn {
            expires: *expires,
            scopes: words(scope.as_deref().unwrap_or_default()),
            wants: wants.as_deref().map(words),
        },
        (LoginState::Broken { reason }, _) => view::Login::Unreadable { why: reason.clone() },
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_family_of_resources_is_granted_by_what_its_addresses_begin_with() {
        let offer = Offer {
            tools: vec![],
            resources: vec![json!({"uri": "notes://rules", "name": "rules"}), json!({"name": "no address"})],
            templates: vec![
                json!({"uriTemplate": "notes://{day}/{n}", "title": "Notes of a day"}),
                json!({"uriTemplate": "{any}"}),
            ],
            prompts: vec![],
        };
        let shown: Vec<_> =
            resources(&offer).into_iter().map(|resource| (resource.uri, resource.title)).collect();
        let expected = [("notes://rules", "rules"), ("notes://*", "Notes of a day")];
        assert_eq!(shown, expected.map(|(uri, title)| (uri.to_owned(), title.to_owned())));
    }
}
