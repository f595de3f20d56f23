//! The login itself: who is asked, who may answer, what is sent.

use crate::hostile::{Behaviour, hostile, tokens};
use crate::world::{FakeBrowser, NOW, later, parameter, with, world, world_with};
use oauth::{Forbidden, KnownClient, OAuthError, OAuthOptions, WwwAuthenticate};
use playground::PlaygroundOptions;
use std::time::Duration;
use tokio::net::TcpListener;

#[tokio::test]
async fn a_human_logs_in_once_and_the_tokens_open_the_server() {
    let options = PlaygroundOptions { auto_approve: true, ..PlaygroundOptions::default() };
    let playground = playground::start(options).await.unwrap();
    let world = world(&playground.mcp_url);
    let browser = FakeBrowser::honest();

    let logged_in = world.log_in(&browser).await.unwrap();

    assert_eq!(logged_in.issuer, playground.issuer);
    assert_eq!(logged_in.scope.as_deref(), Some("tools offline_access"));
    assert!(logged_in.lasting);
    let opened = reqwest::Client::new().post(playground.mcp_url.clone()).bearer_auth(world.access());
    assert_ne!(opened.send().await.unwrap().status(), 401);
    let (status, page) = browser.shown().await.pop().unwrap().unwrap();
    assert_eq!(status, 200);
    assert!(page.contains("Logged in to desk") && page.contains("close this tab"), "{page}");
}

#[tokio::test]
async fn the_resource_is_named_in_the_authorization_request_and_in_every_token_request() {
    let server = hostile(Behaviour::default()).await;
    let world = world(&server.url);
    let browser = FakeBrowser::honest();
    world.log_in(&browser).await.unwrap();
    world.fresh(later(3600)).await.unwrap();

    assert_eq!(parameter(&browser.opened()[0], "resource").as_deref(), Some(server.url.as_str()));
    let requests = server.tokens();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request["resource"] == server.url.as_str()), "{requests:?}");
}

#[tokio::test]
async fn threat_16_every_login_carries_pkce_with_s256_and_a_state_of_its_own() {
    let server = hostile(Behaviour::default()).await;
    let world = world(&server.url);
    let browser = FakeBrowser::honest();
    world.log_in(&browser).await.unwrap();
    world.log_in(&browser).await.unwrap();

    let opened = browser.opened();
    for url in &opened {
        assert_eq!(parameter(url, "code_challenge_method").as_deref(), Some("S256"));
        assert_eq!(parameter(url, "code_challenge").unwrap().len(), 43);
    }
    assert_ne!(parameter(&opened[0], "state"), parameter(&opened[1], "state"));
    assert_ne!(parameter(&opened[0], "code_challenge"), parameter(&opened[1], "code_challenge"));
    assert!(server.tokens().iter().all(|request| request["code_verifier"].len() >= 43));
}

#[tokio::test]
async fn threat_16_a_wrong_state_is_turned_away_and_a_right_one_works_once() {
    let server = hostile(Behaviour::default()).await;
    let world = world(&server.url);
    let browser = FakeBrowser::going(|back| {
        vec![with(&back, "state", Some("guessed")), with(&back, "state", None), back.clone(), back]
    });
    world.log_in(&browser).await.unwrap();

    let shown = browser.shown().await;
    let statuses: Vec<_> = shown.iter().map(|shown| shown.as_ref().map(|(status, _)| *status)).collect();
    assert_eq!(statuses, [Some(400), Some(400), Some(200), None], "the listener closes after its one hit");
    assert_eq!(server.tokens().len(), 1);
}

#[tokio::test]
async fn threat_16_a_taken_port_is_no_obstacle_and_is_not_shared() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let redirect_port = taken.local_addr().unwrap().port();
    let server = hostile(Behaviour::default()).await;
    let world = world_with(&server.url, OAuthOptions { redirect_port, ..OAuthOptions::default() });
    let browser = FakeBrowser::honest();
    world.log_in(&browser).await.unwrap();
    let redirect = parameter(&browser.opened()[0], "redirect_uri").unwrap();
    assert!(!redirect.contains(&format!(":{redirect_port}/")), "{redirect}");
    assert_eq!(server.registrations()[0]["redirect_uris"][0], redirect);
}

