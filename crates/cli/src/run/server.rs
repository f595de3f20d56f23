//! Servers and logins.

use super::wallet::Wallet;
use super::{browser, now};
use crate::args::{Login, ServerAdd, ServerCommand};
use crate::page::words::{near, quoted, short, visible};
use crate::page::{Cell, Page, Tone};
use crate::{Failure, ask};
use broker::control::{Change, Entrusted, Look, Said, ServerForm, Shrink};
use broker::{LoginState, ServerView};
use domain::{Credential, EnvValue, Launch, Risk, ServerName, Tool, Transport};
use serde_json::json;

/// `countersign server …`
pub(super) fn run(wallet: &Wallet, command: ServerCommand) -> Result<(), Failure> {
    match command {
        ServerCommand::Add(add) => self::add(wallet, *add),
        ServerCommand::List => list(wallet),
        ServerCommand::Show { name } => show(wallet, name),
        ServerCommand::Remove { name } => {
            wallet.shrink(Shrink::RemoveServer(name.clone()))?;
            wallet
                .out
                .done(&format!("Removed {name}, its login and its secrets. Delegations no longer reach it."))
        }
    }
}

/// `countersign login …`
pub(super) fn login(wallet: &Wallet, login: Login) -> Result<(), Failure> {
    let Login { server, no_browser, confirm } = login;
    let open = |said: Said| {
        wallet.tell(&said);
        if let Said::Visit(page) = said
            && !no_browser
        {
            browser::open(&page, wallet.out);
        }
    };
    let view: ServerView = wallet.grow_hearing(Change::Login(server.clone()), confirm, open)?;
    wallet.out.show(&view, |page| page.toned(Tone::Good, format!("Logged in to {server}.")))
}

fn add(wallet: &Wallet, add: ServerAdd) -> Result<(), Failure> {
    if add.secrets_stdin && add.confirm.passphrase_fd == Some(0) {
        return Err(Failure::Usage(
            "--secrets-stdin and --passphrase-fd 0 both read standard input; use another descriptor".into(),
        ));
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

fn list(wallet: &Wallet) -> Result<(), Failure> {
    let servers: Vec<ServerView> = wallet.look(Look::Servers)?;
    wallet.out.show(&servers, |page| {
        if servers.is_empty() {
            return page.line("No servers yet. Add one: countersign server add NAME --url URL");
        }
        let rows: Vec<_> = servers.iter().map(row).collect();
        page.table(["SERVER", "LOGIN", "REACHED BY"], &rows);
    })
}

fn row(view: &ServerView) -> [Cell; 3] {
    let reached = short(&visible(&reached_by(&view.server.transport)), 72);
    [Cell::new(Tone::Strong, view.server.name.as_str()), login_cell(&view.login), Cell::plain(reached)]
}

fn reached_by(transport: &Transport) -> String {
    match transport {
        Transport::Http { url, .. } => url.to_string(),
        Transport::Stdio(launch) => {
            let words = [&launch.command].into_iter().chain(&launch.args);
            words.map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
        }
    }
}

fn login_cell(login: &LoginState) -> Cell {
    match login {
        LoginState::NotNeeded => Cell::new(Tone::Quiet, "not needed"),
        LoginState::LoggedOut => Cell::new(Tone::Asks, "logged out"),
        LoginState::LoggedIn { .. } => Cell::new(Tone::Good, "logged in"),
        LoginState::Broken { .. } => Cell::new(Tone::Stops, "broken"),
    }
}

fn show(wallet: &Wallet, name: ServerName) -> Result<(), Failure> {
    let view: ServerView = wallet.look(Look::Server(name.clone()))?;
    let tools = wallet.look::<Vec<Tool>>(Look::Tools(name));
    let shown = match &tools {
        Ok(tools) => json!({ "server": view.server, "login": view.login, "tools": tools }),
        Err(failure) => json!({ "server": view.server, "login": view.login, "problem": failure.to_string() }),
    };
    wallet.out.show(&shown, |page| {
        facts(page, &view);
        page.gap();
        match &tools {
            Ok(tools) => tool_table(page, tools),
            Err(failure) => page.toned(Tone::Asks, format!("Its tools can't be listed now: {failure}")),
        }
    })
}

pub(super) fn facts(page: &mut Page, view: &ServerView) {
    let server = &view.server;
    let login = match &view.login {
        LoginState::LoggedIn { expires: Some(expires), .. } => {
            Cell::new(Tone::Good, format!("logged in; renewed before it ends {}", near(*expires, now())))
        }
        LoginState::Broken { reason } => Cell::new(Tone::Stops, visible(reason)),
        LoginState::NotNeeded | LoginState::LoggedOut | LoginState::LoggedIn { expires: None, .. } => {
            login_cell(&view.login)
        }
    };
    let env = match &server.transport {
        Transport::Stdio(launch) => launch.env.iter().map(variable).collect::<Vec<_>>().join("\n"),
        Transport::Http { .. } => String::new(),
    };
    let mut facts = vec![
        ("Server", Cell::new(Tone::Strong, server.name.as_str())),
        ("Reached by", Cell::plain(visible(&reached_by(&server.transport)))),
        ("Login", login),
    ];
    if !env.is_empty() {
        facts.push(("Environment", Cell::plain(env)));
    }
    page.facts(facts);
}

fn variable((name, value): &(String, EnvValue)) -> String {
    match value {
        EnvValue::Plain(value) => format!("{name}={}", visible(value)),
        EnvValue::Secret => format!("{name} (secret, in the vault)"),
    }
}

fn tool_table(page: &mut Page, tools: &[Tool]) {
    if tools.is_empty() {
        return page.line("It has no tools.");
    }
    let rows: Vec<_> = tools
        .iter()
        .map(|tool| {
            let (tone, risk) = risk(tool.risk());
            let name = Cell::new(Tone::Strong, visible(&tool.name));
            [name, Cell::new(tone, risk), Cell::plain(short(&visible(tool.description()), 72))]
        })
        .collect();
    page.table(["TOOL", "RISK", "WHAT IT SAYS OF ITSELF"], &rows);
}

const fn risk(risk: Risk) -> (Tone, &'static str) {
    match risk {
        Risk::Reads => (Tone::Plain, "reads"),
        Risk::Writes => (Tone::Plain, "writes"),
        Risk::Unknown => (Tone::Plain, "writes, maybe more"),
        Risk::Destroys => (Tone::Asks, "cannot be undone"),
    }
}
