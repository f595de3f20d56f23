//! What can be typed, and what can't.

use super::*;
use clap::CommandFactory;
use proptest::prelude::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_description_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn globals_stand_before_and_after_the_command() {
    for line in ["countersign --json --home /h agent list", "countersign agent list --home /h --json"] {
        let globals = parse(line).unwrap().globals;
        assert!(globals.json && globals.home == Some("/h".into()), "{line}");
    }
}

#[test]
fn lines_that_make_no_sense_are_refused() {
    for line in [
        "countersign",
        "countersign frobnicate",
        "countersign server add x",
        "countersign server add x --url https://a.example/mcp -- cmd",
        "countersign server add X_y --url https://a.example/mcp",
        "countersign server add x --url http://a.example/mcp",
        "countersign server add x --url file:///etc/passwd",
        "countersign server add x --url https://me:pw@a.example/mcp",
        "countersign server add x --url https://a.example/mcp --no-login --header X-Key",
        "countersign server add x --url https://a.example/mcp --env A=B",
        "countersign server add x --header Authorization -- cmd",
        "countersign delegate a --server s",
        "countersign delegate a --tool t",
        "countersign delegate a --server s --tool t --calls 0",
        "countersign delegate a --server s --tool t --ask maybe",
        "countersign delegate a --server s --tool t --for 91d",
        "countersign delegate a --server s --tool t --for 0s",
        "countersign approvals allow q --session --always",
        "countersign approvals allow q --session --tool",
        "countersign agent pause",
        "countersign agent pause a --all",
        "countersign connect",
        "countersign lock --passphrase-fd 3",
        "countersign unlock --passphrase-fd -1",
        "countersign login x --redirect-port 8080",
        "countersign login x --with-client-secret",
        "countersign login x --client-id a --secrets-stdin",
        "countersign login x --client-id a --redirect-port 0",
        "countersign login x --client-id a --with-client-secret canary",
    ] {
        let Err(error) = parse(line) else { panic!("took {line:?}") };
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

#[test]
fn a_command_keeps_its_own_flags_and_spaces() {
    let line = ["countersign", "server", "add", "x", "--env", "A=b c", "--", "npx", "-y", "--json", "a b"];
    let Command::Server(ServerCommand::Add(add)) = Cli::try_parse_from(line).unwrap().command else {
        panic!("another command");
    };
    assert_eq!(add.command, ["npx", "-y", "--json", "a b"]);
    assert_eq!(add.env, [("A".into(), "b c".into())]);
}

/// Every flag that takes a value, of every command.
fn flags(command: &clap::Command, path: &str, found: &mut Vec<String>) {
    for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
        found.push(format!("{path} {}", arg.get_id()));
    }
    for sub in command.get_subcommands() {
        flags(sub, &format!("{path} {}", sub.get_name()), found);
    }
}

#[test]
fn threat_28_no_flag_takes_a_secret_and_none_is_read_from_the_environment() {
    let mut found = Vec::new();
    flags(&Cli::command(), "countersign", &mut found);
    for flag in &found {
        let last = flag.rsplit(' ').next().unwrap_or_default();
        let takes_only_a_number_or_name = ["passphrase_fd", "secret_env"].contains(&last);
        for word in ["pass", "secret", "token", "password", "credential"] {
            assert!(takes_only_a_number_or_name || !last.contains(word), "{flag} could take a secret");
        }
    }
    assert!(found.len() > 20);
}

#[test]
fn threat_28_a_value_behind_the_name_of_a_secret_is_refused() {
    for line in [
        "countersign server add x --secret-env TOKEN=canary -- cmd",
        "countersign server add x --url https://a.example/mcp --header Authorization:canary",
    ] {
        let Err(error) = parse(line) else { panic!("took {line:?}") };
        assert_eq!(error.exit_code(), 2);
    }
}

proptest! {
    #[test]
    fn any_life_up_to_ninety_days_is_taken_and_means_what_it_says(minutes in 1_u64..=90 * 24 * 60) {
        prop_assert_eq!(parse::life(&format!("{minutes}m")).unwrap().as_secs(), minutes * 60);
    }

    #[test]
    fn no_text_makes_a_span_panic_or_a_life_too_long(text in ".{0,24}") {
        if let Ok(life) = parse::life(&text) {
            prop_assert!(!life.is_zero() && life <= domain::Delegation::MAX_LIFE);
        }
    }

    #[test]
    fn an_endpoint_is_https_or_on_this_machine(text in "(https?|file|javascript)://[a-z0-9.]{1,16}(:[0-9]{1,4})?/[a-z]{0,4}") {
        if let Ok(url) = parse::endpoint(&text) {
            let host = url.host_str().unwrap_or_default();
            prop_assert!(url.scheme() == "https" || host == "localhost" || host.starts_with("127."), "{}", url);
        }
    }

    #[test]
    fn a_variable_splits_at_its_first_equals_sign(name in "[A-Za-z_][A-Za-z0-9_]{0,8}", value in ".{0,16}") {
        prop_assert_eq!(parse::variable(&format!("{name}={value}")).unwrap(), (name, value));
    }
}

/// The help of a command and of all below it.
fn helps(command: &mut clap::Command, path: &str, text: &mut String) {
    let help = command.clone().term_width(100).render_help();
    text.push_str(&format!("# {path}\n\n{help}\n"));
    let below: Vec<_> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in below {
        if let Some(sub) = command.find_subcommand_mut(&name) {
            helps(sub, &format!("{path} {name}"), text);
        }
    }
}

#[test]
fn the_help_reads_like_this() {
    let mut command = Cli::command();
    command.build();
    let mut text = String::new();
    helps(&mut command, "countersign", &mut text);
    insta::assert_snapshot!(text);
}