#[tokio::test]
async fn threat_16_a_cancelled_login_leaves_no_listener() {
    let server = hostile(Behaviour::default()).await;
    let world = world(&server.url);
    let browser = FakeBrowser::going(|_| vec![]);
    let mut login = Box::pin(world.log_in(&browser));
    while browser.opened().is_empty() {
        assert!(futures_util::poll!(&mut login).is_pending());
        tokio::task::yield_now().await;
    }
    drop(login);
    let redirect = parameter(&browser.opened()[0], "redirect_uri").unwrap();
    assert!(reqwest::get(redirect).await.unwrap_err().is_connect());
}

#[tokio::test]
async fn threat_15_an_answer_from_another_issuer_stops_before_the_token_endpoint() {
    let server = hostile(Behaviour::default()).await;
    let world = world(&server.url);
    let answers: [fn(url::Url) -> Vec<url::Url>; 3] = [
        |back| vec![with(&back, "iss", Some("https://honest.example"))],
        |back| vec![with(&back, "iss", None)],
        |back| {
            let slashed = format!("{}/", parameter(&back, "iss").unwrap());
            vec![with(&back, "iss", Some(&slashed))]
        },
    ];
    for answer in answers {
        let browser = FakeBrowser::going(answer);
        let error = world.log_in(&browser).await.unwrap_err();
        assert!(matches!(error, OAuthError::MixUp { .. }), "{error}");
        assert_eq!(browser.shown().await[0].as_ref().unwrap().0, 400);
    }
    assert!(server.tokens().is_empty());
    assert!(world.tokens().is_none());
}

#[tokio::test]
async fn threat_15_a_wrong_iss_counts_even_where_none_was_promised() {
    let silent = |_: &str, document: &mut serde_json::Value| {
        document["authorization_response_iss_parameter_supported"] = false.into();
    };
    let server = hostile(Behaviour { authority: silent, ..Behaviour::default() }).await;
    let world = world(&server.url);
    let wrong = FakeBrowser::going(|back| vec![with(&back, "iss", Some("https://honest.example"))]);
    assert!(matches!(world.log_in(&wrong).await, Err(OAuthError::MixUp { .. })));
    let absent = FakeBrowser::going(|back| vec![with(&back, "iss", None)]);
    assert!(world.log_in(&absent).await.is_ok());
}

#[tokio::test]
async fn threat_15_an_error_from_another_issuer_is_not_even_repeated() {
    let server = hostile(Behaviour::default()).await;
    let world = world(&server.url);
    let browser = FakeBrowser::going(|back| {
        let back = with(&with(&back, "code", None), "iss", Some("https://evil.example"));
        vec![with(&back, "error", Some("call-this-number"))]
    });
    let error = world.log_in(&browser).await.unwrap_err();
    assert!(!error.to_string().contains("call-this-number"), "{error}");
    assert!(!browser.shown().await[0].as_ref().unwrap().1.contains("call-this-number"));
}

#[tokio::test]
async fn a_human_who_says_no_is_told_that_nothing_was_allowed() {
    let server = hostile(Behaviour::default()).await;
    let world = world(&server.url);
    let browser = FakeBrowser::going(|back| {
        let back = with(&with(&back, "code", None), "error", Some("access_denied"));
        vec![with(&back, "error_description", Some("<b>no</b>"))]
    });
    let error = world.log_in(&browser).await.unwrap_err();
    assert!(
        matches!(&error, OAuthError::Denied { said, .. } if said == "access_denied <b>no</b>"),
        "{error}"
    );
    let (_, page) = browser.shown().await.pop().unwrap().unwrap();
    assert!(page.contains("Not logged in") && !page.contains("<b>"), "{page}");
}

