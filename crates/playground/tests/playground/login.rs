//! The authorization server keeps the rules it claims to keep.

use crate::stranger::{VERIFIER, returned, world};
use reqwest::header::{HOST, ORIGIN, WWW_AUTHENTICATE};
use serde_json::Value;

#[tokio::test]
async fn a_request_without_a_token_is_told_where_to_get_one() {
    let world = world(true).await;
    let refused = world.http.post(world.playground.mcp_url.clone()).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let challenge = refused.headers()[WWW_AUTHENTICATE].to_str().unwrap().to_owned();
    let metadata = challenge.split('"').nth(1).unwrap();

    let resource: Value = world.http.get(metadata).send().await.unwrap().json().await.unwrap();
    assert_eq!(resource["resource"], world.playground.mcp_url.as_str());
    let issuer = resource["authorization_servers"][0].as_str().unwrap();
    let metadata = format!("{issuer}/.well-known/oauth-authorization-server");
    let metadata: Value = world.http.get(metadata).send().await.unwrap().json().await.unwrap();
    assert_eq!(metadata["issuer"], issuer);
}

#[tokio::test]
async fn a_login_opens_the_door_and_logging_out_closes_it() {
    let world = world(true).await;
    let (_, tokens) = world.log_in().await;
    let access = tokens["access_token"].as_str().unwrap();
    assert!(world.opens(access).await);

    let refresh = tokens["refresh_token"].as_str().unwrap();
    let revoked = world.http.post(world.at("/revoke")).form(&[("token", refresh)]).send().await.unwrap();
    assert_eq!(revoked.status(), 200);
    assert!(!world.opens(access).await);
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_its_whole_family() {
    let world = world(true).await;
    let (client, tokens) = world.log_in().await;
    let first = tokens["refresh_token"].as_str().unwrap();
    let (status, second) = world.refresh(&client, first).await;
    assert_eq!(status, 200);
    assert!(world.opens(second["access_token"].as_str().unwrap()).await);

    let (status, refusal) = world.refresh(&client, first).await;
    assert_eq!((status, refusal["error"].as_str()), (400, Some("invalid_grant")));
    assert!(!world.opens(second["access_token"].as_str().unwrap()).await);
    let (status, _) = world.refresh(&client, second["refresh_token"].as_str().unwrap()).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_code_used_twice_ends_what_came_of_it() {
    let world = world(true).await;
    let client = world.register().await;
    let code = returned(&world.authorize(&client, &[]).send().await.unwrap())["code"].clone();
    let (_, tokens) = world.exchange(&client, &code, VERIFIER).await;
    let (status, refusal) = world.exchange(&client, &code, VERIFIER).await;
    assert_eq!((status, refusal["error"].as_str()), (400, Some("invalid_grant")));
    assert!(!world.opens(tokens["access_token"].as_str().unwrap()).await);
}

#[tokio::test]
async fn a_code_is_useless_without_its_verifier() {
    let world = world(true).await;
    let client = world.register().await;
    let code = returned(&world.authorize(&client, &[]).send().await.unwrap())["code"].clone();
    let (status, refusal) = world.exchange(&client, &code, &VERIFIER.to_lowercase()).await;
    assert_eq!((status, refusal["error"].as_str()), (400, Some("invalid_grant")));
}

#[tokio::test]
async fn each_flaw_in_an_authorization_request_comes_back_as_its_own_error_with_state_and_issuer() {
    let world = world(true).await;
    let client = world.register().await;
    for (parameter, value, error) in [
        ("response_type", Some("token"), "unsupported_response_type"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("resource", None, "invalid_target"),
        ("resource", Some("https://elsewhere.example/mcp"), "invalid_target"),
        ("scope", Some("tools everything"), "invalid_scope"),
    ] {
        let answer = returned(&world.authorize(&client, &[(parameter, value)]).send().await.unwrap());
        assert_eq!(answer["error"], error, "{parameter}");
        assert_eq!(answer["state"], "xyz");
        assert_eq!(answer["iss"], world.playground.issuer);
    }
}

#[tokio::test]
async fn an_unknown_redirect_gets_a_page_and_never_a_redirect() {
    let world = world(true).await;
    let client = world.register().await;
    let elsewhere = [("redirect_uri", Some("http://127.0.0.1:4711/other"))];
    let answer = world.authorize(&client, &elsewhere).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let another_port = [("redirect_uri", Some("http://127.0.0.1:9/callback"))];
    assert_eq!(world.authorize(&client, &another_port).send().await.unwrap().status(), 303);
}

#[tokio::test]
async fn only_a_click_makes_a_code_and_each_page_counts_once() {
    let world = world(false).await;
    let client = world.register().await;
    let page = world.authorize(&client, &[]).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("A &#38; B") && !page.contains("<b>A"), "a client's name is text");
    let ticket = page.split("name=\"ticket\" value=\"").nth(1).unwrap().split('"').next().unwrap();

    let click = [("ticket", ticket), ("decision", "allow")];
    let allowed = world.http.post(world.at("/authorize")).form(&click).send().await.unwrap();
    assert!(returned(&allowed).contains_key("code"));
    let again = world.http.post(world.at("/authorize")).form(&click).send().await.unwrap();
    assert_eq!(again.status(), 400);
}

#[tokio::test]
async fn a_click_on_deny_makes_no_code() {
    let world = world(false).await;
    let client = world.register().await;
    let page = world.authorize(&client, &[]).send().await.unwrap().text().await.unwrap();
    let ticket = page.split("name=\"ticket\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let click = [("ticket", ticket), ("decision", "deny")];
    let denied = returned(&world.http.post(world.at("/authorize")).form(&click).send().await.unwrap());
    assert_eq!(denied["error"], "access_denied");
    assert!(!denied.contains_key("code"));
}

#[tokio::test]
async fn threat_02_a_foreign_host_or_origin_is_refused_on_every_route() {
    let world = world(true).await;
    let (_, tokens) = world.log_in().await;
    let token = tokens["access_token"].as_str().unwrap();
    for path in ["/mcp", "/authorize", "/token", "/.well-known/oauth-authorization-server"] {
        for (header, value) in
            [(HOST, "evil.example"), (ORIGIN, "http://evil.example"), (ORIGIN, "null"), (ORIGIN, "")]
        {
            let request = world.http.post(world.at(path)).bearer_auth(token).header(&header, value);
            assert_eq!(request.send().await.unwrap().status(), 403, "{path} {header}: {value:?}");
        }
    }
}

#[tokio::test]
async fn a_stopped_playground_frees_its_port() {
    let world = world(true).await;
    let port = world.playground.mcp_url.port().unwrap();
    world.playground.stop().await;
    let options = playground::PlaygroundOptions { port, ..Default::default() };
    assert_eq!(playground::start(options).await.unwrap().mcp_url.port(), Some(port));
}
