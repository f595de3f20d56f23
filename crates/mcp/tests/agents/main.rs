//! Agents at the door: good ones of both eras, and those who should stay outside.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod fixture;

use fixture::*;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test]
async fn a_modern_request_is_answered_with_one_message() {
    let door = Door::open().await;
    let answer = door.modern("scribe", 7, "echo", json!({"text": "hi"})).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let answer: Value = answer.json().await.unwrap();
    assert_eq!((&answer["id"], &answer["result"]["text"]), (&json!(7), &json!("hi")));
}

#[tokio::test]
async fn what_comes_before_an_answer_makes_it_a_stream() {
    let door = Door::open().await;
    let answer = door.modern("scribe", 7, "progress", json!({"steps": 2})).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let events = events(&answer.text().await.unwrap());
    let methods: Vec<_> =
        events.iter().map(|event| event.data["method"].as_str().unwrap_or("answer")).collect();
    assert_eq!(methods, ["notifications/progress", "notifications/progress", "answer"]);
    assert!(events.iter().all(|event| event.id.is_none()), "modern streams can't be taken up again");
}

#[tokio::test]
async fn a_modern_agent_that_hangs_up_takes_its_request_back() {
    let door = Door::open().await;
    let mut answer = door.modern("scribe", 7, "hang", json!({})).send().await.unwrap();
    answer.chunk().await.unwrap().unwrap();
    drop(answer);
    door.house.until(|seen| seen.contains(&"withdrawn 7".to_owned())).await;
}

#[tokio::test]
async fn modern_headers_must_say_what_the_body_says() {
    let door = Door::open().await;
    let call = || door.modern("scribe", 7, "tools/call", json!({"name": "read", "arguments": {}}));
    let code = async |request: reqwest::RequestBuilder| {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap()["error"]["code"].as_i64())
    };
    assert_eq!(code(call().header("mcp-name", "read")).await, (200, None));
    assert_eq!(code(call().header("mcp-name", "=?base64?cmVhZA==?=")).await, (200, None));
    for bad in [
        call(),
        call().header("mcp-name", "write"),
        call().header("mcp-name", "Read"),
        call().header("mcp-name", "=?base64?cmVhZA?="),
        call().header("mcp-name", "read").header("mcp-name", "read"),
        call().header("mcp-name", "read").header("mcp-method", "tools/list"),
        call().header("mcp-name", "read").header("mcp-protocol-version", "2025-11-25"),
    ] {
        assert_eq!(code(bad).await, (400, Some(-32020)));
    }
    assert_eq!(code(door.modern("scribe", 7, "unknown", json!({}))).await, (404, Some(-32601)));
    let meta = |meta: Value| {
        door.raw_modern(
            "scribe",
            "2027-01-01",
            json!({"jsonrpc": "2.0", "id": 7, "method": "echo", "params": {"_meta": meta}}),
        )
    };
    let version = "io.modelcontextprotocol/protocolVersion";
    assert_eq!(code(meta(json!({version: "2027-01-01"}))).await, (400, Some(-32022)));
    assert_eq!(code(meta(json!({}))).await, (400, Some(-32602)));
}

