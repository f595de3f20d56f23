//! One agent's connection, among servers that behave badly.

mod eras;

use crate::session::asked::{Asked, Asker, Question};
use crate::testing::{Fake, TOKEN, World, result, server, until};
use domain::{ApprovalMode, Timestamp};
use mcp::{Message, RawId};
use proof::receipt::Kind;
use serde_json::{Value, json};
use std::time::Duration;

fn modern(name: &str) -> Value {
    json!({"name": name, "arguments": {}, "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "a", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_no_object_reaches_a_modern_agent_and_frees_its_id() {
    let world = World::new().await;
    let mut agent = world.join();
    for nonsense in [json!([]), json!("text"), json!(1), json!(true)] {
        let said = nonsense.clone();
        world.notes.answers(move |message| {
            let said = said.clone();
            async move { (message["method"] == "tools/call").then(|| result(&message, &said)) }
        });
        // The same id again and again: each use of it ends.
        agent.ask(1, "tools/call", modern("notes__echo")).await;
        assert_eq!(agent.answer(1).await["result"], nonsense);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_request_with_an_id_leaves_the_first_one_s_cancellation_alone() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    world.notes.answers(|message| async move {
        if message["method"] == "tools/call" {
            std::future::pending::<()>().await;
        }
        None
    });
    agent.call(1).await;
    world.notes.was_asked("tools/call", 1).await;
    agent.call(1).await;
    let refused = agent.answer(1).await;
    assert!(refused["error"]["message"].as_str().unwrap().contains("under way already"), "{refused}");
    agent
        .say(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}))
        .await;
    until(|| world.broker.live().is_empty()).await;
    world.notes.was_asked("notifications/cancelled", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_29_a_token_in_a_list_is_struck_out() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    world.notes.answers(|message| async move {
        let list = json!({"prompts": [{"name": "greet", "description": format!("use {TOKEN}")}]});
        (message["method"] == "prompts/list").then(|| result(&message, &list))
    });
    agent.ask(1, "prompts/list", json!({})).await;
    let answer = agent.answer(1).await;
    let description = answer["result"]["prompts"][0]["description"].as_str().unwrap();
    assert!(description.starts_with("use ") && !description.contains("7d41c8e2a605"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_read_holds_up_nothing_of_the_agent_s() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    agent.call(1).await;
    agent.answer(1).await;
    world.notes.answers(|message| async move {
        if message["method"] == "notifications/roots/list_changed" {
            std::future::pending::<()>().await;
        }
        None
    });
    agent.say(json!({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"})).await;
    world.notes.was_asked("notifications/roots/list_changed", 1).await;
    agent.ask(2, "ping", json!({})).await;
    agent.answer(2).await;
    world.broker.lock().await;
    let ended = tokio::time::timeout(Duration::from_secs(10), agent.run).await;
    assert!(ended.is_ok(), "the connection ends with the lock");
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_goes_to_the_server_that_asked_and_to_no_other() {
    let world = World::new().await;
    let files = Fake::start().await;
    world.add_server("files", &files).await;
    world.delegate("files", ApprovalMode::Never, &[]).await;
    let mut agent = world.connect().await;
    agent.call(1).await;
    agent.answer(1).await;
    agent.ask(2, "tools/call", json!({"name": "files__echo", "arguments": {}})).await;
    agent.answer(2).await;

    let link = agent.session.link(&server("notes")).await.unwrap();
    let asked = json!({"messages": [], "_meta": {"progressToken": "mine"}});
    let question = Message::request(RawId::number(7), "sampling/createMessage", &asked);
    agent.session.question_from(&link, question, None).await;
    let heard = agent.hear().await.unwrap();
    let token = &heard["params"]["_meta"]["progressToken"];
    assert_ne!(token, "mine", "tokens of two servers may be the same");
    let progress = json!({"progressToken": token, "progress": 1});
    agent.say(json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": progress})).await;
    agent.say(json!({"jsonrpc": "2.0", "id": heard["id"], "result": {}})).await;

    world.notes.was_asked("notifications/progress", 1).await;
    assert_eq!(world.notes.heard("notifications/progress")[0]["params"]["progressToken"], "mine");
    assert_eq!(files.count("notifications/progress"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_26_a_paused_agent_hears_its_servers_no_more_and_leaves_them() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    agent.call(1).await;
    agent.answer(1).await;
    let link = agent.session.link(&server("notes")).await.unwrap();
    world.broker.pause_all().await.unwrap();
    world.notes.was_asked("DELETE", 2).await;
    let news = json!({"level": "info", "data": "psst"});
    agent.session.pass_on(&link, Message::notification("notifications/message", &news), None).await;
    let question = Message::request(RawId::number(7), "sampling/createMessage", &json!({}));
    agent.session.question_from(&link, question, None).await;
    agent.ask(2, "ping", json!({})).await;
    let of_the_wallet =
        |heard: &Value| heard["method"].as_str().is_some_and(|it| it.ends_with("/list_changed"));
    while let Some(heard) = agent.hear().await.filter(|heard| heard["id"] != 2) {
        assert!(of_the_wallet(&heard), "{heard}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_is_looked_for_where_its_grant_holds() {
    let world = World::new().await;
    let files = Fake::start().await;
    world.add_server("files", &files).await;
    let on_files = world.delegate("files", ApprovalMode::Never, &["file:///*"]).await;
    let on_notes = world.delegate("notes", ApprovalMode::Never, &["file:///*"]).await;
    let mut agent = world.connect().await;
    let read = json!({"uri": "file:///a"});

    agent.ask(1, "resources/read", read.clone()).await;
    let both = agent.answer(1).await;
    let sentence = both["error"]["message"].as_str().unwrap();
    assert!(sentence.contains("files") && sentence.contains("notes"), "{both}");

    // Whichever comes first in the book: the one that holds counts.
    expire(&world, &on_files);
    agent.ask(2, "resources/read", read.clone()).await;
    assert!(agent.answer(2).await.get("result").is_some());
    assert_eq!((files.count("resources/read"), world.notes.count("resources/read")), (0, 1));
    expire(&world, &on_notes);
    unexpire(&world, &on_files);
    agent.ask(3, "resources/read", read).await;
    assert!(agent.answer(3).await.get("result").is_some());
    assert_eq!((files.count("resources/read"), world.notes.count("resources/read")), (1, 1));
}

fn expire(world: &World, id: &domain::DelegationId) {
    set_end(world, id, world.broker.now());
}

fn unexpire(world: &World, id: &domain::DelegationId) {
    set_end(world, id, world.broker.now().plus(Duration::from_secs(60)));
}

fn set_end(world: &World, id: &domain::DelegationId, expires: Timestamp) {
    let changed = world.broker.0.books.change(|book, _| {
        let signed = book.delegation(id)?;
        let delegation = domain::Delegation { expires, ..signed.delegation.clone() };
        let signed = crate::book::Signed::new(delegation, signed.sd_jwt.clone());
        book.delegations.insert(id.clone(), std::sync::Arc::new(signed));
        Ok(())
    });
    changed.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_slowly_is_opened_once_and_there_for_whoever_asks_next() {
    let world = World::new().await;
    let agent = world.connect().await;
    let begun = world.notes.count("initialize");
    world.notes.answers(|message| async move {
        if message["method"] == "initialize" {
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
        None
    });
    let name = server("notes");
    for _ in 0..3 {
        let gave_up = tokio::time::timeout(Duration::from_millis(150), agent.session.link(&name)).await;
        assert!(gave_up.is_err());
    }
    agent.session.link(&name).await.unwrap();
    assert_eq!(world.notes.count("initialize"), begun + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_reads_nothing_is_written_to_no_more_once_it_has_been_sent_away() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    let link = agent.session.link(&server("notes")).await.unwrap();
    // More than the pipe holds, and nobody reads.
    let text = "x".repeat(1 << 20);
    for _ in 0..8 {
        agent
            .session
            .pass_on(&link, Message::notification("notifications/message", &json!({ "data": text })), None)
            .await;
    }
    agent.session.end();
    (&mut agent.run).await.unwrap();
    assert!(agent.rest().await < 2 << 20, "what waited was written all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_21_a_lost_login_is_told_once() {
    let world = World::new().await;
    let oauth = domain::Transport::Http {
        url: world.notes.url.parse().unwrap(),
        credential: domain::Credential::OAuth,
    };
    let new = crate::NewServer { name: server("cloud"), transport: oauth, env_secrets: vec![], header: None };
    world.broker.add_server(crate::testing::consent(), new).await.unwrap();
    for _ in 0..3 {
        assert!(world.broker.0.freshen(&server("cloud")).await.is_err());
    }
    let told = |world: &World| world.record().iter().filter(|body| body.kind == Kind::LoginNeeded).count();
    assert_eq!(told(&world), 1);
    world.broker.0.logged_in(&server("cloud"));
    assert!(world.broker.0.freshen(&server("cloud")).await.is_err());
    assert_eq!(told(&world), 2, "another login, lost again, is told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_21_one_server_s_flood_of_questions_takes_nothing_from_another() {
    let world = World::new().await;
    let files = Fake::start().await;
    world.add_server("files", &files).await;
    world.delegate("files", ApprovalMode::Never, &[]).await;
    let agent = world.connect().await;
    let notes = agent.session.link(&server("notes")).await.unwrap();
    let files = agent.session.link(&server("files")).await.unwrap();
    let mut asked = Asked::default();
    let question = |ours: &str, link| Question {
        ours: RawId::text(ours),
        link: std::sync::Arc::downgrade(link),
        asker: Asker::Server(RawId::text(ours)),
        token: None,
    };
    asked.add(question("quiet", &files));
    let forgotten = (0..1000).filter_map(|n| asked.add(question(&n.to_string(), &notes))).count();
    assert!(forgotten > 900);
    assert!(asked.answered(&RawId::text("0")).is_none(), "the flood's oldest is forgotten");
    assert!(asked.answered(&RawId::text("999")).is_some());
    assert!(asked.answered(&RawId::text("quiet")).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_is_locked_from_any_thread_whatever_its_agents_may_still_use() {
    let world = World::new().await;
    let mut agent = world.connect().await;
    agent.call(1).await;
    agent.answer(1).await;
    expire(&world, &world.delegation);
    let broker = world.broker.clone();
    let runtime = tokio::runtime::Handle::current();
    let locked = std::thread::spawn(move || runtime.block_on(broker.lock())).join();
    assert!(locked.is_ok());
    agent.run.await.unwrap();
}

fn notes() -> domain::Endpoint {
    domain::Endpoint::One(server("notes"))
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_endpoint_of_one_server_its_own_words_and_names_hold_and_no_other_is_there() {
    let world = World::new().await;
    let files = Fake::start().await;
    world.add_server("files", &files).await;
    world.delegate("files", ApprovalMode::Never, &["file:///*"]).await;
    let said = json!({
        "protocolVersion": "2025-11-25", "capabilities": {"tools": {"x-own": 1.50}}, "serverInfo": {"name": "Notes"},
        "instructions": "be brief",
    });
    let words = said.clone();
    world.notes.answers(move |message| {
        let words = words.clone();
        async move { (message["method"] == "initialize").then(|| result(&message, &words)) }
    });
    let mut agent = world.join_at(notes());
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}});
    agent.ask(1, "initialize", hello).await;
    assert_eq!(agent.answer(1).await["result"], said);
    agent.ask(2, "tools/list", json!({})).await;
    assert_eq!(agent.answer(2).await["result"]["tools"][0]["name"], "echo");
    agent.ask(3, "tools/call", json!({"name": "echo", "arguments": {}})).await;
    assert!(agent.answer(3).await.get("result").is_some());
    assert_eq!(world.notes.heard("tools/call")[0]["params"]["name"], "echo");

    // What was granted elsewhere is not to be had here, under whatever name.
    agent.ask(4, "tools/call", json!({"name": "files__echo", "arguments": {}})).await;
    assert_eq!(agent.answer(4).await["error"]["data"]["reason"], "not_granted");
    agent.ask(5, "resources/read", json!({"uri": "file:///a"})).await;
    assert_eq!(agent.answer(5).await["error"]["data"]["reason"], "not_granted");
    assert_eq!(files.count("tools/call") + files.count("resources/read"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_endpoint_of_a_server_that_is_down_the_wallet_speaks_for_it() {
    let world = World::new().await;
    world.notes.answers(|message| async move {
        let begins = matches!(message["method"].as_str(), Some("initialize" | "server/discover"));
        begins.then(|| crate::testing::failure(&message, "not today"))
    });
    let mut agent = world.join_at(notes());
    agent.ask(1, "initialize", json!({"protocolVersion": "2025-11-25", "capabilities": {}})).await;
    assert_eq!(agent.answer(1).await["result"]["serverInfo"]["name"], "countersign");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_13_two_exchanges_with_one_id_and_one_token_hear_each_its_own() {
    let world = World::new().await;
    let agent = world.connect().await;
    world.notes.answers(|message| async move {
        if message["method"] != "tools/call" {
            return None;
        }
        let text = &message["params"]["arguments"]["say"];
        let token = &message["params"]["_meta"]["progressToken"];
        let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress",
            "params": {"progressToken": token, "progress": 1, "message": text}});
        let answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": {"content": [{"type": "text", "text": text}]}});
        // Both are under way when the first of them is answered.
        tokio::time::sleep(Duration::from_millis(if text == "one" { 300 } else { 100 })).await;
        let stream = format!("data: {progress}\n\ndata: {answer}\n\n");
        Some(axum::response::IntoResponse::into_response(([("content-type", "text/event-stream")], stream)))
    });
    let mut voices = vec![];
    for say in ["one", "two"] {
        let params =
            json!({"name": "notes__echo", "arguments": {"say": say}, "_meta": {"progressToken": "t"}});
        let request = Message::request(RawId::number(7), "tools/call", &params);
        let (voice, heard) = crate::voice::Voice::new();
        agent.session.ask(request, &voice, crate::session::Ids::Shared).await;
        voices.push((say, heard));
    }
    for (say, mut heard) in voices {
        let progress: Value = heard.recv().await.unwrap().whole().await.unwrap().params();
        assert_eq!((&progress["progressToken"], &progress["message"]), (&json!("t"), &json!(say)));
        let answer = heard.recv().await.unwrap().whole().await.unwrap();
        assert_eq!(answer.id(), Some(&RawId::number(7)));
        assert_eq!(answer.result().unwrap()["content"][0]["text"], say);
        assert!(heard.recv().await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_who_stops_listening_takes_the_request_back() {
    let world = World::new().await;
    let agent = world.connect().await;
    world.notes.answers(|message| async move {
        if message["method"] == "tools/call" {
            std::future::pending::<()>().await;
        }
        None
    });
    let params = json!({"name": "notes__echo", "arguments": {}});
    let (voice, heard) = crate::voice::Voice::new();
    let request = Message::request(RawId::number(7), "tools/call", &params);
    agent.session.ask(request, &voice, crate::session::Ids::Shared).await;
    drop(voice);
    world.notes.was_asked("tools/call", 1).await;
    drop(heard);
    until(|| world.broker.live().is_empty()).await;
    world.notes.was_asked("notifications/cancelled", 1).await;
}
