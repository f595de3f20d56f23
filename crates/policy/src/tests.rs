//! The table of decisions, and what holds for every one of them.

use crate::*;
use domain::*;
use proptest::prelude::*;

struct World {
    agent: Agent,
    peer: Peer,
    delegation: Delegation,
    call: Call,
    definition: Option<Digest>,
    used: Used,
    standing: Vec<Standing>,
    all_paused: bool,
}

const OWN: Own = Own { uid: 1000, shim: Some(Digest::new([5; 32])) };
const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn digest(n: u8) -> Digest {
    Digest::new([n; 32])
}

fn world(mode: ApprovalMode, limits: Limits) -> World {
    let name = AgentName::parse("claude").unwrap();
    let server = ServerName::parse("github").unwrap();
    let program = Program { path: "/usr/bin/claude".into(), sha256: digest(9) };
    let tool =
        ToolGrant { name: "merge".into(), definition: digest(1), arguments: None, approval: mode, limits };
    World {
        agent: Agent {
            name: name.clone(),
            did: "did:key:z".into(),
            key: PublicKey([0; 32]),
            state: AgentState::Enrolled,
            programs: vec![program.clone()],
            added: NOW,
            search: ToolSearch::Off,
        },
        peer: Peer {
            pid: 7,
            uid: 1000,
            program,
            shim: Some(Program { path: "/usr/bin/countersign".into(), sha256: digest(5) }),
        },
        delegation: Delegation {
            id: DelegationId::new("d1"),
            agent: name.clone(),
            grants: vec![Grant {
                server: server.clone(),
                location: "https://mcp.example".into(),
                tools: vec![tool],
                resources: vec![ResourceGrant { uri: "repo://atlas/*".into() }],
                prompts: vec![],
            }],
            issued: NOW,
            not_before: NOW,
            expires: Timestamp::from_seconds(1_003_600),
            depth: 0,
            parent: None,
            revoked: None,
        },
        call: Call {
            id: CallId::new("c1"),
            agent: name,
            session: SessionId::new("s1"),
            server,
            target: Target::tool("merge"),
            digest: digest(2),
        },
        definition: Some(digest(1)),
        used: Used::default(),
        standing: vec![],
        all_paused: false,
    }
}

impl World {
    fn decide(&self, now: Timestamp) -> Decision {
        let candidates = [Candidate { delegation: &self.delegation, used: self.used }];
        let facts = Facts {
            call: &self.call,
            agent: &self.agent,
            peer: &self.peer,
            all_paused: self.all_paused,
            candidates: &candidates,
            definition: self.definition,
            standing: &self.standing,
        };
        decide(&facts, now)
    }

    fn denial(&self) -> Denial {
        let Decision::Deny(denial) = self.decide(NOW) else { panic!("expected a denial") };
        denial
    }

    /// Asks, and lets the human say yes with `reach`; gives back what was remembered.
    fn approve(&mut self, reach: Reach) -> Permit {
        let Decision::Ask(asking) = self.decide(NOW) else { panic!("expected a question") };
        let settled = settle(asking, ApprovalId::new("a1"), Answer::Allow { reach }, NOW).unwrap();
        self.standing.extend(settled.standing);
        settled.permit
    }

    fn asks(&self) -> bool {
        matches!(self.decide(NOW), Decision::Ask(_))
    }

    fn allows(&self) -> bool {
        matches!(self.decide(NOW), Decision::Allow(_))
    }
}

/// Every mode in which the human is asked.
const ASKING: [ApprovalMode; 3] = [ApprovalMode::Once, ApprovalMode::Session, ApprovalMode::Always];

fn unlimited(mode: ApprovalMode) -> World {
    world(mode, Limits::default())
}

#[test]
fn a_granted_tool_is_allowed_and_the_permit_says_for_what() {
    let world = unlimited(ApprovalMode::Never);
    let Decision::Allow(permit) = world.decide(NOW) else { panic!("refused") };
    assert_eq!(permit.purpose(), Purpose::Call);
    assert_eq!(permit.digest(), Some(world.call.digest));
    assert_eq!(permit.definition(), Some(digest(1)));
    assert_eq!(permit.server(), &world.call.server);
}

#[test]
fn a_permit_names_the_earlier_yes_that_gave_it() {
    let mut world = unlimited(ApprovalMode::Always);
    assert_eq!(
        world.approve(Reach::Always).approval(),
        None,
        "the record names the question of this call itself"
    );
    let Decision::Allow(permit) = world.decide(NOW) else { panic!("refused") };
    assert_eq!(permit.approval(), Some(&ApprovalId::new("a1")));
}

#[test]
fn threat_05_what_is_not_named_is_refused_whatever_its_kind() {
    let mut world = unlimited(ApprovalMode::Never);
    for target in [Target::tool("delete"), Target::resource("file:///etc/passwd"), Target::prompt("merge")] {
        world.call.target = target;
        assert_eq!(world.denial(), Denial::NotGranted);
    }
}

