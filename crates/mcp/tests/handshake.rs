//! The handshake between shim and wallet, and what attackers make of it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use bytes::Bytes;
use domain::{AgentName, Endpoint, ServerName};
use mcp::MAX_MESSAGE;
use mcp::handshake::{
    Applicant, EnrolmentKey, HandshakeError, Refusal, Refused, greet, prove_to_wallet, verdict,
};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::{JoinHandle, spawn_blocking};

type Greeted = Result<Applicant<OwnedReadHalf, OwnedWriteHalf>, HandshakeError>;

fn name(name: &str) -> AgentName {
    AgentName::parse(name).unwrap()
}

/// A wallet that knows `claude` by secret 1 and `cursor` by secret 2, at the other end of the stream.
fn wallet() -> (UnixStream, JoinHandle<Greeted>) {
    let (theirs, ours) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let (reader, writer) = tokio::net::UnixStream::from_std(ours).unwrap().into_split();
    let greeted = tokio::spawn(greet(reader, writer, |agent| match agent.as_str() {
        "claude" => Ok(Some(EnrolmentKey::new([1; 32]))),
        "cursor" => Ok(Some(EnrolmentKey::new([2; 32]))),
        "locked" => Err(Refusal::Locked),
        _ => Ok(None),
    }));
    (theirs, greeted)
}

/// A shim that tries to come in; gives back what it was told.
fn shim(stream: &UnixStream, agent: &str, secret: u8) -> JoinHandle<Result<(), Refused>> {
    let (stream, agent) = (stream.try_clone().unwrap(), name(agent));
    spawn_blocking(move || prove_to_wallet(&stream, &agent, &Endpoint::All, &EnrolmentKey::new([secret; 32])))
}

/// Somebody who types lines and reads answers.
struct Attacker(BufReader<UnixStream>);

