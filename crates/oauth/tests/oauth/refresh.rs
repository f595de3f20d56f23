//! Keeping tokens fresh, replacing rejected ones, giving them back.

use crate::hostile::{Behaviour, Hostile, hostile, tokens};
use crate::world::{FakeBrowser, NOW, World, later, world};
use futures_util::future::join_all;
use oauth::OAuthError;
use playground::{Playground, PlaygroundOptions};
use reqwest::Client;
use serde_json::json;
use vault::{ClientRegistration, Secret};

async fn at_the_playground() -> (Playground, World) {
    let options = PlaygroundOptions { auto_approve: true, ..PlaygroundOptions::default() };
    let playground = playground::start(options).await.unwrap();
    let world = world(&playground.mcp_url);
    world.log_in(&FakeBrowser::honest()).await.unwrap();
    (playground, world)
}

async fn at(behaviour: Behaviour) -> (Hostile, World) {
    let server = hostile(behaviour).await;
    let world = world(&server.url);
    world.log_in(&FakeBrowser::honest()).await.unwrap();
    (server, world)
}

async fn opens(playground: &Playground, token: &str) -> bool {
    let request = Client::new().post(playground.mcp_url.clone()).bearer_auth(token);
    request.send().await.unwrap().status() != 401
}

#[tokio::test]
async fn threat_25_twenty_calls_at_expiry_make_one_refresh() {
    let (playground, world) = at_the_playground().await;
    let before = world.access();
    let calls = join_all((0..20).map(|_| world.fresh(later(600)))).await;
    assert!(calls.iter().all(Result::is_ok), "{calls:?}");
    assert_eq!(playground.counts().refreshes, 1);
    assert_ne!(world.access(), before);
    assert!(opens(&playground, &world.access()).await);
}

#[tokio::test]
async fn threat_25_tokens_are_refreshed_ahead_of_their_end_and_not_before() {
    let (playground, world) = at_the_playground().await;
    world.fresh(later(530)).await.unwrap();
    assert_eq!(playground.counts().refreshes, 0);
    world.fresh(later(545)).await.unwrap();
    assert_eq!(playground.counts().refreshes, 1);
}

#[tokio::test]
async fn threat_25_a_refresh_whose_answer_was_lost_ends_in_one_question_and_no_loop() {
    let (playground, world) = at_the_playground().await;
    // A wallet that was killed after the server rotated and before it could keep the answer.
    let registration =
        world.vault.tokens(&world.server.name).registration(&playground.issuer).unwrap().unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", &registration.client_id),
        ("refresh_token", &world.refresh_token()),
        ("resource", playground.mcp_url.as_str()),
    ];
    let lost = Client::new().post(format!("{}/token", playground.issuer)).form(&form).send().await.unwrap();
    assert_eq!(lost.status(), 200);

    for _ in 0..3 {
        assert!(matches!(world.fresh(later(600)).await, Err(OAuthError::LoginNeeded(_))));
    }
    assert_eq!(playground.counts().refreshes, 2, "the lost one and the one that told");
    assert!(world.tokens().is_none());
    world.log_in(&FakeBrowser::honest()).await.unwrap();
    world.fresh(later(1)).await.unwrap();
}

#[tokio::test]
async fn threat_25_a_caller_who_leaves_does_not_lose_the_rotated_token() {
    let (server, world) = at(Behaviour::default()).await;
    server.hold();
    let mut leaves = Box::pin(world.fresh(later(3600)));
    while server.tokens().len() < 2 {
        assert!(futures_util::poll!(&mut leaves).is_pending());
        tokio::task::yield_now().await;
    }
    drop(leaves);
    let stays = world.fresh(later(3600));
    server.let_go();
    stays.await.unwrap();
    assert_eq!(server.tokens().len(), 2);
    assert_eq!(world.access(), "access-2");
}

#[tokio::test]
async fn a_login_that_ended_is_cleared_and_asked_for_once() {
    let ended = |n| if n == 1 { (200, tokens(1)) } else { (400, json!({ "error": "invalid_grant" })) };
    let (server, world) = at(Behaviour { token: ended, ..Behaviour::default() }).await;
    let calls = join_all((0..20).map(|_| world.fresh(later(3600)))).await;
    assert!(calls.iter().all(|call| matches!(call, Err(OAuthError::LoginNeeded(_)))), "{calls:?}");
    assert!(world.tokens().is_none());
    assert_eq!(server.tokens().len(), 2);
}

#[tokio::test]
async fn a_server_that_is_down_costs_nothing_while_the_token_holds() {
    let down = |n| if n == 1 { (200, tokens(1)) } else { (503, json!({})) };
    let (server, world) = at(Behaviour { token: down, ..Behaviour::default() }).await;
    world.fresh(later(3590)).await.unwrap();
    world.fresh(later(3591)).await.unwrap();
    assert_eq!(server.tokens().len(), 2, "not asked again at once");
    assert!(matches!(world.fresh(later(3601)).await, Err(OAuthError::BadAnswer { .. })));
    assert!(world.tokens().is_some(), "the login stands");
}

#[tokio::test]
async fn a_server_that_does_not_rotate_keeps_its_refresh_token() {
    let fixed = |n| {
        let mut tokens = tokens(n);
        if n > 1 {
            tokens.as_object_mut().unwrap().remove("refresh_token");
        }
        (200, tokens)
    };
    let (server, world) = at(Behaviour { token: fixed, ..Behaviour::default() }).await;
    world.fresh(later(3600)).await.unwrap();
    world.fresh(later(7200)).await.unwrap();
    assert_eq!(server.tokens()[2]["refresh_token"], "refresh-1");
}