#[tokio::test]
async fn a_human_who_does_nothing_is_not_waited_for_for_ever() {
    let server = hostile(Behaviour::default()).await;
    let options = OAuthOptions { patience: Duration::from_millis(50), ..OAuthOptions::default() };
    let world = world_with(&server.url, options);
    let browser = FakeBrowser::going(|_| vec![]);
    assert!(matches!(world.log_in(&browser).await, Err(OAuthError::TimedOut { .. })));
}

#[tokio::test]
async fn one_login_at_a_time_opens_one_tab() {
    let server = hostile(Behaviour::default()).await;
    let world = world(&server.url);
    let browser = FakeBrowser::going(|_| vec![]);
    let mut first = Box::pin(world.log_in(&browser));
    assert!(futures_util::poll!(&mut first).is_pending());
    assert!(matches!(world.log_in(&browser).await, Err(OAuthError::LoginRunning(_))));
    drop(first);
    assert!(world.log_in(&FakeBrowser::honest()).await.is_ok(), "a cancelled login is out of the way");
}

#[tokio::test]
async fn tokens_that_are_not_bearer_tokens_are_not_kept() {
    let mac = |n| {
        let mut tokens = tokens(n);
        tokens["token_type"] = "mac".into();
        (200, tokens)
    };
    let server = hostile(Behaviour { token: mac, ..Behaviour::default() }).await;
    let world = world(&server.url);
    assert!(matches!(world.log_in(&FakeBrowser::honest()).await, Err(OAuthError::BadAnswer { .. })));
    assert!(world.tokens().is_none());
}

