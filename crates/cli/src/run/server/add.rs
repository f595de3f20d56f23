//! Adding a server: a URL or a command, and the secrets it needs.

use crate::args::ServerAdd;
use crate::page::Tone;
use crate::run::wallet::Wallet;
use crate::{Failure, ask};
use broker::control::{Change, Entrusted, ServerForm};
use broker::{LoginState, ServerView};
use domain::{Credential, EnvValue, Launch, Transport};

/// `countersign server add …`
pub(super) fn add(wallet: &Wallet, add: ServerAdd) -> Result<(), Failure> {
    if add.secrets_stdin {
        ask::refuse_shared_stdin(add.confirm)?;
    }
    let mut secrets = secrets(&add)?.into_iter();
    let confirm = add.confirm;
    let form = ServerForm {
        header: add.header.as_ref().and_then(|_| secrets.next()),
        env_secrets: add.secret_env.iter().cloned().zip(secrets).collect(),
        name: add.name.clone(),
        transport: transport(add),
    };
    let view: ServerView = wallet.grow(Change::AddServer(Box::new(form)), confirm)?;
    wallet.out.show(&view, |page| {
        let name = &view.server.name;
        page.toned(Tone::Good, format!("Added {name}."));
        match view.login {
            LoginState::LoggedOut => page.line(format!("Next: countersign login {name}")),
            LoginState::NotNeeded | LoginState::LoggedIn { .. } | LoginState::Broken { .. } => {
                page.line(format!("See its tools: countersign server show {name}"));
            }
        }
    })
}

/// The header's value first, then the variables', in the order they were named.
fn secrets(add: &ServerAdd) -> Result<Vec<Entrusted>, Failure> {
    let names: Vec<_> = add.header.iter().chain(&add.secret_env).collect();
    if add.secrets_stdin {
        return ask::lines_of_stdin(names.len());
    }
    names.into_iter().map(|name| ask::from_terminal(&format!("{name}: "))).collect()
}

fn transport(add: ServerAdd) -> Transport {
    let Some(url) = add.url else { return Transport::Stdio(launch(add)) };
    let credential = match (add.header, add.no_login) {
        (Some(name), _) => Credential::Header { name },
        (None, true) => Credential::None,
        (None, false) => Credential::OAuth,
    };
    Transport::Http { url, credential }
}

fn launch(add: ServerAdd) -> Launch {
    let mut words = add.command.into_iter();
    let plain = add.env.into_iter().map(|(name, value)| (name, EnvValue::Plain(value)));
    let secret = add.secret_env.into_iter().map(|name| (name, EnvValue::Secret));
    Launch {
        // The parser asks for a URL or a command, so there is one.
        command: words.next().unwrap_or_default(),
        args: words.collect(),
        cwd: add.cwd.map(|dir| std::path::absolute(&dir).unwrap_or(dir)),
        env: plain.chain(secret).collect(),
    }
}
