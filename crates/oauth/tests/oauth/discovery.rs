//! Where a server may lead the wallet, and where not.

use crate::hostile::{Behaviour, Hostile, hostile};
use crate::world::{FakeBrowser, parameter, world, world_with};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use oauth::{HttpLimits, OAuthError, OAuthOptions, Refused};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::Duration;
use tokio::net::TcpListener;
use url::Url;

/// A login that must end before any browser is opened.
async fn refused(server: &Hostile) -> OAuthError {
    let world = world(&server.url);
    let browser = FakeBrowser::honest();
    let error = world.log_in(&browser).await.unwrap_err();
    assert!(browser.opened().is_empty(), "a browser was opened: {:?}", browser.opened());
    error
}

async fn refused_authority(authority: fn(&str, &mut Value)) -> OAuthError {
    refused(&hostile(Behaviour { authority, ..Behaviour::default() }).await).await
}

async fn refused_resource(resource: fn(&str, &mut Value)) -> OAuthError {
    refused(&hostile(Behaviour { resource, ..Behaviour::default() }).await).await
}

#[tokio::test]
async fn threat_01_a_hostile_authorization_endpoint_never_opens_a_browser() {
    let hostile: [fn(&str, &mut Value); 9] = [
        |_, document| document["authorization_endpoint"] = "file:///bin/sh".into(),
        |_, document| document["authorization_endpoint"] = "javascript:alert(1)".into(),
        |_, document| document["authorization_endpoint"] = "http://evil.example/authorize".into(),
        |_, document| document["authorization_endpoint"] = "https://evil.example/$(touch${IFS}x)".into(),
        |_, document| document["authorization_endpoint"] = "--help".into(),
        |_, document| document["authorization_endpoint"] = r"\\evil.example\share".into(),
        |_, document| document["authorization_endpoint"] = "https://u:p@evil.example/".into(),
        |_, document| document["authorization_endpoint"] = "vscode://settings".into(),
        |_, document| document["authorization_endpoint"] = "".into(),
    ];
    for bend in hostile {
        let error = refused_authority(bend).await;
        assert!(matches!(error, OAuthError::Refused { .. }), "{error}");
    }
}

#[tokio::test]
async fn threat_16_a_server_without_pkce_is_not_logged_in_at() {
    let without: [fn(&str, &mut Value); 3] = [
        |_, document| document["code_challenge_methods_supported"] = Value::Null,
        |_, document| document["code_challenge_methods_supported"] = json!(["plain"]),
        |_, document| document["code_challenge_methods_supported"] = json!([]),
    ];
    for bend in without {
        let error = refused_authority(bend).await;
        assert!(matches!(error, OAuthError::NoPkce { .. }), "{error}");
    }
}

#[tokio::test]
async fn threat_15_a_document_that_is_somebody_elses_is_not_used() {
    let elses: [fn(&str, &mut Value); 2] = [
        |_, document| document["issuer"] = "https://honest.example".into(),
        |base, document| document["issuer"] = format!("{base}/").into(),
    ];
    for bend in elses {
        let error = refused_authority(bend).await;
        assert!(matches!(error, OAuthError::IssuerMismatch { .. }), "{error}");
    }
}

#[tokio::test]
async fn threat_14_a_server_can_not_ask_for_another_servers_tokens() {
    let error =
        refused_resource(|_, document| document["resource"] = "https://honest.example/mcp".into()).await;
    assert!(matches!(error, OAuthError::OtherResource { .. }), "{error}");
}

#[tokio::test]
async fn threat_17_metadata_and_redirects_do_not_lead_to_reserved_addresses() {
    let inwards: [fn(&str, &mut Value); 4] = [
        |_, document| document["authorization_servers"] = json!(["https://169.254.169.254"]),
        |_, document| document["authorization_servers"] = json!(["https://[fe80::1]"]),
        |_, document| document["redirect"] = "http://169.254.169.254/latest/meta-data/".into(),
        |_, document| document["redirect"] = "https://169.254.169.254/latest/meta-data/".into(),
    ];
    for bend in inwards {
        let error = refused_resource(bend).await;
        assert!(
            matches!(error, OAuthError::Refused { reason: Refused::Reserved | Refused::Scheme, .. }),
            "{error}"
        );
    }
}

#[tokio::test]
async fn threat_17_a_chain_of_redirects_ends() {
    let error = refused_resource(|base, document| {
        document["redirect"] = format!("{base}/.well-known/oauth-protected-resource/mcp").into();
    })
    .await;
    assert!(matches!(error, OAuthError::BadAnswer { .. }), "{error}");
}

#[tokio::test]
async fn threat_17_an_oversized_document_is_not_read_to_its_end() {
    let endless = || async {
        let chunks = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b' '; 64 * 1024])));
        ([(CONTENT_TYPE, "application/json")], Body::from_stream(chunks)).into_response()
    };
    let error = logged_in_at(Router::new().fallback(endless), HttpLimits::default()).await;
    assert!(matches!(&error, OAuthError::BadAnswer { reason, .. } if reason.contains("bytes")), "{error}");
}

#[tokio::test]
async fn threat_17_a_document_that_never_ends_is_not_waited_for() {
    let limits = HttpLimits { total: Duration::from_millis(200), ..HttpLimits::default() };
    let error = logged_in_at(Router::new().fallback(stalls), limits).await;
    assert!(
        matches!(&error, OAuthError::Unreachable { reason, .. } if reason.contains("too long")),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_says_nothing_about_logins_is_told_apart() {
    let error = logged_in_at(Router::new(), HttpLimits::default()).await;
    assert!(matches!(error, OAuthError::NoMetadata(_)), "{error}");
}

#[tokio::test]
async fn an_authorization_server_that_registers_nobody_asks_for_a_client_id() {
    let error = refused_authority(|_, document| document["registration_endpoint"] = Value::Null).await;
    assert!(matches!(error, OAuthError::ClientNeeded { .. }), "{error}");
}

#[tokio::test]
async fn a_server_is_asked_where_its_metadata_is_and_which_scopes_it_wants() {
    let server = hostile(Behaviour::default()).await;
    let elsewhere = format!("{}.well-known/oauth-protected-resource/mcp", server.url.join("/").unwrap());
    let challenge = format!("Bearer resource_metadata=\"{elsewhere}\", scope=\"read\"");
    server.challenge(&challenge);
    let world = world(&server.url);
    let browser = FakeBrowser::honest();
    world.log_in(&browser).await.unwrap();
    assert_eq!(parameter(&browser.opened()[0], "scope").as_deref(), Some("read"));

    server.challenge("Bearer resource_metadata=\"https://169.254.169.254/x\"");
    let error = refused(&server).await;
    assert!(matches!(error, OAuthError::Refused { reason: Refused::Reserved, .. }), "{error}");
}

async fn stalls() -> Response {
    let first = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"{")) });
    let body = Body::from_stream(first.chain(stream::pending()));
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

async fn logged_in_at(router: Router, limits: HttpLimits) -> OAuthError {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/mcp", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let world = world_with(&url, OAuthOptions { limits, ..OAuthOptions::default() });
    world.log_in(&FakeBrowser::honest()).await.unwrap_err()
}
