//! The vault against a real Secret Service, and against every way in which one can be missing.
//!
//! Each test has a bus of its own. What connects to it is this program again, running [`probe`], because the bus's address is
//! a matter of a process's environment.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

use domain::Timestamp;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use vault::{KeyName, OsKeyRing, Vault};

#[test]
fn a_real_keyring_keeps_the_key_and_gives_it_back() {
    let Some(bus) = Bus::with_keyring() else { return };
    let first = bus.probe("work");
    assert!(first.starts_with("unlocked "), "{first}");
    assert_eq!(bus.probe("work"), first, "the same key after a restart");
}

#[test]
fn another_profile_has_no_key_for_this_wallet_and_says_so() {
    let Some(bus) = Bus::with_keyring() else { return };
    bus.probe("work");
    assert_eq!(bus.probe("home"), vault::VaultError::MasterKeyGone.to_string());
}

#[test]
fn a_locked_keyring_is_named_as_the_cause() {
    let Some(bus) = Bus::with_keyring() else { return };
    bus.probe("work");
    bus.lock_keyring();
    assert_eq!(bus.probe("work"), "the keyring is locked; unlock it and try again");
}

#[test]
fn a_keyring_that_never_answers_is_given_up() {
    let Some(bus) = Bus::start() else { return };
    let address: zbus::Address = bus.address.parse().unwrap();
    let builder = zbus::blocking::connection::Builder::address(address).unwrap();
    // Owns the name, and serves nothing.
    let _silent = builder.name("org.freedesktop.secrets").unwrap().build().unwrap();
    let said = bus.probe_within("work", Duration::from_secs(1));
    assert!(said.starts_with("the keyring did not answer within 1 s"), "{said}");
}

#[test]
fn a_bus_without_a_keyring_is_told_from_no_bus_at_all() {
    let Some(bus) = Bus::start() else { return };
    let none = bus.probe("work");
    assert!(none.starts_with("no keyring service is running"), "{none}");

    let none = probe_at("unix:path=/nonexistent/bus", bus.dir.path(), "work", OsKeyRing::LIMIT);
    assert!(none.starts_with("there is no desktop session bus"), "{none}");
}

/// Not a test: what the tests above run, each on its own bus. Prints what came of unlocking a vault.
#[test]
#[ignore = "run by the other tests here"]
fn probe() {
    let from_env = |name: &str| std::env::var(name).unwrap();
    let limit = Duration::from_millis(from_env("PROBE_LIMIT").parse().unwrap());
    let keyring = OsKeyRing::new(from_env("PROBE_PROFILE")).with_limit(limit);
    let dir = from_env("PROBE_DIR");
    let vault = Vault::open(Path::new(&dir), Arc::new(keyring), Timestamp::from_seconds(0)).unwrap();
    match vault.unlock().and_then(|()| vault.make_key(&KeyName::Human)) {
        Ok(key) => println!("PROBE unlocked {key:?}"),
        Err(error) => println!("PROBE {error}"),
    }
}

/// A session bus of its own, with nothing on it that starts by itself.
struct Bus {
    address: String,
    dir: TempDir,
    programs: Vec<Child>,
}

impl Bus {
    /// Nothing, and a line that says so, where the programs are missing.
    fn start() -> Option<Self> {
        for program in ["dbus-daemon", "gnome-keyring-daemon", "gdbus"] {
            if Command::new(program).arg("--version").output().is_err() {
                println!("skipped: {program} is not installed");
                return None;
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("bus.conf");
        let listen = format!("<listen>unix:path={}/bus</listen>", dir.path().display());
        std::fs::write(&config, CONFIG.replace("<listen/>", &listen)).unwrap();
        let mut daemon = Command::new("dbus-daemon")
            .args(["--nofork", "--print-address=1", "--config-file"])
            .arg(&config)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Some(Self { address: address.trim().to_owned(), dir, programs: vec![daemon] })
    }

    fn with_keyring() -> Option<Self> {
        let mut bus = Self::start()?;
        let mut daemon = bus.command("gnome-keyring-daemon");
        daemon.args(["--foreground", "--unlock", "--components=secrets"]).stdin(Stdio::piped());
        let mut daemon = daemon.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        daemon.stdin.take().unwrap().write_all(b"keyring password").unwrap();
        bus.programs.push(daemon);
        let up = bus.command("gdbus").args(["wait", "--session", "--timeout=20", SERVICE]).status().unwrap();
        assert!(up.success(), "the keyring did not start");
        Some(bus)
    }

    fn lock_keyring(&self) {
        let lock =
            ["--method=org.freedesktop.Secret.Service.Lock", "['/org/freedesktop/secrets/collection/login']"];
        let mut call = self.command("gdbus");
        call.args(["call", "--session", "--dest", SERVICE, "--object-path=/org/freedesktop/secrets"])
            .args(lock);
        assert!(call.stdout(Stdio::null()).status().unwrap().success());
    }

    fn probe(&self, profile: &str) -> String {
        self.probe_within(profile, OsKeyRing::LIMIT)
    }

    fn probe_within(&self, profile: &str, limit: Duration) -> String {
        probe_at(&self.address, self.dir.path(), profile, limit)
    }

    fn command(&self, program: &str) -> Command {
        on_bus(program, &self.address, self.dir.path())
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        for program in &mut self.programs {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

const SERVICE: &str = "org.freedesktop.secrets";

const CONFIG: &str = r#"<busconfig><type>session</type><listen/><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"#;

fn on_bus(program: &str, address: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("DBUS_SESSION_BUS_ADDRESS", address).env("HOME", home).env("XDG_RUNTIME_DIR", home);
    command.env("XDG_DATA_HOME", home.join("data")).env("XDG_CONFIG_HOME", home.join("config"));
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command
}

fn probe_at(address: &str, home: &Path, profile: &str, limit: Duration) -> String {
    let this = std::env::current_exe().unwrap();
    let mut command = on_bus(this.to_str().unwrap(), address, home);
    command.args(["--ignored", "--exact", "probe", "--nocapture"]);
    command.env("PROBE_PROFILE", profile).env("PROBE_LIMIT", limit.as_millis().to_string());
    let output = command.env("PROBE_DIR", home.join("vault")).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let line = printed.lines().find_map(|line| line.split_once("PROBE ")).map(|(_, said)| said.to_owned());
    line.unwrap_or_else(|| panic!("{printed}{}", String::from_utf8_lossy(&output.stderr)))
}
