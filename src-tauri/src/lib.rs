//! Windows, tray, notifications, commands, view models. Nothing is decided here.

pub mod environment;
pub mod view;

mod app;
mod args;
mod autostart;
mod browser;
mod commands;
mod controller;
mod deaf;
mod failure;
mod notify;
mod playground;
mod present;
mod settings;
mod shell;
mod tell;
mod tools;
mod tray;
mod windows;

use clap::Parser;
use std::process::ExitCode;

/// Runs the app until the human quits it.
#[must_use]
pub fn run() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    app::start(&args::Args::parse()).unwrap_or_else(|error| fail(&error))
}

/// Says on standard error why the app does not run.
#[expect(clippy::print_stderr, reason = "there is no window to say it in")]
pub fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("countersign-app: {error:#}");
    ExitCode::FAILURE
}