#[tokio::test]
async fn twenty_rejected_calls_replace_the_token_once() {
    let (server, world) = at(Behaviour::default()).await;
    let reject = || world.oauth.rejected(&world.server.name, later(5), later(6));
    let calls = join_all((0..20).map(|_| reject())).await;
    assert!(calls.iter().all(Result::is_ok), "{calls:?}");
    reject().await.unwrap();
    assert_eq!(server.tokens().len(), 2, "one login, one refresh");
}

#[tokio::test]
async fn a_new_token_that_is_rejected_too_leads_to_the_human_and_not_round_again() {
    let (server, world) = at(Behaviour::default()).await;
    world.oauth.rejected(&world.server.name, later(5), later(6)).await.unwrap();
    let again = world.oauth.rejected(&world.server.name, later(7), later(8)).await;
    assert!(matches!(again, Err(OAuthError::LoginNeeded(_))));
    assert_eq!(server.tokens().len(), 2);
}

#[tokio::test]
async fn a_token_that_can_not_be_replaced_now_is_tried_again_and_the_login_stands() {
    let down = |n| if n == 2 { (503, json!({})) } else { (200, tokens(n)) };
    let (server, world) = at(Behaviour { token: down, ..Behaviour::default() }).await;
    world.oauth.rejected(&world.server.name, later(5), later(6)).await.unwrap();
    world.oauth.rejected(&world.server.name, later(7), later(8)).await.unwrap();
    assert_eq!(server.tokens().len(), 3);
    assert_eq!(world.access(), "access-3");
}

#[tokio::test]
async fn logging_out_revokes_and_forgets() {
    let (playground, world) = at_the_playground().await;
    let access = world.access();
    assert!(world.oauth.logout(&world.server.name).await.unwrap());
    assert!(playground.counts().revocations > 0);
    assert!(!opens(&playground, &access).await);
    assert!(world.tokens().is_none());
    assert!(matches!(world.fresh(NOW).await, Err(OAuthError::LoginNeeded(_))));
    assert!(!world.oauth.logout(&world.server.name).await.unwrap(), "nothing is left to revoke");
}

#[tokio::test]
async fn logging_out_during_a_refresh_is_not_undone_by_it() {
    let (server, world) = at(Behaviour::default()).await;
    server.hold();
    let mut refresh = Box::pin(world.fresh(later(3600)));
    while server.tokens().len() < 2 {
        assert!(futures_util::poll!(&mut refresh).is_pending());
        tokio::task::yield_now().await;
    }
    world.oauth.logout(&world.server.name).await.unwrap();
    server.let_go();
    refresh.await.unwrap_err();
    assert!(world.tokens().is_none());
}

#[tokio::test]
async fn a_restarted_wallet_goes_on_with_the_login() {
    let (server, world) = at(Behaviour::default()).await;
    let restarted = oauth::OAuth::new(world.vault.clone(), oauth::OAuthOptions::default());
    restarted.fresh(&world.server.name, later(1)).await.unwrap();
    assert_eq!(server.tokens().len(), 1);
    restarted.fresh(&world.server.name, later(3600)).await.unwrap();
    assert_eq!(server.tokens()[1]["refresh_token"], "refresh-1");
}

#[tokio::test]
async fn a_revocation_is_made_as_the_client_was_registered_and_one_failure_spares_no_token() {
    let revocable: fn(&str, &mut serde_json::Value) =
        |base, document| document["revocation_endpoint"] = format!("{base}/revoke").into();
    let server = hostile(Behaviour { authority: revocable, ..Behaviour::default() }).await;
    let world = world(&server.url);
    world.log_in(&FakeBrowser::honest()).await.unwrap();
    let tokens = world.vault.tokens(&world.server.name);
    let issuer = tokens.load().unwrap().unwrap().issuer.clone();
    let known = tokens.registration(&issuer).unwrap().unwrap();
    let (client_secret, auth_method) = (Some(Secret::new("s3cret:+")), Some("client_secret_basic".into()));
    tokens.save_registration(&ClientRegistration { client_secret, auth_method, ..known }).unwrap();

    world.oauth.logout(&world.server.name).await.unwrap_err();

    let revocations = server.revocations();
    let hints: Vec<_> = revocations.iter().map(|(_, form)| form["token_type_hint"].as_str()).collect();
    assert_eq!(hints, ["refresh_token", "access_token"]);
    for (shown, form) in &revocations {
        // the-client:s3cret%3A%2B
        assert_eq!(shown.as_deref(), Some("Basic dGhlLWNsaWVudDpzM2NyZXQlM0ElMkI="));
        assert!(!form.contains_key("client_secret"), "{form:?}");
    }
}

#[tokio::test]
async fn a_refresh_under_way_can_be_waited_for() {
    let server = hostile(Behaviour::default()).await;
    let world = world(&server.url);
    world.log_in(&FakeBrowser::honest()).await.unwrap();
    server.hold();
    let asker = world.oauth.clone();
    let name = world.server.name.clone();
    let waits = tokio::spawn(async move { asker.fresh(&name, later(3600)).await });
    while server.tokens().len() < 2 {
        tokio::task::yield_now().await;
    }
    // Whoever asked for it has gone.
    waits.abort();

    let settled = world.oauth.settled();
    tokio::pin!(settled);
    assert!(futures_util::poll!(&mut settled).is_pending());
    server.let_go();
    settled.await;
    assert_eq!(world.access(), "access-2", "what it brought is kept");
}