#[test]
fn threat_13_another_agents_delegation_gives_nothing() {
    let mut world = unlimited(ApprovalMode::Never);
    world.delegation.agent = AgentName::parse("other").unwrap();
    assert_eq!(world.denial(), Denial::NotGranted);
}

#[test]
fn threat_11_a_changed_definition_is_refused_even_with_a_standing_yes() {
    let mut world = unlimited(ApprovalMode::Always);
    let _permit = world.approve(Reach::Always);
    assert!(world.allows());
    world.definition = Some(digest(3));
    assert_eq!(world.denial(), Denial::ToolChanged);
    world.definition = None;
    assert_eq!(world.denial(), Denial::ToolGone);
}

#[test]
fn threat_04_another_program_is_not_the_agent() {
    let mut world = unlimited(ApprovalMode::Never);
    world.peer.program.sha256 = digest(8);
    assert_eq!(world.denial(), Denial::AgentUnknown);
    assert_eq!(connect(&world.agent, &world.peer, OWN), Connection::Ask { changed: true });
    let another = Own { uid: 1001, ..OWN };
    assert!(matches!(connect(&world.agent, &world.peer, another), Connection::Refuse(_)));
}

#[test]
fn threat_04_only_the_wallet_s_own_shim_speaks_for_the_program_that_started_it() {
    let mut world = unlimited(ApprovalMode::Never);
    assert_eq!(connect(&world.agent, &world.peer, OWN), Connection::Welcome);
    let unknown = Own { shim: None, ..OWN };
    assert!(matches!(connect(&world.agent, &world.peer, unknown), Connection::Refuse(_)));
    world.peer.shim = Some(Program { path: "/usr/bin/countersign".into(), sha256: digest(6) });
    assert!(matches!(connect(&world.agent, &world.peer, OWN), Connection::Refuse(_)));
}

#[test]
fn threat_20_a_yes_does_not_reach_other_arguments() {
    for mode in ASKING {
        for reach in
            [Reach::Session, Reach::Until { until: Timestamp::from_seconds(1_000_100) }, Reach::Always]
        {
            let mut world = unlimited(mode);
            let _permit = world.approve(reach);
            assert!(world.allows(), "{mode:?} {reach:?}");
            world.call.digest = digest(3);
            assert!(world.asks(), "{mode:?} {reach:?}");
        }
    }
}

#[test]
fn threat_20_a_yes_for_once_is_for_once_however_often_the_delegation_asks() {
    for mode in ASKING {
        let mut world = unlimited(mode);
        let permit = world.approve(Reach::Once);
        assert_eq!(permit.digest(), Some(digest(2)));
        assert!(world.asks(), "{mode:?}: the same call is asked about again");
    }
}

#[test]
fn a_yes_for_a_session_or_a_time_ends_with_it() {
    let mut world = unlimited(ApprovalMode::Always);
    let _permit = world.approve(Reach::Session);
    world.call.session = SessionId::new("s2");
    assert!(world.asks());

    let mut world = unlimited(ApprovalMode::Always);
    let until = Timestamp::from_seconds(1_000_060);
    let _permit = world.approve(Reach::Until { until });
    assert!(matches!(world.decide(Timestamp::from_seconds(1_000_059)), Decision::Allow(_)));
    assert!(matches!(world.decide(until), Decision::Ask(_)));
}

#[test]
fn a_yes_to_the_tool_covers_other_arguments_in_that_session_only() {
    let mut world = unlimited(ApprovalMode::Session);
    let _permit = world.approve(Reach::Tool);
    world.call.digest = digest(7);
    assert!(world.allows());
    world.call.target = Target::tool("delete");
    assert_eq!(world.denial(), Denial::NotGranted);
    world.call.target = Target::tool("merge");
    world.call.session = SessionId::new("s2");
    assert!(world.asks());
}

#[test]
fn threat_20_a_yes_to_the_tool_is_for_this_call_alone_where_the_delegation_asks_more_often() {
    for mode in [ApprovalMode::Once, ApprovalMode::Always] {
        let mut world = unlimited(mode);
        let _permit = world.approve(Reach::Tool);
        assert!(world.standing.is_empty(), "{mode:?}");
        assert!(world.asks(), "{mode:?}");
    }
}

#[test]
fn a_no_is_a_denial_and_a_late_yes_is_none() {
    let world = unlimited(ApprovalMode::Always);
    let ask = || {
        let Decision::Ask(asking) = world.decide(NOW) else { panic!("expected a question") };
        asking
    };
    let id = || ApprovalId::new("a");
    assert_eq!(settle(ask(), id(), Answer::Deny, NOW).unwrap_err(), Denial::HumanDenied);
    let yes = Answer::Allow { reach: Reach::Once };
    assert_eq!(settle(ask(), id(), yes, world.delegation.expires).unwrap_err(), Denial::Expired);
}

#[test]
fn a_budget_ends_exactly_at_its_number() {
    let mut world = world(ApprovalMode::Never, Limits { calls: Some(3), per_minute: None });
    world.used.calls = 2;
    assert!(world.allows());
    world.used.calls = 3;
    assert_eq!(world.denial(), Denial::CallsSpent { limit: 3 });
}

