//! Logging in, and as which client.

use crate::args::{Confirm, Login};
use crate::page::Tone;
use crate::run::browser;
use crate::run::wallet::Wallet;
use crate::{Failure, ask};
use broker::ServerView;
use broker::control::{Change, ClientForm, Entrusted, LoginForm, Said};

/// `countersign login …`
pub(in crate::run) fn login(wallet: &Wallet, login: Login) -> Result<(), Failure> {
    let client = client(&login)?;
    let Login { server, no_browser, confirm, .. } = login;
    let open = |said: Said| {
        wallet.tell(&said);
        if let Said::Visit(page) = said
            && !no_browser
        {
            browser::open(&page, wallet.out);
        }
    };
    let form = LoginForm { server: server.clone(), client };
    let view: ServerView = wallet.grow_hearing(Change::Login(Box::new(form)), confirm, open)?;
    wallet.out.show(&view, |page| page.toned(Tone::Good, format!("Logged in to {server}.")))
}

/// The client the human has registered, if one was named.
fn client(login: &Login) -> Result<Option<ClientForm>, Failure> {
    let Some(id) = login.client_id.clone() else { return Ok(None) };
    let secret =
        if login.with_client_secret { Some(secret(login.secrets_stdin, login.confirm)?) } else { None };
    Ok(Some(ClientForm { id, secret, redirect_port: login.redirect_port }))
}

fn secret(from_stdin: bool, confirm: Confirm) -> Result<Entrusted, Failure> {
    if !from_stdin {
        return ask::from_terminal("Secret of the client: ");
    }
    ask::refuse_shared_stdin(confirm)?;
    ask::lines_of_stdin(1)?.pop().ok_or_else(|| Failure::Usage("no secret came on standard input".into()))
}
