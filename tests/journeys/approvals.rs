//! The human is asked: sees every argument, and the answer reaches exactly as far as it says.

use journeys::{Agent, Protected, Wallet, refusal, text, wallet};
use serde_json::{Value, json};

async fn asking(terms: &[&str]) -> (Protected, Wallet, Agent) {
    let (notes, wallet) = (Protected::start(3600).await, Wallet::new().await);
    wallet.add_and_log_in("notes", &notes.mcp).await;
    wallet.employ("scribe", "notes", &["write_note"], terms).await;
    let agent = Agent::connect(&wallet, "scribe").await;
    (notes, wallet, agent)
}

fn note(title: &str) -> Value {
    json!({"title": title, "text": "…"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_waits_for_the_human_who_sees_what_it_does() {
    let (notes, wallet, agent) = asking(&["--ask", "always"]).await;
    let call = agent.call("notes__write_note", note("plan"));
    let human = async {
        let question = wallet.question_about("write_note").await;
        assert!(notes.effects("write_note").await.is_empty(), "nothing is sent before the answer");
        assert_eq!(question["subject"]["arguments"], note("plan"));
        assert_eq!(question["subject"]["agent"], "scribe");
        assert!(question["subject"]["peer"]["program"]["path"].is_string());
        wallet.allow(&question, &[]).await;
    };
    let (answer, ()) = tokio::join!(call, human);
    assert_eq!(text(&answer), "Written: plan");
    assert_eq!(notes.effects("write_note").await, [note("plan")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_is_told_to_the_agent_and_nothing_is_sent() {
    let (notes, wallet, agent) = asking(&["--ask", "always"]).await;
    let human = async { wallet.deny(&wallet.question_about("write_note").await).await };
    let (answer, ()) = tokio::join!(agent.call("notes__write_note", note("plan")), human);
    assert!(refusal(&answer).contains("said no"), "{answer}");
    assert!(notes.effects("write_note").await.is_empty());
    assert_eq!(wallet.receipts("call.denied").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_20_an_approval_is_for_these_arguments_and_no_others() {
    let (notes, wallet, agent) = asking(&["--ask", "always"]).await;
    let human = async { wallet.allow(&wallet.question_about("write_note").await, &["--always"]).await };
    tokio::join!(agent.call("notes__write_note", note("mine")), human);

    // The same arguments, in another order: the yes still holds.
    let again = agent.call("notes__write_note", json!({"text": "…", "title": "mine"})).await;
    assert_eq!(text(&again), "Written: mine");

    // The record says how far the yes reaches, how it was given, and which call went on its strength.
    let granted = wallet.receipts("approval.granted").await.remove(0);
    assert_eq!(granted["note"], "as long as the delegation holds, confirmed by passphrase");
    let opened = wallet.receipts("call.opened").await.pop().unwrap();
    assert_eq!(opened["decision"]["rule"], "standing", "{opened}");
    assert_eq!(opened["decision"]["approval"], granted["decision"]["approval"]);

    // Other arguments: a new question.
    let human = async { wallet.deny(&wallet.question_about("write_note").await).await };
    let (other, ()) = tokio::join!(agent.call("notes__write_note", note("yours")), human);
    assert!(refusal(&other).contains("said no"));
    assert_eq!(notes.effects("write_note").await, [note("mine"), note("mine")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_for_the_session_ends_with_it() {
    let (_notes, wallet, agent) = asking(&["--ask", "always"]).await;
    let human = async { wallet.allow(&wallet.question_about("write_note").await, &["--session"]).await };
    tokio::join!(agent.call("notes__write_note", note("plan")), human);
    assert_eq!(text(&agent.call("notes__write_note", note("plan")).await), "Written: plan");
    agent.ended().await;

    let next = Agent::connect(&wallet, "scribe").await;
    let human = async { wallet.deny(&wallet.question_about("write_note").await).await };
    let (answer, ()) = tokio::join!(next.call("notes__write_note", note("plan")), human);
    assert!(refusal(&answer).contains("said no"));
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_20_a_yes_once_is_for_one_call_also_where_the_delegation_asks_once_a_session() {
    let (notes, wallet, agent) = asking(&["--ask", "session"]).await;
    let human = async { wallet.allow(&wallet.question_about("write_note").await, &[]).await };
    tokio::join!(agent.call("notes__write_note", note("plan")), human);

    for again in ["plan", "another"] {
        let human = async { wallet.deny(&wallet.question_about("write_note").await).await };
        let (answer, ()) = tokio::join!(agent.call("notes__write_note", note(again)), human);
        assert!(refusal(&answer).contains("said no"), "{again}: {answer}");
    }
    assert_eq!(notes.effects("write_note").await, [note("plan")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_to_the_tool_is_for_any_arguments_and_ends_with_the_session() {
    let (notes, wallet, agent) = asking(&["--ask", "session"]).await;
    let human = async { wallet.allow(&wallet.question_about("write_note").await, &["--tool"]).await };
    tokio::join!(agent.call("notes__write_note", note("plan")), human);
    assert_eq!(text(&agent.call("notes__write_note", note("another")).await), "Written: another");
    agent.ended().await;

    let next = Agent::connect(&wallet, "scribe").await;
    let human = async { wallet.deny(&wallet.question_about("write_note").await).await };
    let (answer, ()) = tokio::join!(next.call("notes__write_note", note("third")), human);
    assert!(refusal(&answer).contains("said no"));
    assert_eq!(notes.effects("write_note").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_20_a_yes_to_the_tool_is_refused_where_the_delegation_asks_more_often() {
    for ask in ["once", "always"] {
        let (notes, wallet, agent) = asking(&["--ask", ask]).await;
        let (_, waiting) =
            agent.ask("tools/call", json!({"name": "notes__write_note", "arguments": note("plan")})).await;
        let question = wallet.question_about("write_note").await;
        let yes = ["approvals", "allow", question["id"].as_str().unwrap(), "--tool"];
        let output = wallet::finished(wallet.owner_command(&yes), "").await;
        assert_eq!(output.status.code(), Some(2), "{}", wallet::said(&output));
        assert!(wallet::said(&output).contains("once a session"), "{}", wallet::said(&output));
        assert_eq!(wallet.questions().await.len(), 1, "it still waits");
        assert!(notes.effects("write_note").await.is_empty());
        wallet.deny(&question).await;
        waiting.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_13_another_agent_cannot_ride_on_an_approval_that_waits() {
    let (notes, wallet, agent) = asking(&["--ask", "always"]).await;
    wallet.employ("rogue", "notes", &["read_note"], &["--ask", "never"]).await;
    let rogue = Agent::connect(&wallet, "rogue").await;
    let (_, waiting) =
        agent.ask("tools/call", json!({"name": "notes__write_note", "arguments": note("plan")})).await;
    let question = wallet.question_about("write_note").await;

    let answer = rogue.call("notes__write_note", note("plan")).await;
    assert!(refusal(&answer).contains("not granted"));
    assert!(!rogue.tools().await.contains(&"notes__write_note".to_owned()));

    wallet.allow(&question, &["--always"]).await;
    waiting.await.unwrap();
    let after = rogue.call("notes__write_note", note("plan")).await;
    assert!(refusal(&after).contains("not granted"), "a standing yes is the other agent's");
    assert_eq!(notes.effects("write_note").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_22_an_agent_cannot_approve_itself_over_any_way_it_has() {
    let (notes, wallet, agent) = asking(&["--ask", "always"]).await;
    let (_, waiting) =
        agent.ask("tools/call", json!({"name": "notes__write_note", "arguments": note("plan")})).await;
    let question = wallet.question_about("write_note").await;
    let id = question["id"].as_str().unwrap();

    // Over its own connection: no such method, whatever it is called.
    for method in ["approvals/allow", "resolve", "countersign/approve", "allow"] {
        let answer = agent.request(method, json!({"id": id, "answer": "allow"})).await;
        assert!(answer.get("error").is_some(), "{method}: {answer}");
    }
    // With the program it can start: a human must prove to be there.
    let bare = wallet.run(&["approvals", "allow", id]).await;
    assert!(!bare.status.success(), "{}", wallet::said(&bare));
    for guess in ["", "wrong passphrase", "yes"] {
        let mut command = wallet.command(&["approvals", "allow", id, "--passphrase-fd", "0"]);
        command.env("COUNTERSIGN_PASSPHRASE", wallet::PASSPHRASE);
        let output = wallet::finished(command, guess).await;
        assert!(!output.status.success(), "{}", wallet::said(&output));
    }
    assert_eq!(wallet.questions().await.len(), 1, "it still waits");
    assert!(notes.effects("write_note").await.is_empty());

    wallet.deny(&question).await;
    assert!(refusal(&waiting.await.unwrap()).contains("said no"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_used_up_and_no_more() {
    let (notes, _wallet, agent) = asking(&["--ask", "never", "--calls", "3"]).await;
    let calls = (0..8).map(|n| {
        let (agent, note) = (&agent, note(&n.to_string()));
        async move { agent.call("notes__write_note", note).await }
    });
    let answers = futures_util::future::join_all(calls).await;
    let refused = answers.iter().filter(|answer| {
        answer["result"]["content"][0]["text"].as_str().is_none_or(|text| !text.starts_with("Written"))
    });
    assert_eq!(refused.count(), 5);
    assert_eq!(notes.effects("write_note").await.len(), 3);
}
