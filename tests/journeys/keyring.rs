//! The operating system's keyring: there, missing, locked, or too slow. It never hangs, and never locks the human out unsaid.

use journeys::desktop::{Desktop, Keyring};
use journeys::wallet::{finished, said};
use std::process::{Output, Stdio};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

async fn countersign(desktop: &Desktop, args: &[&str], input: &str) -> Output {
    let mut command = desktop.command(journeys::program("countersign"));
    command.args(args);
    finished(command, input).await
}

/// Serves the wallet of this desktop; what it says when it is ready.
async fn serve(desktop: &Desktop) -> (Child, String) {
    let mut command = desktop.command(journeys::program("countersign"));
    command.args(["serve", "--json"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready =
        tokio::time::timeout(journeys::wallet::PATIENCE, lines.next_line()).await.expect("serve hangs");
    (child, ready.unwrap().expect("serve ended"))
}

/// Calls a method on the session's bus, as `gdbus` spells it.
async fn on_the_bus(desktop: &Desktop, args: &[&str]) -> String {
    let mut gdbus: Command = desktop.command("gdbus");
    gdbus.args(["call", "--session"]).args(args);
    said(&finished(gdbus, "").await)
}

async fn keyring_process(desktop: &Desktop) -> rustix::process::Pid {
    let bus = ["--dest=org.freedesktop.DBus", "--object-path=/org/freedesktop/DBus", "--method"];
    let whose = ["org.freedesktop.DBus.GetConnectionUnixProcessID", "org.freedesktop.secrets"];
    let answer = on_the_bus(desktop, &[&bus[..], &whose].concat()).await;
    let pid =
        answer.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<i32>().ok()).next_back();
    rustix::process::Pid::from_raw(pid.unwrap_or_else(|| panic!("{answer}"))).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_keyring_the_wallet_opens_by_itself() {
    let desktop = Desktop::start().await.unwrap();
    let made = countersign(&desktop, &["init", "--keys", "keyring", "--no-passphrase"], "").await;
    assert!(made.status.success(), "{}", said(&made));
    let (_serving, ready) = serve(&desktop).await;
    assert!(ready.contains(r#""wallet":"unlocked""#), "{ready}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_keyring_the_human_is_told_and_nothing_is_chosen_in_silence() {
    let desktop = Desktop::start_with(Keyring::Missing).await.unwrap();
    let refused = countersign(&desktop, &["init", "--keys", "keyring", "--no-passphrase"], "").await;
    assert!(!refused.status.success());
    assert!(
        said(&refused).contains("keyring") || said(&refused).contains("Secret Service"),
        "{}",
        said(&refused)
    );

    let made = countersign(&desktop, &["init", "--passphrase-fd", "0"], "correct horse battery staple").await;
    assert!(made.status.success(), "{}", said(&made));
    assert!(said(&made).contains("under your passphrase"), "{}", said(&made));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_keyring_leaves_the_wallet_locked_and_says_so() {
    let desktop = Desktop::start().await.unwrap();
    countersign(&desktop, &["init", "--keys", "keyring", "--no-passphrase"], "").await;
    let service = ["--dest=org.freedesktop.secrets", "--object-path=/org/freedesktop/secrets", "--method"];
    let lock = ["org.freedesktop.Secret.Service.Lock", "['/org/freedesktop/secrets/collection/login']"];
    on_the_bus(&desktop, &[&service[..], &lock].concat()).await;

    let (_serving, ready) = serve(&desktop).await;

    assert!(ready.contains(r#""wallet":"locked""#), "{ready}");
    let status = said(&countersign(&desktop, &["status", "--json"], "").await);
    assert!(status.contains("keyring"), "the reason is told: {status}");

    let still = countersign(&desktop, &["unlock"], "").await;
    assert_eq!(still.status.code(), Some(1), "{}", said(&still));
    assert!(said(&still).contains("keyring"), "{}", said(&still));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_nobody_locked_unlocks_through_the_keyring_and_one_that_a_human_locked_wants_the_human()
{
    let desktop = Desktop::start().await.unwrap();
    countersign(&desktop, &["init", "--keys", "keyring", "--no-passphrase"], "").await;
    let keyring = keyring_process(&desktop).await;
    rustix::process::kill_process(keyring, rustix::process::Signal::STOP).unwrap();
    let (_serving, ready) = serve(&desktop).await;
    assert!(ready.contains(r#""wallet":"locked""#), "{ready}");
    rustix::process::kill_process(keyring, rustix::process::Signal::CONT).unwrap();

    let unlocked = countersign(&desktop, &["unlock"], "").await;
    assert!(unlocked.status.success(), "{}", said(&unlocked));
    assert!(said(&unlocked).contains("through the system's keyring"), "{}", said(&unlocked));

    countersign(&desktop, &["lock"], "").await;
    let refused = countersign(&desktop, &["unlock"], "").await;
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(said(&refused).contains("no passphrase"), "{}", said(&refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_wallet_under_the_keyring_says_why_it_asks_for_a_passphrase() {
    let (desktop, passphrase) = (Desktop::start().await.unwrap(), "correct horse battery staple");
    let init = ["init", "--keys", "keyring", "--passphrase-fd", "0"];
    let made = countersign(&desktop, &init, passphrase).await;
    assert!(made.status.success(), "{}", said(&made));
    let (_serving, _) = serve(&desktop).await;
    countersign(&desktop, &["lock"], "").await;

    let wrong = countersign(&desktop, &["unlock", "--passphrase-fd", "0"], "not the passphrase").await;
    assert_eq!(wrong.status.code(), Some(3), "{}", said(&wrong));
    let unlocked = countersign(&desktop, &["unlock", "--passphrase-fd", "0"], passphrase).await;
    assert!(unlocked.status.success(), "{}", said(&unlocked));
    assert!(said(&unlocked).contains("in the system's keyring"), "{}", said(&unlocked));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyring_that_does_not_answer_holds_nobody_up_for_long() {
    let desktop = Desktop::start().await.unwrap();
    countersign(&desktop, &["init", "--keys", "keyring", "--no-passphrase"], "").await;
    let keyring = keyring_process(&desktop).await;
    rustix::process::kill_process(keyring, rustix::process::Signal::STOP).unwrap();

    let (mut serving, ready) = serve(&desktop).await;
    assert!(ready.contains(r#""wallet":"locked""#), "{ready}");

    rustix::process::kill_process(keyring, rustix::process::Signal::CONT).unwrap();
    serving.kill().await.unwrap();
    let (_serving, ready) = serve(&desktop).await;
    assert!(ready.contains(r#""wallet":"unlocked""#), "{ready}");
}
