//! An MCP server with one of everything the official conformance suite asks for, in both eras.
//!
//! `conformance-server http` prints its address and serves Streamable HTTP until its standard input ends;
//! `conformance-server stdio` speaks JSON lines; either may be followed by `modern`, for a server that knows no `initialize`;
//! `conformance-server front COMMAND…` is Streamable HTTP in front of a stdio
//! command, so that the suite, which only speaks HTTP, reaches it.

mod content;
mod dialogue;
mod edge;
mod jobs;
mod line;
mod listen;
mod live;
mod methods;
mod prompts;
mod resources;
mod rpc;
mod seal;
mod server;
mod tasks;
mod toolbox;
mod tools;

use line::Source;
use rpc::{Era, Eras};
use server::House;
use std::io::{Error, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["http"] => edge::serve(Source::Inside(House::new(Eras::Both))).await,
        ["http", "modern"] => edge::serve(Source::Inside(House::new(Eras::Only(Era::Modern)))).await,
        ["stdio"] => line::standard(House::new(Eras::Both)).await,
        ["stdio", "modern"] => line::standard(House::new(Eras::Only(Era::Modern))).await,
        ["front", _, ..] => edge::serve(Source::Command(arguments[1..].to_vec())).await,
        _ => Err(Error::other("say http, stdio, http modern, stdio modern or front COMMAND…")),
    }
}
