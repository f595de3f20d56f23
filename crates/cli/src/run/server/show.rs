//! Servers and their tools, for the human.

use crate::Failure;
use crate::page::words::{near, quoted, short, visible};
use crate::page::{Cell, Page, Tone};
use crate::run::now;
use crate::run::wallet::Wallet;
use broker::control::Look;
use broker::{LoginState, ServerView};
use domain::{EnvValue, Risk, ServerName, Tool, Transport};
use serde_json::json;

/// `countersign server list`
pub(super) fn list(wallet: &Wallet) -> Result<(), Failure> {
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
        LoginState::LoggedIn { wants: Some(_), .. } => Cell::new(Tone::Asks, "wants more"),
        LoginState::LoggedIn { wants: None, .. } => Cell::new(Tone::Good, "logged in"),
        LoginState::Broken { .. } => Cell::new(Tone::Stops, "broken"),
    }
}

/// `countersign server show …`
pub(super) fn show(wallet: &Wallet, name: ServerName) -> Result<(), Failure> {
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

pub(in crate::run) fn facts(page: &mut Page, view: &ServerView) {
    let server = &view.server;
    let login = match &view.login {
        LoginState::LoggedIn { wants: Some(scopes), .. } => {
            let scopes = if scopes.is_empty() { "more".into() } else { visible(scopes) };
            let again = format!("logged in, but it wants {scopes}: countersign login {}", server.name);
            Cell::new(Tone::Asks, again)
        }
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
