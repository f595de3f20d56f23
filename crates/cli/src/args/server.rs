//! Servers and logins.

use super::{Confirm, parse};
use clap::{Args, Subcommand};
use domain::ServerName;
use std::path::PathBuf;
use url::Url;

/// `countersign server …`
#[derive(Debug, Subcommand)]
pub(crate) enum ServerCommand {
    /// Add a server: a URL, or a command to run
    #[command(
        override_usage = "\
countersign server add NAME --url URL [--header NAME | --no-login]
       countersign server add NAME [--env NAME=VALUE]... [--secret-env NAME]... -- COMMAND [ARGS]...",
        after_help = "\
Examples:
  countersign server add linear --url https://mcp.linear.app/mcp
  countersign server add files -- npx -y @modelcontextprotocol/server-filesystem /home/me/docs
  countersign server add search --secret-env API_KEY -- search-mcp"
    )]
    Add(Box<ServerAdd>),
    /// List the servers
    List,
    /// Show a server and its tools
    Show {
        /// The server's name
        name: ServerName,
    },
    /// Forget a server, its login and its secrets
    Remove {
        /// The server's name
        name: ServerName,
    },
}

/// `countersign server add …`
#[derive(Debug, Args)]
pub(crate) struct ServerAdd {
    /// What to call it: lower-case letters, digits, hyphens
    pub(crate) name: ServerName,
    /// Where it answers (MCP Streamable HTTP); it logs in with OAuth unless told otherwise
    #[arg(long, value_parser = parse::endpoint, required_unless_present = "command", conflicts_with = "command")]
    pub(crate) url: Option<Url>,
    /// Show it this secret header instead of a login; the value is asked for
    #[arg(long, value_name = "NAME", value_parser = parse::header_name, conflicts_with = "command")]
    pub(crate) header: Option<String>,
    /// It wants no login
    #[arg(long, conflicts_with_all = ["header", "command"])]
    pub(crate) no_login: bool,
    /// A variable for the command, stored and shown as it is
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse::variable, conflicts_with = "url")]
    pub(crate) env: Vec<(String, String)>,
    /// A variable for the command whose value is secret and asked for
    #[arg(long, value_name = "NAME", value_parser = parse::variable_name, conflicts_with = "url")]
    pub(crate) secret_env: Vec<String>,
    /// The folder the command starts in
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    pub(crate) cwd: Option<PathBuf>,
    /// Read the secrets from standard input, one a line, in the order they are named
    #[arg(long)]
    pub(crate) secrets_stdin: bool,
    #[command(flatten)]
    pub(crate) confirm: Confirm,
    /// The command and its arguments, after --
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

/// `countersign login …`
#[derive(Debug, Args)]
#[command(after_help = "\
Where no program may register itself, register a native client there by hand, with the redirect URI
http://127.0.0.1:PORT/callback, and give its id once; later logins remember it:
  countersign login desk --client-id ID
  countersign login desk --client-id ID --with-client-secret --redirect-port 8765")]
pub(crate) struct Login {
    /// The server's name
    pub(crate) server: ServerName,
    /// The id of a client you have registered where you log in
    #[arg(long, value_name = "ID", value_parser = parse::client_id)]
    pub(crate) client_id: Option<String>,
    /// That client has a secret, which is asked for
    #[arg(long, requires = "client_id")]
    pub(crate) with_client_secret: bool,
    /// Read the secret from standard input, on one line
    #[arg(long, requires = "with_client_secret")]
    pub(crate) secrets_stdin: bool,
    /// The port of its redirect URI; unless told, any
    #[arg(long, value_name = "PORT", requires = "client_id", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) redirect_port: Option<u16>,
    /// Only print the address to open
    #[arg(long)]
    pub(crate) no_browser: bool,
    #[command(flatten)]
    pub(crate) confirm: Confirm,
}