impl Attacker {
    fn says(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn hears(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

#[tokio::test]
async fn both_prove_themselves_and_messages_follow() {
    let (stream, greeted) = wallet();
    shim(&stream, "claude", 1).await.unwrap().unwrap();
    let applicant = greeted.await.unwrap().unwrap();
    assert_eq!(applicant.agent, name("claude"));
    let (mut reader, mut writer) = applicant.admit(MAX_MESSAGE).await.unwrap();
    verdict(&stream).unwrap();
    (&stream).write_all(format!("{}\n", "x".repeat(10_000)).as_bytes()).unwrap();
    assert_eq!(reader.next().await.unwrap().unwrap().len(), 10_000);
    writer.send(Bytes::from("{}")).await.unwrap();
    assert_eq!(Attacker(BufReader::new(stream)).hears(), "{}");
}

#[tokio::test]
async fn a_proven_agent_can_still_be_turned_away() {
    let (stream, greeted) = wallet();
    shim(&stream, "claude", 1).await.unwrap().unwrap();
    greeted.await.unwrap().unwrap().refuse(Refusal::Refused).await;
    assert!(matches!(verdict(&stream), Err(Refused::ByWallet(Refusal::Refused))));
}

#[tokio::test]
async fn a_locked_wallet_says_so_before_anything_is_proven() {
    let (stream, greeted) = wallet();
    let told = shim(&stream, "locked", 1).await.unwrap();
    assert!(matches!(told, Err(Refused::ByWallet(Refusal::Locked))));
    assert!(matches!(greeted.await.unwrap(), Err(HandshakeError::TurnedAway(Refusal::Locked))));
}

#[tokio::test]
async fn threat_04_a_wrong_secret_convinces_neither_side() {
    let (stream, greeted) = wallet();
    assert!(matches!(shim(&stream, "claude", 9).await.unwrap(), Err(Refused::NotTheWallet)));
    drop(stream);
    assert!(greeted.await.unwrap().is_err());

    let (stream, greeted) = wallet();
    let told = spawn_blocking(move || {
        let mut attacker = Attacker(BufReader::new(stream));
        attacker.says(&format!("COUNTERSIGN/1 claude {}", "A".repeat(43)));
        attacker.hears();
        attacker.says(&"B".repeat(43));
        attacker.hears()
    });
    assert_eq!(told.await.unwrap(), "no refused");
    assert!(
        matches!(greeted.await.unwrap(), Err(HandshakeError::NotProven(agent)) if agent == name("claude"))
    );
}

#[tokio::test]
async fn threat_04_an_unknown_agent_is_answered_like_a_known_one() {
    let mut answers = Vec::new();
    for agent in ["claude", "nobody"] {
        let (stream, greeted) = wallet();
        let heard = spawn_blocking(move || {
            let mut attacker = Attacker(BufReader::new(stream));
            attacker.says(&format!("COUNTERSIGN/1 {agent} {}", "A".repeat(43)));
            let challenge = words(&attacker.hears());
            attacker.says(&"A".repeat(43));
            (challenge[0].clone(), challenge.iter().map(String::len).collect::<Vec<_>>(), attacker.hears())
        });
        answers.push(heard.await.unwrap());
        assert!(matches!(greeted.await.unwrap(), Err(HandshakeError::NotProven(_))));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn threat_04_another_agents_secret_does_not_open_this_agents_door() {
    let (stream, greeted) = wallet();
    assert!(shim(&stream, "claude", 2).await.unwrap().is_err());
    drop(stream);
    assert!(greeted.await.unwrap().is_err());
}

#[tokio::test]
async fn threat_04_a_recorded_proof_is_worth_nothing_the_next_time() {
    // The attacker sits between a real shim and the wallet, and records.
    let (to_wallet, greeted) = wallet();
    let (shims_end, attackers_end) = UnixStream::pair().unwrap();
    let shim = shim(&shims_end, "claude", 1);
    let recorded = spawn_blocking(move || {
        let (mut up, mut down) =
            (Attacker(BufReader::new(to_wallet)), Attacker(BufReader::new(attackers_end)));
        let hello = down.hears();
        up.says(&hello);
        down.says(&up.hears());
        (hello, down.hears())
    });
    let (hello, proof) = recorded.await.unwrap();
    shim.await.unwrap().unwrap();
    assert!(greeted.await.unwrap().is_err(), "the attacker never passed the proof on");

    let (stream, greeted) = wallet();
    let told = spawn_blocking(move || {
        let mut attacker = Attacker(BufReader::new(stream));
        attacker.says(&hello);
        attacker.hears();
        attacker.says(&proof);
        attacker.hears()
    });
    assert_eq!(told.await.unwrap(), "no refused");
    assert!(greeted.await.unwrap().is_err());
}

#[tokio::test]
async fn threat_04_the_wallets_own_proof_sent_back_to_it_is_refused() {
    let (stream, greeted) = wallet();
    let told = spawn_blocking(move || {
        let mut attacker = Attacker(BufReader::new(stream));
        attacker.says(&format!("COUNTERSIGN/1 claude {}", "A".repeat(43)));
        let challenge = words(&attacker.hears());
        attacker.says(&challenge[2]);
        attacker.hears()
    });
    assert_eq!(told.await.unwrap(), "no refused");
    assert!(greeted.await.unwrap().is_err());
}

#[tokio::test]
async fn threat_04_one_connections_nonce_reflected_into_another_proves_nothing() {
    let ((first, one), (second, two)) = (wallet(), wallet());
    let told = spawn_blocking(move || {
        let (mut first, mut second) = (Attacker(BufReader::new(first)), Attacker(BufReader::new(second)));
        first.says(&format!("COUNTERSIGN/1 claude {}", "A".repeat(43)));
        let challenge = words(&first.hears());
        // Have the wallet itself answer its own challenge on a second connection.
        second.says(&format!("COUNTERSIGN/1 claude {}", challenge[1]));
        let answer = words(&second.hears());
        first.says(&answer[2]);
        first.hears()
    });
    assert_eq!(told.await.unwrap(), "no refused");
    assert!(one.await.unwrap().is_err() && two.await.unwrap().is_err());
}

#[tokio::test]
async fn threat_04_a_program_that_squats_on_the_socket_learns_no_proof() {
    let (shims_end, squatter) = UnixStream::pair().unwrap();
    let shim = shim(&shims_end, "claude", 1);
    drop(shims_end);
    let heard = spawn_blocking(move || {
        let mut squatter = Attacker(BufReader::new(squatter));
        squatter.hears();
        squatter.says(&format!("prove {} {}", "A".repeat(43), "A".repeat(43)));
        squatter.hears()
    });
    assert!(matches!(shim.await.unwrap(), Err(Refused::NotTheWallet)));
    assert_eq!(heard.await.unwrap(), "", "the shim hangs up without another word");
}

#[tokio::test]
async fn what_does_not_speak_the_handshake_is_dropped() {
    let long = format!("COUNTERSIGN/1 claude {}", "A".repeat(100_000));
    let nonce = "A".repeat(43);
    for hello in [
        "GET / HTTP/1.1",
        "COUNTERSIGN/1 claude",
        "COUNTERSIGN/1 claude short",
        &format!("COUNTERSIGN/2 claude {nonce}"),
        &format!("COUNTERSIGN/1 ../x {nonce}"),
        &format!("COUNTERSIGN/1 claude {nonce} ../x"),
        &format!("COUNTERSIGN/1 claude {nonce} notes more"),
        &long,
    ] {
        let (stream, greeted) = wallet();
        let hello = hello.to_owned();
        spawn_blocking(move || (&stream).write_all(format!("{hello}\n").as_bytes()));
        assert!(matches!(greeted.await.unwrap(), Err(HandshakeError::Garbled)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_dropped() {
    let (_theirs, ours) = tokio::io::duplex(64);
    let (reader, writer) = tokio::io::split(ours);
    let greeted = greet(reader, writer, |_| Ok(None)).await;
    assert!(matches!(greeted, Err(HandshakeError::Silent)));
}

#[test]
fn a_key_never_shows_itself_and_reads_as_it_is_stored() {
    let key = EnrolmentKey::parse(&format!(" {}\n", "A".repeat(43))).unwrap();
    assert_eq!(format!("{key:?}"), "[redacted]");
    assert!(EnrolmentKey::parse("AAAA").is_none());
}

#[tokio::test]
async fn threat_13_the_one_server_an_agent_comes_for_is_part_of_the_proof() {
    let (theirs, greeted) = wallet();
    let one = |server| Endpoint::One(ServerName::parse(server).unwrap());
    let scope = one("notes");
    spawn_blocking(move || prove_to_wallet(&theirs, &name("claude"), &scope, &EnrolmentKey::new([1; 32])))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(greeted.await.unwrap().unwrap().scope, one("notes"));

    // Somebody in between who asks for more, or for another server, has no proof of that.
    for widened in ["", " mail"] {
        let (agents, between) = UnixStream::pair().unwrap();
        let (theirs, greeted) = wallet();
        let shim = spawn_blocking(move || {
            prove_to_wallet(&agents, &name("claude"), &one("notes"), &EnrolmentKey::new([1; 32]))
        });
        let pass = spawn_blocking(move || {
            let (mut agent, mut wallet) =
                (Attacker(BufReader::new(between)), Attacker(BufReader::new(theirs)));
            let hello = agent.hears();
            wallet.says(&hello.replace(" notes", widened));
            agent.says(&wallet.hears());
        });
        pass.await.unwrap();
        assert!(matches!(shim.await.unwrap(), Err(Refused::NotTheWallet)));
        drop(greeted);
    }
}
