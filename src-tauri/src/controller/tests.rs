//! The controller without a window.

use super::*;
use domain::{PublicKey, Timestamp};

fn name(name: &str) -> AgentName {
    AgentName::parse(name).unwrap()
}

fn agent(called: &str, state: AgentState) -> Agent {
    let at = Timestamp::from_seconds(0);
    Agent {
        name: name(called),
        did: String::new(),
        key: PublicKey([0; 32]),
        state,
        programs: vec![],
        added: at,
        search: domain::ToolSearch::Off,
    }
}

fn question(id: &str) -> Question {
    let subject = Subject::Confirm { sentence: "Add an agent".into(), details: vec![] };
    let at = Timestamp::from_seconds(0);
    Question { id: ApprovalId::new(id), subject, asked: at, expires: at }
}

fn scene() -> Scene {
    Scene { agents: vec![agent("claude", AgentState::Enrolled)], notify: true, ..Scene::default() }
}

fn asking(questions: usize) -> Scene {
    Scene { questions: (0..questions).map(|n| question(&n.to_string())).collect(), ..scene() }
}

fn notes(steps: &[Step]) -> usize {
    steps.iter().filter(|step| matches!(step, Step::Notify(_))).count()
}

#[test]
fn a_question_opens_the_window_and_notifies_once() {
    let mut controller = Controller::default();
    let first = controller.see(&asking(1));
    assert!(first.contains(&Step::Ask));
    assert_eq!(notes(&first), 1);
    assert_eq!(controller.see(&asking(1)), vec![]);
}

#[test]
fn the_window_goes_away_with_the_last_question() {
    let mut controller = Controller::default();
    controller.see(&asking(2));
    assert!(!controller.see(&asking(1)).contains(&Step::Hush));
    assert!(controller.see(&asking(0)).contains(&Step::Hush));
    assert!(!controller.see(&asking(0)).contains(&Step::Hush));
}

#[test]
fn threat_21_a_thousand_questions_are_one_notification_and_one_menu() {
    let steps = Controller::default().see(&asking(1000));
    assert_eq!(notes(&steps), 1);
    assert_eq!(steps.len(), 3, "{steps:?}");
}

#[test]
fn a_human_who_wants_no_notifications_still_gets_the_window() {
    let quiet = Scene { notify: false, ..asking(1) };
    let steps = Controller::default().see(&quiet);
    assert!(steps.contains(&Step::Ask));
    assert_eq!(notes(&steps), 0);
}

#[test]
fn the_tray_shows_the_first_state_that_holds_of_locked_paused_question_working_idle() {
    let all = Scene { locked: true, paused: true, working: [name("claude")].into(), ..asking(1) };
    assert_eq!(all.tray().shape, Shape::Locked);
    let open = Scene { locked: false, ..all };
    assert_eq!(open.tray().shape, Shape::Paused);
    let resumed = Scene { paused: false, ..open };
    assert_eq!(resumed.tray().shape, Shape::Question);
    let answered = Scene { questions: vec![], ..resumed };
    assert_eq!(answered.tray().shape, Shape::Working);
    let done = Scene { working: HashSet::new(), ..answered };
    assert_eq!(done.tray().shape, Shape::Idle);
}

#[test]
fn a_revoked_agent_leaves_the_menu_and_a_paused_one_stays() {
    let agents = vec![agent("gone", AgentState::Revoked), agent("held", AgentState::Paused)];
    let tray = Scene { agents, ..scene() }.tray();
    assert_eq!(tray.agents, vec![TrayAgent { name: name("held"), paused: true }]);
}

#[test]
fn nothing_is_drawn_when_nothing_has_changed() {
    let mut controller = Controller::default();
    assert_eq!(controller.see(&scene()).len(), 1);
    assert_eq!(controller.see(&scene()), vec![]);
}

#[test]
fn a_call_under_way_changes_the_icon_but_not_the_menu() {
    let idle = scene().tray();
    let working = Scene { working: [name("claude")].into(), ..scene() }.tray();
    assert_ne!(idle.shape, working.shape);
    assert_eq!((idle.agents, idle.questions), (working.agents, working.questions));
}
