//! Servers and logins.

mod add;
mod show;

#[cfg(test)]
pub(super) use show::facts;

use super::browser;
use super::wallet::Wallet;
use crate::Failure;
use crate::args::{Login, ServerCommand};
use crate::page::Tone;
use broker::ServerView;
use broker::control::{Change, Said, Shrink};

/// `countersign server …`
pub(super) fn run(wallet: &Wallet, command: ServerCommand) -> Result<(), Failure> {
    match command {
        ServerCommand::Add(add) => add::add(wallet, *add),
        ServerCommand::List => show::list(wallet),
        ServerCommand::Show { name } => show::show(wallet, name),
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