#[tokio::test]
async fn modern_agents_notify_and_do_not_respond() {
    let door = Door::open().await;
    let told = door.raw_modern("scribe", MODERN, json!({"jsonrpc": "2.0", "method": "notifications/x"}));
    assert_eq!(told.send().await.unwrap().status(), StatusCode::ACCEPTED);
    door.house.until(|seen| seen.contains(&"told notifications/x".to_owned())).await;
    let response = door.raw_modern("scribe", MODERN, json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
    assert_eq!(response.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn threat_03_nothing_is_said_to_who_shows_no_credential() {
    let door = Door::open().await;
    for path in ["/mcp", "/mcp/notes", "/mcp/no-such-server"] {
        for method in ["GET", "POST", "DELETE"] {
            for shown in [None, Some("Bearer"), Some("Bearer wrong"), Some("Basic c2NyaWJlOg==")] {
                for words in ["initialize", "tools/list", "server/discover", "ping"] {
                    let mut request = door
                        .client
                        .request(method.parse().unwrap(), door.url(path))
                        .header("content-type", "application/json")
                        .body(json!({"jsonrpc": "2.0", "id": 1, "method": words}).to_string());
                    if let Some(shown) = shown {
                        request = request.header("authorization", shown);
                    }
                    let answer = request.send().await.unwrap();
                    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path} {shown:?}");
                    assert!(
                        answer.headers()["www-authenticate"]
                            .to_str()
                            .unwrap()
                            .starts_with("Bearer resource_metadata=")
                    );
                    assert_eq!(answer.bytes().await.unwrap().len(), 0);
                }
            }
        }
    }
    let twice = door
        .post("scribe", json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}))
        .header("authorization", "Bearer other");
    assert_eq!(twice.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    assert!(door.house.seen().is_empty());
}

#[tokio::test]
async fn threat_02_a_page_of_another_site_reaches_nothing_not_even_with_a_token() {
    let door = Door::open().await;
    for (name, value) in [("host", "evil.example"), ("origin", "http://evil.example"), ("origin", "null")] {
        for path in ["/mcp", "/oauth/token", "/.well-known/oauth-authorization-server"] {
            let request =
                door.client.post(door.url(path)).header("authorization", "Bearer scribe").header(name, value);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value} {path}");
            assert!(!answer.headers().contains_key("access-control-allow-origin"));
        }
    }
    let asks_first = door.client.request("OPTIONS".parse().unwrap(), door.url("/mcp")).send().await.unwrap();
    assert_eq!(asks_first.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(door.house.seen().is_empty());
}

#[tokio::test]
async fn a_legacy_agent_has_a_session_until_it_ends_it() {
    let door = Door::open().await;
    let session = door.begin("scribe").await;
    assert!(session.bytes().all(|byte| byte.is_ascii_graphic()));
    let call = door.legacy(
        "scribe",
        &session,
        json!({"jsonrpc": "2.0", "id": "a", "method": "echo", "params": {"text": "hi"}}),
    );
    let answer: Value = call.send().await.unwrap().json().await.unwrap();
    assert_eq!((&answer["id"], &answer["result"]["text"]), (&json!("a"), &json!("hi")));
    let told =
        door.legacy("scribe", &session, json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    assert_eq!(told.send().await.unwrap().status(), StatusCode::ACCEPTED);

    let end = || {
        door.client
            .delete(door.url("/mcp"))
            .header("authorization", "Bearer scribe")
            .header("mcp-session-id", &session)
    };
    assert_eq!(end().send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(end().send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let late = door.legacy("scribe", &session, json!({"jsonrpc": "2.0", "id": 2, "method": "echo"}));
    assert_eq!(late.send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert!(door.house.seen().contains(&"ended".to_owned()));
}

#[tokio::test]
async fn a_session_that_the_house_has_ended_is_unknown_so_that_its_agent_begins_anew() {
    let door = Door::open().await;
    let session = door.begin("scribe").await;
    door.house.over.store(true, Ordering::Relaxed);
    let call =
        || door.legacy("scribe", &session, json!({"jsonrpc": "2.0", "id": 2, "method": "echo"})).send();
    assert_eq!(call().await.unwrap().status(), StatusCode::NOT_FOUND);
    door.house.over.store(false, Ordering::Relaxed);
    assert_eq!(call().await.unwrap().status(), StatusCode::NOT_FOUND, "it does not come back");
    door.begin("scribe").await;
}

#[tokio::test]
async fn a_legacy_request_without_a_session_or_with_a_version_nobody_speaks_is_refused() {
    let door = Door::open().await;
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    assert_eq!(door.post("scribe", ping.clone()).send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    let session = door.begin("scribe").await;
    let odd = door.legacy("scribe", &session, ping).header("mcp-protocol-version", "1999-01-01");
    assert_eq!(odd.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn threat_13_a_session_of_another_agent_or_endpoint_is_as_unknown_as_none() {
    let door = Door::open().await;
    let session = door.begin("scribe").await;
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "echo"});
    let stolen = door.legacy("other", &session, ping.clone()).send().await.unwrap();
    let unknown = door.legacy("other", "no-such-session", ping.clone()).send().await.unwrap();
    assert_eq!((stolen.status(), unknown.status()), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    assert_eq!(stolen.bytes().await.unwrap(), unknown.bytes().await.unwrap());
    let elsewhere = door.legacy("scribe", &session, ping).build().unwrap();
    let mut elsewhere = elsewhere.try_clone().unwrap();
    *elsewhere.url_mut() = door.url("/mcp/notes").parse().unwrap();
    assert_eq!(door.client.execute(elsewhere).await.unwrap().status(), StatusCode::NOT_FOUND);
    let stream = door
        .client
        .get(door.url("/mcp"))
        .header("authorization", "Bearer other")
        .header("accept", "text/event-stream");
    assert_eq!(
        stream.header("mcp-session-id", &session).send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_legacy_stream_that_was_lost_is_taken_up_again_and_its_request_goes_on() {
    let door = Door::open().await;
    let session = door.begin("scribe").await;
    let call = json!({"jsonrpc": "2.0", "id": 9, "method": "progress", "params": {"steps": 3, "pause": 50}});
    let mut answer = door.legacy("scribe", &session, call).send().await.unwrap();
    let mut text = String::new();
    while events(&text).iter().filter(|event| event.data.is_object()).count() == 0 {
        text += std::str::from_utf8(&answer.chunk().await.unwrap().unwrap()).unwrap();
    }
    drop(answer);
    let first = events(&text);
    assert!(
        first[0].data.is_null() && first[0].id.is_some(),
        "begins with an event that says nothing: {text}"
    );
    let last = first.last().unwrap().id.clone().unwrap();

    let rest = door.listen("scribe", &session).header("last-event-id", &last).send().await.unwrap();
    let rest = events(&rest.text().await.unwrap());
    let steps: Vec<_> = rest.iter().map(|event| event.data["params"]["progress"].as_i64()).collect();
    assert_eq!(steps, [Some(2), Some(3), None]);
    assert_eq!(rest[2].data["id"], 9);
    for gone in ["99-1", "1-99", "nonsense", "-1"] {
        let again = door.listen("scribe", &session).header("last-event-id", gone).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::BAD_REQUEST, "{gone}");
    }
    assert!(!door.house.seen().contains(&"withdrawn 9".to_owned()));
}

#[tokio::test]
async fn what_belongs_to_no_request_waits_for_the_agent_to_listen_and_comes_once() {
    let door = Door::open().await;
    let session = door.begin("scribe").await;
    door.house.say_apart("one").await;
    let mut answer = door.listen("scribe", &session).send().await.unwrap();
    let second = door.listen("scribe", &session).send().await.unwrap();
    assert_eq!(second.status(), StatusCode::CONFLICT);
    let mut text = String::new();
    while !text.contains("one") {
        text += std::str::from_utf8(&answer.chunk().await.unwrap().unwrap()).unwrap();
    }
    drop(answer);
    let mut answer = loop {
        let answer = door.listen("scribe", &session).send().await.unwrap();
        // The server hears a moment later that the first connection is gone.
        if answer.status() == StatusCode::OK {
            break answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    door.house.say_apart("two").await;
    let mut text = String::new();
    while !text.contains("two") {
        text += std::str::from_utf8(&answer.chunk().await.unwrap().unwrap()).unwrap();
    }
    assert!(!text.contains("one"), "{text}");
}

#[tokio::test]
async fn a_message_with_line_breaks_in_it_is_one_event() {
    let door = Door::open().await;
    let answer = door.modern("scribe", 7, "pretty", json!({})).send().await.unwrap();
    let events = events(&answer.text().await.unwrap());
    assert_eq!(events.len(), 2);
    assert_eq!(events[1].data["result"]["pretty"], json!(true));
}

#[tokio::test]
async fn what_can_t_be_read_is_refused_with_what_is_wrong_with_it() {
    let door = Door::open().await;
    let post = || door.client.post(door.url("/mcp")).header("authorization", "Bearer scribe");
    let json = || {
        post()
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
    };
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
    assert_eq!(status(post().header("content-type", "text/plain").body("{}")).await, 415);
    assert_eq!(status(json().header("accept", "application/json").body("{}")).await, 400);
    assert_eq!(
        status(post().header("content-type", "application/json").header("accept", "text/html").body("{}"))
            .await,
        406
    );
    assert_eq!(status(json().body(vec![b' '; (32 << 20) + 1])).await, 413);
    for (body, code) in
        [("{", -32700), ("[]", -32600), ("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"x\"}", -32600)]
    {
        let answer = json().body(body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], code, "{body}");
    }
    assert_eq!(door.client.get(door.url("/mcpx")).send().await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let door = Door::open().await;
    let port = door.origin.issuer().rsplit(':').next().unwrap().parse().unwrap();
    let error = mcp::agents::Doorway::take(port).await.unwrap_err().to_string();
    assert!(error.contains(&port.to_string()) && error.contains("another program"), "{error}");
}

#[tokio::test]
async fn when_the_wallet_ends_so_do_sessions_and_streams() {
    let mut door = Door::open().await;
    let session = door.begin("scribe").await;
    let answer = door.listen("scribe", &session).send().await.unwrap();
    door.close().await;
    tokio::time::timeout(Duration::from_secs(5), answer.text()).await.unwrap().ok();
    assert!(door.house.seen().contains(&"ended".to_owned()));
}

#[tokio::test]
async fn a_large_answer_comes_in_pieces_in_either_era_and_breaks_off_with_its_connection() {
    let door = Door::open().await;
    let session = door.begin("scribe").await;
    let call = |params: Value| json!({"jsonrpc": "2.0", "id": 7, "method": "large", "params": params});
    for is_modern in [true, false] {
        let ask = |params: Value| match is_modern {
            true => door.modern("scribe", 7, "large", params),
            false => door.legacy("scribe", &session, call(params)),
        };
        let answer: Value = ask(json!({"pieces": 3000})).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["result"]["text"].as_str().unwrap().len(), 3_000_000);
        // After something else it comes as an event.
        let events = ask(json!({"pieces": 20, "progress": true})).send().await.unwrap().text().await.unwrap();
        let last = events.rsplit("\n\n").find_map(|event| event.split_once("data: ")).unwrap().1;
        let answer: Value = serde_json::from_str(last).unwrap();
        assert_eq!(answer["result"]["text"].as_str().unwrap().len(), 20_000);

        let cut = ask(json!({"breaks": true})).send().await.unwrap();
        assert!(cut.bytes().await.is_err(), "half an answer must not look like one");
        let events =
            ask(json!({"breaks": true, "progress": true})).send().await.unwrap().text().await.unwrap();
        assert!(events.contains("it broke off"), "{events}");
    }
}
