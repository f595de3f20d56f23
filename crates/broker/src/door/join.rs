//! The agent that a client becomes: the one of its own name, which is made by the same yes if there is none.

use super::who::Who;
use crate::approval::Given;
use crate::book::Book;
use crate::inner::Inner;
use crate::{BrokerError, Event};
use domain::{AgentName, AgentState, Becomes, Denial, Program};
use proof::receipt::{Body, Kind};

/// The longest name that leaves room for a number behind it.
const ROOM: usize = 30;
/// A name whose agents were all revoked gets a number, up to this one.
const NUMBERED: u8 = 9;

/// Which agent it would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) agent: AgentName,
    pub(super) becomes: Becomes,
}

impl Place {
    /// Where a client that calls itself so, and is this program, would find its place.
    ///
    /// # Errors
    /// A sentence, when it can't become anybody.
    pub(super) fn find(book: &Book, client: &str, program: &Program) -> Result<Self, String> {
        let base = plain(client);
        let numbered = (2..=NUMBERED).map(|number| format!("{base}-{number}"));
        for name in std::iter::once(base.clone()).chain(numbered) {
            let Ok(agent) = AgentName::parse(&name) else { continue };
            let becomes = match book.agents.get(&agent) {
                None => Becomes::New,
                Some(known) if known.state == AgentState::Revoked => continue,
                Some(known) if known.knows(program) => Becomes::Known,
                Some(known) if known.programs.is_empty() => Becomes::First,
                Some(known) if known.state == AgentState::Paused => {
                    return Err(format!(
                        "The agent {agent} is paused. Let it work again in Countersign, then try again."
                    ));
                }
                Some(_) => Becomes::Another,
            };
            return Ok(Self { agent, becomes });
        }
        Err(format!("Every agent called {base} was revoked, and there are too many of them."))
    }

    /// Whether the human, who was shown this place, has agreed to what it is by now. Another client may have come first.
    fn still_holds(&self, now: &Self) -> bool {
        self.agent == now.agent && (self.becomes == now.becomes || now.becomes == Becomes::Known)
    }
}

/// Lower-case letters, digits and single hyphens of a name; `agent` where it has none.
fn plain(client: &str) -> String {
    let words = client.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    name.truncate(ROOM);
    let name = name.trim_end_matches('-');
    if name.is_empty() { "agent".into() } else { name.to_owned() }
}

impl Inner {
    /// The human said yes: the agent is made if there is none, and knows the program from now on. `for_what` is for the record.
    pub(super) fn join(
        &self,
        place: &Place,
        client: &str,
        who: &Who,
        given: Given,
        for_what: &str,
    ) -> Result<(), Denial> {
        let book = self.books.read().ok_or(Denial::Locked)?;
        let now = Place::find(&book, client, &who.program).map_err(|_| Denial::AgentPaused)?;
        if !place.still_holds(&now) {
            return Err(Denial::AgentUnknown);
        }
        let how = given.how.unwrap_or_default();
        if now.becomes == Becomes::New {
            self.make_agent(place.agent.clone(), how).map_err(denial)?;
        }
        if now.becomes != Becomes::Known {
            self.accept(&place.agent, &who.program).map_err(denial)?;
        }
        self.tell(Event::Agents);
        let note = format!("for {for_what} over HTTP, as the client {client:?}, confirmed by {how}");
        let body = Body {
            agent: Some(place.agent.clone()),
            peer: Some(who.peer()),
            note: Some(note),
            ..self.body(Kind::AgentEnrolled)
        };
        self.write(body).map(drop)
    }

    fn accept(&self, name: &AgentName, program: &Program) -> Result<(), BrokerError> {
        self.books.change(|book, shelf| {
            let mut agent = book.agent(name)?.clone();
            agent.enrol(program.clone()).map_err(|illegal| BrokerError::Invalid(illegal.to_string()))?;
            book.put_agent(shelf, agent)
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is the end of the error's way")]
fn denial(error: BrokerError) -> Denial {
    tracing::warn!(%error, "an agent that the human accepted could not be kept");
    if matches!(error, BrokerError::Locked) { Denial::Locked } else { Denial::AgentRevoked }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Agent, Digest, PublicKey, Timestamp};

    fn program(content: u8) -> Program {
        Program { path: "/usr/bin/agent".into(), sha256: Digest::new([content; 32]) }
    }

    fn book(agents: &[(&str, AgentState)]) -> Book {
        let mut book = Book::default();
        for (name, state) in agents {
            let name = AgentName::parse(name).unwrap();
            let agent = Agent {
                name: name.clone(),
                did: String::new(),
                key: PublicKey([0; 32]),
                state: *state,
                programs: vec![program(1)],
                added: Timestamp::from_seconds(0),
                search: domain::ToolSearch::Off,
            };
            book.agents.insert(name, agent);
        }
        book
    }

    #[test]
    fn an_agent_that_was_named_and_never_came_waits_for_its_first_program() {
        let mut book = book(&[("scribe", AgentState::Pending)]);
        book.agents.values_mut().for_each(|agent| agent.programs.clear());
        assert_eq!(found(&book, "Scribe", 1), Some(("scribe".into(), Becomes::First)));
    }

    fn found(book: &Book, client: &str, content: u8) -> Option<(String, Becomes)> {
        let place = Place::find(book, client, &program(content)).ok()?;
        Some((place.agent.to_string(), place.becomes))
    }

    #[test]
    fn a_client_becomes_the_agent_of_its_own_name() {
        let nobody = book(&[]);
        for (client, agent) in [
            ("Claude Code", "claude-code"),
            ("  VS_Code (Insiders)! ", "vs-code-insiders"),
            ("\u{202e}é", "agent"),
            (&"long name ".repeat(9), "long-name-long-name-long-name"),
        ] {
            assert_eq!(found(&nobody, client, 1), Some((agent.into(), Becomes::New)), "{client}");
        }
    }

    #[test]
    fn threat_13_who_takes_the_name_of_another_program_s_agent_is_shown_as_that() {
        let book = book(&[("claude-code", AgentState::Enrolled)]);
        assert_eq!(found(&book, "Claude Code", 1), Some(("claude-code".into(), Becomes::Known)));
        assert_eq!(found(&book, "Claude Code", 2), Some(("claude-code".into(), Becomes::Another)));
    }

    #[test]
    fn nothing_leads_back_to_a_revoked_agent_or_around_a_pause() {
        let revoked = book(&[("a", AgentState::Revoked), ("a-2", AgentState::Revoked)]);
        assert_eq!(found(&revoked, "A", 1), Some(("a-3".into(), Becomes::New)));
        let paused = book(&[("a", AgentState::Paused)]);
        assert_eq!(found(&paused, "A", 1), Some(("a".into(), Becomes::Known)));
        assert_eq!(found(&paused, "A", 2), None);
    }

    #[test]
    fn a_yes_to_a_new_agent_is_none_to_one_that_has_come_since() {
        let place = |becomes| Place { agent: AgentName::parse("a").unwrap(), becomes };
        assert!(place(Becomes::New).still_holds(&place(Becomes::New)));
        assert!(place(Becomes::New).still_holds(&place(Becomes::Known)));
        assert!(!place(Becomes::New).still_holds(&place(Becomes::Another)));
        assert!(!place(Becomes::Another).still_holds(&place(Becomes::New)));
    }
}