#[tokio::test]
async fn threat_24_an_answer_that_can_not_be_read_is_not_repeated_in_the_error() {
    let broken = |_| (200, serde_json::json!({ "access_token": { "oops": "canary-token" } }));
    let server = hostile(Behaviour { token: broken, ..Behaviour::default() }).await;
    let world = world(&server.url);
    let error = world.log_in(&FakeBrowser::honest()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn each_login_registers_anew_for_the_address_it_comes_back_to() {
    let server = hostile(Behaviour::default()).await;
    let world = world(&server.url);
    let browser = FakeBrowser::honest();
    world.log_in(&browser).await.unwrap();
    world.log_in(&browser).await.unwrap();
    for (registration, url) in server.registrations().iter().zip(browser.opened()) {
        assert_eq!(registration["redirect_uris"][0], parameter(&url, "redirect_uri").unwrap());
        assert_eq!(registration["application_type"], "native");
    }
}

#[tokio::test]
async fn a_login_that_fails_leaves_the_earlier_one_standing() {
    let server = hostile(Behaviour::default()).await;
    let world = world(&server.url);
    world.log_in(&FakeBrowser::honest()).await.unwrap();
    let denies =
        FakeBrowser::going(|back| vec![with(&with(&back, "code", None), "error", Some("access_denied"))]);
    world.log_in(&denies).await.unwrap_err();
    world.fresh(later(3600)).await.unwrap();
    assert_eq!(world.access(), "access-2");
}

#[tokio::test]
async fn a_client_the_human_entered_is_used_and_none_is_registered() {
    let post_only = |_: &str, document: &mut serde_json::Value| {
        document["token_endpoint_auth_methods_supported"] = serde_json::json!(["client_secret_post"]);
        document["registration_endpoint"] = serde_json::Value::Null;
    };
    let server = hostile(Behaviour { authority: post_only, ..Behaviour::default() }).await;
    let world = world(&server.url);
    let secret = Some(vault::Secret::new("canary-secret"));
    let client = KnownClient { id: "entered".into(), secret, redirect_port: None };
    let issuer = world.oauth.introduce(&world.server, client).await.unwrap();
    world.log_in(&FakeBrowser::honest()).await.unwrap();
    world.log_in(&FakeBrowser::honest()).await.unwrap();

    assert!(server.url.as_str().starts_with(&issuer));
    assert!(server.registrations().is_empty());
    for request in server.tokens() {
        assert_eq!((&*request["client_id"], &*request["client_secret"]), ("entered", "canary-secret"));
    }
}

#[tokio::test]
async fn a_client_entered_with_a_port_comes_back_to_that_port_or_not_at_all() {
    let server = hostile(Behaviour::default()).await;
    let world = world(&server.url);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let client = KnownClient { id: "entered".into(), secret: None, redirect_port: Some(port) };
    world.oauth.introduce(&world.server, client).await.unwrap();

    let browser = FakeBrowser::honest();
    let error = world.log_in(&browser).await.unwrap_err();
    assert!(matches!(&error, OAuthError::Listen { port: named, .. } if *named == port), "{error}");
    assert!(browser.opened().is_empty());

    drop(taken);
    world.log_in(&browser).await.unwrap();
    let redirect = parameter(&browser.opened()[0], "redirect_uri").unwrap();
    assert_eq!(redirect, format!("http://127.0.0.1:{port}/callback"));
}

#[tokio::test]
async fn where_no_program_may_register_itself_the_error_names_the_command_that_helps() {
    let closed = |_: &str, document: &mut serde_json::Value| {
        document["registration_endpoint"] = serde_json::Value::Null;
    };
    let server = hostile(Behaviour { authority: closed, ..Behaviour::default() }).await;
    let error = world(&server.url).log_in(&FakeBrowser::honest()).await.unwrap_err();
    assert!(error.to_string().contains("`countersign login desk --client-id ID`"), "{error}");
}

/// Tokens that read, and at the second login write too.
fn scoped(n: usize) -> (u16, serde_json::Value) {
    let mut tokens = tokens(n);
    tokens["scope"] = ["read", "read write"][n - 1].into();
    (200, tokens)
}

#[tokio::test]
async fn a_step_up_asks_for_the_union_once_and_not_for_what_is_granted() {
    let server = hostile(Behaviour { token: scoped, ..Behaviour::default() }).await;
    let world = world(&server.url);
    world.log_in(&FakeBrowser::honest()).await.unwrap();

    let challenge = WwwAuthenticate::parse("Bearer error=\"insufficient_scope\", scope=\"write\"");
    let browser = FakeBrowser::honest();
    world.oauth.login(&world.server, &browser, challenge.clone(), NOW).await.unwrap();
    assert_eq!(parameter(&browser.opened()[0], "scope").as_deref(), Some("read write"));

    let again = world.oauth.login(&world.server, &browser, challenge, NOW).await;
    assert!(matches!(again, Err(OAuthError::ScopeNotGranted { .. })));
    assert_eq!(browser.opened().len(), 1);
}

#[tokio::test]
async fn what_a_403_wants_is_remembered_for_the_next_login_and_forgotten_after_it() {
    let server = hostile(Behaviour { token: scoped, ..Behaviour::default() }).await;
    let world = world(&server.url);
    let (name, forbidden) =
        (&world.server.name, ["Bearer error=\"insufficient_scope\", scope=\"write\"".to_owned()]);
    world.log_in(&FakeBrowser::honest()).await.unwrap();
    assert_eq!(world.oauth.forbidden(name, &["Bearer".into()]).unwrap(), Forbidden::Plainly);
    assert_eq!(world.oauth.wanted(name), None);

    for is_news in [true, false] {
        let wants = Forbidden::WantsMore { scopes: "write".into(), is_news };
        assert_eq!(world.oauth.forbidden(name, &forbidden).unwrap(), wants);
    }
    assert_eq!(world.oauth.wanted(name).as_deref(), Some("write"));

    let browser = FakeBrowser::honest();
    world.log_in(&browser).await.unwrap();
    assert_eq!(parameter(&browser.opened()[0], "scope").as_deref(), Some("read write"));
    assert_eq!(world.oauth.wanted(name), None);
    let again = world.oauth.forbidden(name, &forbidden);
    assert!(matches!(again, Err(OAuthError::ScopeNotGranted { .. })), "another login would change nothing");
    assert_eq!(world.oauth.wanted(name), None);
}