#[test]
fn too_fast_says_when_to_try_again() {
    let mut world = world(ApprovalMode::Never, Limits { calls: None, per_minute: Some(2) });
    world.used = Used { calls: 2, last_minute: 2, oldest_in_minute: Some(NOW) };
    assert_eq!(world.denial(), Denial::TooFast { limit: 2, retry_after: Timestamp::from_seconds(1_000_060) });
}

#[test]
fn a_narrowing_this_version_can_not_check_is_not_ignored() {
    let mut world = unlimited(ApprovalMode::Never);
    world.delegation.grants[0].tools[0].arguments = Some(serde_json::json!({"type": "object"}));
    assert_eq!(world.denial(), Denial::ArgumentsOutside);
}

#[test]
fn pause_and_revoke_stop_calls_housekeeping_and_lists() {
    for (state, denial) in [
        (AgentState::Paused, Denial::AgentPaused),
        (AgentState::Revoked, Denial::AgentRevoked),
        (AgentState::Pending, Denial::AgentUnknown),
    ] {
        let mut world = unlimited(ApprovalMode::Never);
        world.agent.state = state;
        assert_eq!(world.denial(), denial);
        let delegations = [world.delegation.clone()];
        assert_eq!(admit(&world.agent, false, &delegations, &world.call.server, NOW).unwrap_err(), denial);
        let server = &world.call.server;
        assert!(!visible(&world.agent, &delegations, server, &world.call.target, world.definition, NOW));
    }
}

#[test]
fn a_list_asks_no_server_of_which_nothing_could_be_shown() {
    let mut world = unlimited(ApprovalMode::Never);
    let (edge, server) = (world.delegation.expires, world.call.server.clone());
    let shown = |world: &World, kind, now| {
        shown_of(&world.agent, [&world.delegation], kind, now).into_iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(shown(&world, TargetKind::Tool, NOW), std::slice::from_ref(&server));
    assert_eq!(shown(&world, TargetKind::Resource, NOW), [server]);
    assert!(shown(&world, TargetKind::Prompt, NOW).is_empty(), "no prompt is granted");
    assert!(shown(&world, TargetKind::Tool, edge).is_empty(), "it has expired");
    world.agent.state = AgentState::Paused;
    assert!(shown(&world, TargetKind::Tool, NOW).is_empty());
}

#[test]
fn what_is_shown_changes_by_the_clock_when_a_delegation_begins_or_ends() {
    let mut world = unlimited(ApprovalMode::Never);
    let (begins, ends) = (world.delegation.not_before, world.delegation.expires);
    let until = |world: &World, now| shown_until([&world.delegation], now);
    assert_eq!(until(&world, Timestamp::from_seconds(1)), Some(begins));
    assert_eq!(until(&world, begins), Some(ends));
    assert_eq!(until(&world, ends), None);
    world.delegation.revoked = Some(NOW);
    assert_eq!(until(&world, begins), None);
}

#[test]
fn two_delegations_are_as_good_as_the_better_one() {
    let world = unlimited(ApprovalMode::Never);
    let mut revoked = world.delegation.clone();
    revoked.revoked = Some(NOW);
    for order in [[&revoked, &world.delegation], [&world.delegation, &revoked]] {
        let candidates = order.map(|delegation| Candidate { delegation, used: Used::default() });
        let facts = Facts {
            call: &world.call,
            agent: &world.agent,
            peer: &world.peer,
            all_paused: false,
            candidates: &candidates,
            definition: world.definition,
            standing: &[],
        };
        assert!(matches!(decide(&facts, NOW), Decision::Allow(_)));
    }
}

proptest! {
    /// Whatever the state of the world: a permit only where everything holds at once.
    #[test]
    fn nothing_is_allowed_without_every_condition(
        enrolled: bool, known: bool, running: bool, named: bool, same_definition: bool, own: bool,
        at in 0i64..7_200, revoked: bool, within_budget: bool,
    ) {
        let mut world = world(ApprovalMode::Never, Limits { calls: Some(5), per_minute: None });
        if !enrolled { world.agent.state = AgentState::Paused; }
        if !known { world.peer.program.sha256 = digest(8); }
        world.all_paused = !running;
        if !named { world.call.target = Target::tool("other"); }
        if !same_definition { world.definition = Some(digest(4)); }
        if !own { world.delegation.agent = AgentName::parse("other").unwrap(); }
        if revoked { world.delegation.revoked = Some(NOW); }
        if !within_budget { world.used.calls = 5; }
        let now = Timestamp::from_seconds(999_000 + at);
        let in_time = now >= world.delegation.not_before && now < world.delegation.expires;
        let all = enrolled && known && running && named && same_definition && own && !revoked && within_budget && in_time;
        prop_assert_eq!(matches!(world.decide(now), Decision::Allow(_)), all);
        prop_assert!(all || matches!(world.decide(now), Decision::Deny(_)));
    }
}
