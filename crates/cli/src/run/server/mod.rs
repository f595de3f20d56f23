//! Servers and logins.

mod add;
mod login;
mod show;

#[cfg(test)]
pub(super) use show::facts;

pub(super) use login::login;

use super::wallet::Wallet;
use crate::Failure;
use crate::args::ServerCommand;
use broker::control::Shrink;

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
