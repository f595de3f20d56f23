//! Servers: added, looked at, logged in to.

use super::wallet::secret;
use super::{Held, consent, server_name};
use crate::failure::Answered;
use crate::view::{self, Failure, NewCredential, NewTransport, NewVariable};
use crate::{browser, playground, present};
use broker::{NewServer, Secret};
use domain::{Credential, EnvValue, Launch, ServerName, Transport};
use tauri::{AppHandle, WebviewWindow};
use tokio::sync::oneshot;

#[tauri::command]
pub(crate) async fn add_server(
    shell: Held<'_>,
    window: WebviewWindow,
    server: view::NewServer,
) -> Answered<view::Server> {
    let broker = shell.broker()?;
    let added = broker.add_server(consent(&shell, &window), parse(server)?).await?;
    Ok(present::server(&shell, broker, &added))
}

#[tauri::command]
pub(crate) async fn start_playground(shell: Held<'_>, window: WebviewWindow) -> Answered<view::Server> {
    let broker = shell.broker()?;
    let url = shell.playground().start().await?;
    let name = server_name(playground::NAME)?;
    let transport = Transport::Http { url, credential: Credential::OAuth };
    let known = match broker.server(&name).ok() {
        Some(known) if known.server.transport == transport => known,
        known => {
            if let Some(earlier) = known {
                may_be_replaced(&earlier.server.transport)?;
                broker.remove_server(&name).await?;
            }
            let new = NewServer { name, transport, env_secrets: vec![], header: None };
            broker.add_server(consent(&shell, &window), new).await?
        }
    };
    Ok(present::server(&shell, broker, &known))
}

/// The playground of an earlier run listened on another port, and is gone. A server of the human's own that happens to have
/// its name is not.
fn may_be_replaced(transport: &Transport) -> Answered<()> {
    match transport {
        Transport::Http { url, credential: Credential::OAuth } if playground::is_one(url) => Ok(()),
        Transport::Http { .. } | Transport::Stdio(_) => Err(Failure::new(
            "name_taken",
            format!(
                "You have a server of your own named {}. Remove it to try the playground.",
                playground::NAME
            ),
        )),
    }
}

#[tauri::command]
pub(crate) async fn remove_server(shell: Held<'_>, name: String) -> Answered<()> {
    let name = server_name(&name)?;
    shell.broker()?.remove_server(&name).await?;
    shell.tools().forget(&name);
    Ok(())
}

#[tauri::command]
pub(crate) async fn server(shell: Held<'_>, app: AppHandle, name: String) -> Answered<view::ServerDetail> {
    let (broker, name) = (shell.broker()?, server_name(&name)?);
    broker.server(&name)?;
    let offer = broker.offers(&name).await.map_err(Failure::from);
    shell.tools().learn(&name, offer.as_ref().map(|offer| &offer.tools[..]).map_err(Clone::clone));
    crate::tell::servers(&app, broker);
    Ok(present::server_detail(&shell, broker, &broker.server(&name)?, offer))
}

#[tauri::command]
pub(crate) async fn login(
    shell: Held<'_>,
    app: AppHandle,
    window: WebviewWindow,
    name: String,
) -> Answered<view::Server> {
    let (broker, name) = (shell.broker()?, server_name(&name)?);
    let (cancel, cancelled) = oneshot::channel();
    // A second login of the same server ends the first.
    shell.logins().insert(name.clone(), cancel);
    crate::tell::servers(&app, broker);
    let outcome = tokio::select! {
        done = broker.login(consent(&shell, &window), &name, browser::open) => done.map_err(Failure::from),
        _ = cancelled => Err(Failure::new("cancelled", "You stopped the login. Nothing was changed.")),
    };
    shell.logins().retain(|waiting, cancel| *waiting != name || !cancel.is_closed());
    crate::tell::servers(&app, broker);
    Ok(present::server(&shell, broker, &outcome?))
}

#[tauri::command]
pub(crate) fn cancel_login(shell: Held<'_>, name: &str) -> Answered<view::Server> {
    let (broker, name) = (shell.broker()?, server_name(name)?);
    shell.logins().remove(&name);
    Ok(present::server(&shell, broker, &broker.server(&name)?))
}

#[tauri::command]
pub(crate) async fn logout(shell: Held<'_>, name: String) -> Answered<view::Server> {
    let (broker, name) = (shell.broker()?, server_name(&name)?);
    broker.logout(&name).await?;
    Ok(present::server(&shell, broker, &broker.server(&name)?))
}

fn parse(new: view::NewServer) -> Answered<NewServer> {
    let name = server_name(&new.name)?;
    match new.transport {
        NewTransport::Stdio { command, args, cwd, env } => Ok(stdio(name, command, args, cwd, env)),
        NewTransport::Http { url, credential } => {
            let url = url::Url::parse(&url)
                .map_err(|error| Failure::new("bad_url", format!("“{url}” is not an address: {error}")))?;
            let (credential, header) = match credential {
                NewCredential::None => (Credential::None, None),
                NewCredential::Header { name, value } => (Credential::Header { name }, Some(secret(value))),
                NewCredential::OAuth => (Credential::OAuth, None),
            };
            Ok(NewServer {
                name,
                transport: Transport::Http { url, credential },
                env_secrets: vec![],
                header,
            })
        }
    }
}

fn stdio(
    name: ServerName,
    command: String,
    args: Vec<String>,
    cwd: Option<String>,
    variables: Vec<NewVariable>,
) -> NewServer {
    let (mut env, mut env_secrets): (Vec<_>, Vec<(String, Secret)>) = (vec![], vec![]);
    for NewVariable { name, value, secret: is_secret } in variables {
        if is_secret {
            env.push((name.clone(), EnvValue::Secret));
            env_secrets.push((name, secret(value)));
        } else {
            env.push((name, EnvValue::Plain(value.into_inner())));
        }
    }
    let launch = Launch { command, args, cwd: cwd.map(Into::into), env };
    NewServer { name, transport: Transport::Stdio(launch), env_secrets, header: None }
}
