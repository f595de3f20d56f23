//! Servers behind Streamable HTTP: good ones of both eras, and bad ones.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod fixture;

use fixture::*;
use mcp::flow::Reply;
use mcp::upstream::{Arrival, Outgoing, Upstream, UpstreamError};
use mcp::{Message, RawId};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Duration;

#[tokio::test]
async fn a_json_answer_arrives_byte_for_byte() {
    let (upstream, _incoming, seens) = server(|_| json_reply(ANSWER)).await;
    assert_eq!(answer(&upstream, call().with_headers(secret_headers())).await, ANSWER);
    let seen = seens.lock().unwrap().pop().unwrap();
    assert_eq!(seen.method, "POST");
    assert_eq!(seen.body.as_bytes(), call().message.bytes().as_ref());
    assert_eq!(seen.headers["accept"], "application/json, text/event-stream");
    assert_eq!(seen.headers["authorization"], "Bearer t");
    for absent in ["cookie", "origin", "mcp-session-id", "mcp-protocol-version", "mcp-method"] {
        assert!(!seen.headers.contains_key(absent), "{absent}");
    }
}

#[tokio::test]
async fn a_notification_is_taken_without_an_answer() {
    let note = || Outgoing::new(Message::notification("notifications/initialized", &Value::Null));
    let (upstream, _incoming, _) = server(|_| vec![reply("202 Accepted", b"")]).await;
    upstream.send(note()).await.unwrap();
    assert!(matches!(upstream.send(call()).await, Err(UpstreamError::NoAnswer)));
    let (upstream, _incoming, _) = server(|_| vec![reply("200 OK\r\nContent-Type: text/plain", b"ok")]).await;
    upstream.send(note()).await.unwrap();
    let (upstream, _incoming, _) = server(|_| vec![reply("500 Oh", b"no")]).await;
    assert!(matches!(upstream.send(note()).await, Err(UpstreamError::Status { status: 500, .. })));
}

#[tokio::test]
async fn a_legacy_session_is_kept_and_ended() {
    let (upstream, _incoming, seens) = server(with_session(|_| json_reply(ANSWER))).await;
    initialize(&upstream).await;
    upstream.send(call()).await.unwrap();
    upstream.close(secret_headers()).await;
    let seens = seens.lock().unwrap();
    assert!(!seens[0].headers.contains_key("mcp-session-id"));
    for (seen, method) in seens[1..].iter().zip(["POST", "DELETE"]) {
        assert_eq!(seen.method, method);
        assert_eq!(seen.headers["mcp-session-id"], "s1");
        assert_eq!(seen.headers["mcp-protocol-version"], "2025-03-26", "as the server answered");
    }
    assert_eq!(seens[2].headers["authorization"], "Bearer t");
}

#[tokio::test]
async fn a_lost_session_is_told_apart_from_an_unknown_address() {
    let body = br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}"#;
    let (upstream, _incoming, _) =
        server(with_session(|_| vec![reply("404 Not Found\r\nContent-Type: application/json", body)])).await;
    initialize(&upstream).await;
    let error = upstream.send(call()).await.unwrap_err();
    assert!(matches!(error, UpstreamError::SessionLost));
    assert_eq!(error.arrival(), Arrival::No);
    let error = error_of(|_| vec![reply("404 Not Found", b"no such page")]).await;
    assert!(matches!(error, UpstreamError::Status { status: 404, body } if body == "no such page"));
}

#[tokio::test]
async fn a_modern_message_is_mirrored_into_headers() {
    let (upstream, _incoming, seens) = server(|_| json_reply(ANSWER)).await;
    let version = "io.modelcontextprotocol/protocolVersion";
    for (method, params, name) in [
        ("tools/call", json!({"name": "schön"}), Some("=?base64?c2Now7Zu?=")),
        ("resources/read", json!({"uri": "file:///a b"}), Some("file:///a b")),
        ("tasks/get", json!({"taskId": "t-1"}), Some("t-1")),
        ("tools/list", json!({"name": "ignored"}), None),
    ] {
        let mut params = params;
        params["_meta"] = json!({ version: "2026-07-28" });
        let request = Message::request(RawId::number(1), method, &params);
        upstream.send(Outgoing::new(request)).await.unwrap();
        let seen = seens.lock().unwrap().pop().unwrap();
        assert_eq!(seen.headers["mcp-protocol-version"], "2026-07-28");
        assert_eq!(seen.headers["mcp-method"], method);
        assert_eq!(seen.headers.get("mcp-name").map(String::as_str), name);
    }
}

#[tokio::test]
async fn a_refusal_at_the_door_says_what_is_wanted() {
    let challenge = r#"401 Unauthorized
WWW-Authenticate: Bearer resource_metadata="https://a/.well-known/x"
WWW-Authenticate: Basic"#
        .replace('\n', "\r\n");
    let error = error_of(move |_| vec![reply(&challenge, b"")]).await;
    assert_eq!(error.arrival(), Arrival::No);
    let UpstreamError::Unauthorized { www_authenticate } = error else { panic!("{error}") };
    assert_eq!(www_authenticate, [r#"Bearer resource_metadata="https://a/.well-known/x""#, "Basic"]);

    let head = "403 Forbidden\r\nWWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"w\"";
    let error = error_of(move |_| vec![reply(head, b"")]).await;
    let UpstreamError::Forbidden { www_authenticate } = error else { panic!("{error}") };
    assert_eq!(www_authenticate.len(), 1);
}

#[tokio::test]
async fn threat_14_a_redirect_is_not_followed_with_the_credential() {
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let (upstream, _incoming, seens) =
            server(move |_| vec![reply(&format!("{status}\r\nLocation: /elsewhere"), b"")]).await;
        let error = upstream.send(call().with_headers(secret_headers())).await.unwrap_err();
        assert!(matches!(error, UpstreamError::Redirected));
        assert_eq!(seens.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn threat_14_cookies_a_server_sets_are_not_kept() {
    let head = "200 OK\r\nContent-Type: application/json\r\nSet-Cookie: track=1";
    let (upstream, _incoming, seens) = server(move |_| vec![reply(head, ANSWER.as_bytes())]).await;
    upstream.send(call()).await.unwrap();
    upstream.send(call()).await.unwrap();
    assert!(!seens.lock().unwrap()[1].headers.contains_key("cookie"));
}

#[tokio::test]
async fn a_json_rpc_error_with_an_error_status_is_an_answer_to_the_request() {
    let error = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32020,"message":"m","data":{"x":1.0}}}"#;
    let (upstream, _incoming, _) = server(|_| vec![reply("400 Bad Request", error.as_bytes())]).await;
    assert_eq!(answer(&upstream, call()).await, error);

    let nameless = r#"{"jsonrpc":"2.0","error":{"code":-32601,"message":"m","data":{"x":1.0}}}"#;
    let (upstream, _incoming, _) = server(|_| vec![reply("404 Not Found", nameless.as_bytes())]).await;
    let answer: Value = serde_json::from_slice(&answer(&upstream, call()).await).unwrap();
    let expected: Value = serde_json::from_str(&error.replace("-32020", "-32601")).unwrap();
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn garbage_is_refused_whatever_it_looks_like() {
    let garbage = |head: &'static str, body: &'static [u8]| error_of(move |_| vec![reply(head, body)]);
    let json = "200 OK\r\nContent-Type: application/json";
    assert!(matches!(garbage(json, b"<html>").await, UpstreamError::Garbage(_)));
    assert!(matches!(garbage(json, b"").await, UpstreamError::Garbage(_)));
    assert!(matches!(garbage(json, b"[]").await, UpstreamError::Garbage(_)));
    assert!(matches!(garbage("200 OK", ANSWER.as_bytes()).await, UpstreamError::NotMcp { .. }));
    let html = garbage("200 OK\r\nContent-Type: text/html", b"<html>").await;
    assert!(matches!(html, UpstreamError::NotMcp { content_type } if content_type == "text/html"));
    let stream = error_of(|_| events([&b"data: nonsense\n\n"[..]])).await;
    assert!(matches!(stream, UpstreamError::Garbage(_)));
    let no_http = error_of(|_| vec![Step::Send(b"SSH-2.0-x\r\n\r\n".to_vec()), Step::Close]).await;
    assert!(matches!(no_http, UpstreamError::Broke { .. }));
    assert_eq!(no_http.arrival(), Arrival::Maybe);
}

#[tokio::test]
async fn ten_megabytes_arrive_and_more_than_allowed_is_refused() {
    let big = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"text":"{}"}}}}"#, "x".repeat(10 << 20));
    let answers = [big.clone(), format!("data: {big}\n\n")];
    let (json, stream) = (answers[0].clone(), answers[1].clone());
    let (upstream, _incoming, _) = server(move |_| json_reply(&json)).await;
    assert_eq!(answer(&upstream, call()).await, big);
    let (upstream, _incoming, _) = server(move |_| events(stream.as_bytes().chunks(100_000))).await;
    assert_eq!(answer(&upstream, call()).await, big);

    let endless = |_: &Seen| {
        let mut steps = open_events([&b"data: {\"x\":\""[..]]);
        steps.extend((0..13).map(|_| {
            let mut chunk = b"100000\r\n".to_vec();
            chunk.extend(vec![b'x'; 1 << 20]);
            chunk.extend(b"\r\n");
            Step::Send(chunk)
        }));
        steps.push(Step::Hang);
        steps
    };
    let error = error_of(endless).await;
    assert!(matches!(error, UpstreamError::TooLarge { .. }), "{error}");
    let announced =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n";
    let error = error_of(move |_| vec![Step::Send(announced.into()), Step::Hang]).await;
    assert!(matches!(error, UpstreamError::TooLarge { .. }));
}

#[tokio::test]
async fn a_server_that_dies_mid_answer_leaves_the_outcome_open() {
    let half = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"jsonrpc\"";
    let json = error_of(move |_| vec![Step::Send(half.into()), Step::Close]).await;
    let stream = error_of(|_| {
        let mut steps = open_events([&b"data: {\"jsonrpc\""[..]]);
        steps.push(Step::Close);
        steps
    })
    .await;
    let ended = error_of(|_| events([&b": nothing\n\n"[..]])).await;
    for error in [json, stream, ended] {
        assert!(matches!(error, UpstreamError::Broke { .. }), "{error}");
        assert_eq!(error.arrival(), Arrival::Maybe);
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_at_every_stage() {
    let half = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{";
    for said in [vec![], vec![Step::Send(half.into())], open_events([&b": hello\n\n"[..]])] {
        let said = Mutex::new(said);
        let answer = move |_: &Seen| {
            let mut steps = std::mem::take(&mut *said.lock().unwrap());
            steps.push(Step::Hang);
            steps
        };
        let (upstream, _incoming, _) = patient_server(Duration::from_millis(200), answer).await;
        let error = upstream.send(call()).await.unwrap_err();
        assert!(matches!(error, UpstreamError::Silent(_)), "{error}");
    }
}

#[tokio::test]
async fn nobody_at_the_address_means_nothing_was_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/?secret=1", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let (inbox, _incoming) = tokio::sync::mpsc::channel(1);
    let client = mcp::upstream::http::client().unwrap();
    let upstream = mcp::upstream::http::HttpUpstream::new(client, url, Default::default(), inbox);
    let error = upstream.send(call()).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Unreachable { .. }));
    assert_eq!(error.arrival(), Arrival::No);
    assert!(!format!("{error} {error:?}").contains("secret"), "no address in errors");
}

#[tokio::test]
async fn what_the_server_says_before_its_answer_comes_first_and_in_order() {
    let progress = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1.0}}"#;
    let question = r#"{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}"#;
    let stream = format!(
        "data: {progress}\n\ndata: {question}\n\nevent: other\ndata: x\n\ndata:\n\ndata: {ANSWER}\n\n"
    );
    let (upstream, mut incoming, _) = server(move |_| events([stream.as_bytes()])).await;
    upstream.send(call()).await.unwrap();
    for expected in [progress, question, ANSWER] {
        assert_eq!(message(&mut incoming).await, expected);
    }
}

#[tokio::test]
async fn an_answer_ends_the_exchange_though_the_stream_stays_open() {
    let stream = format!("data: {ANSWER}\n\n");
    let (upstream, _incoming, _) = server(move |_| {
        let mut steps = open_events([stream.as_bytes()]);
        steps.push(Step::Hang);
        steps
    })
    .await;
    assert_eq!(answer(&upstream, call()).await, ANSWER);
}

#[tokio::test]
async fn a_stream_that_ends_too_early_is_taken_up_where_it_ended() {
    let rest = format!("id: e3\ndata: {ANSWER}\n\n");
    let (upstream, mut incoming, seens) =
        server(with_session(move |seen| match seen.headers.get("last-event-id").map(String::as_str) {
            None => events([&b"id: e1\nretry: 1\ndata:\n\n"[..]]),
            Some("e1") => events([&b"id: e2\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"more\"}\n\n"[..]]),
            Some(_) => events([rest.as_bytes()]),
        }))
        .await;
    initialize(&upstream).await;
    upstream.send(call().with_headers(secret_headers())).await.unwrap();
    message(&mut incoming).await;
    assert_eq!(message(&mut incoming).await, ANSWER);
    let seens = seens.lock().unwrap();
    let asked: Vec<_> = seens[1..].iter().map(|seen| seen.method.as_str()).collect();
    assert_eq!(asked, ["POST", "GET", "GET"], "the request itself is never repeated");
    assert_eq!(seens[3].headers["authorization"], "Bearer t");
}

#[tokio::test]
async fn listening_hears_the_server_until_it_offers_no_stream() {
    let question = r#"{"jsonrpc":"2.0","id":9,"method":"roots/list"}"#;
    let stream = format!("retry: 1\ndata: {question}\n\n");
    let polls = std::sync::atomic::AtomicUsize::new(0);
    let (upstream, mut incoming, _) = server(move |seen| {
        assert_eq!(seen.method, "GET");
        match polls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 | 1 => events([stream.as_bytes()]),
            _ => vec![reply("405 Method Not Allowed", b"")],
        }
    })
    .await;
    assert!(upstream.listen(secret_headers()).await.is_ok());
    for _ in 0..2 {
        assert_eq!(message(&mut incoming).await, question);
    }
}

#[tokio::test]
async fn cancelling_gives_up_the_request_and_tells_a_legacy_server() {
    let hang = |seen: &Seen| {
        if seen.body.contains("cancelled") { vec![reply("202 Accepted", b"")] } else { vec![Step::Hang] }
    };
    let (upstream, _incoming, seens) = server(with_session(hang)).await;
    initialize(&upstream).await;
    let cancel = async {
        while seens.lock().unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
        upstream.cancel(&RawId::number(1), secret_headers()).await;
    };
    let (result, ()) = tokio::join!(upstream.send(call()), cancel);
    assert!(matches!(result, Err(UpstreamError::Cancelled)));
    assert!(seens.lock().unwrap()[2].body.contains(r#"{"requestId":1}"#));
}

/// The same three messages however they are written and wherever the bytes are cut.
fn streams() -> impl Strategy<Value = String> {
    let line_end = prop_oneof![Just("\n"), Just("\r"), Just("\r\n")];
    let split = r#"{"jsonrpc":"2.0","method":"a",
"params":{}}"#;
    (line_end, any::<bool>(), any::<bool>()).prop_map(move |(end, bom, space)| {
        let space = if space { " " } else { "" };
        let lines = [
            ": a comment".to_owned(),
            format!("data:{space}{}", split.lines().next().unwrap()),
            format!("data:{space}{}", split.lines().nth(1).unwrap()),
            "".into(),
            "event: message".into(),
            "ignored: x".into(),
            "id: 1".into(),
            format!("data:{space}{}", r#"{"jsonrpc":"2.0","method":"ü"}"#),
            "".into(),
            "".into(),
            "data".into(),
            "".into(),
            format!("data:{space}{ANSWER}"),
            "".into(),
        ];
        let text: String = lines.iter().map(|line| format!("{line}{end}")).collect();
        if bom { format!("\u{feff}{text}") } else { text }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn events_are_the_same_however_they_are_written_and_cut(
        stream in streams(),
        cuts in prop::collection::vec(1_usize..20, 1..40),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let heard = runtime.block_on(async {
            let (upstream, mut incoming, _) = server(move |_| {
                let mut rest = stream.as_bytes();
                let mut pieces = Vec::new();
                for cut in &cuts {
                    let (piece, tail) = rest.split_at((*cut).min(rest.len()));
                    pieces.push(piece);
                    rest = tail;
                }
                pieces.push(rest);
                events(pieces.into_iter().filter(|piece| !piece.is_empty()))
            })
            .await;
            upstream.send(call()).await.unwrap();
            [message(&mut incoming).await, message(&mut incoming).await, message(&mut incoming).await]
        });
        prop_assert_eq!(heard[0].as_ref(), b"{\"jsonrpc\":\"2.0\",\"method\":\"a\",\n\"params\":{}}");
        prop_assert_eq!(heard[1].as_ref(), "{\"jsonrpc\":\"2.0\",\"method\":\"ü\"}".as_bytes());
        prop_assert_eq!(heard[2].as_ref(), ANSWER.as_bytes());
    }
}

#[tokio::test]
async fn a_large_answer_begins_before_it_has_ended_and_the_connection_holds_no_more_than_a_piece_of_it() {
    let text = "x".repeat(3 << 20);
    let (begins, ends) = (r#"{"jsonrpc":"2.0","id":1,"result":{"text":""#, r#""}}"#);
    for (head, is_stream) in [("", false), ("data: ", true)] {
        let chunks = [format!("{head}{begins}"), text.clone(), ends.to_owned()];
        let (upstream, _incoming, _) = server(move |_| {
            let chunks: Vec<Vec<u8>> = chunks.iter().map(|chunk| chunk.clone().into_bytes()).collect();
            let chunks = chunks.iter().map(Vec::as_slice).chain(is_stream.then_some(&b"\n\n"[..]));
            if is_stream { events(chunks) } else { chunked_json(chunks) }
        })
        .await;
        let reply = upstream.send(call()).await.unwrap().unwrap();
        let Reply::Flowing(mut flow) = reply else { panic!("{reply:?}") };
        let (mut length, mut largest) = (0, 0);
        while let Some(piece) = flow.next().await.unwrap() {
            largest = largest.max(piece.len());
            length += piece.len();
        }
        assert_eq!(length, begins.len() + text.len() + ends.len());
        assert!(largest < 2 << 20, "{largest}");
        // The connection goes on.
        assert!(upstream.send(call()).await.is_ok());
    }
}

#[tokio::test]
async fn a_large_answer_that_is_cut_ends_with_an_error() {
    let begins = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"text":"{}"#, "x".repeat(2 << 20));
    let (upstream, _incoming, _) = server(move |_| {
        let mut steps = open_events([format!("data: {begins}").as_bytes()]);
        steps.push(Step::Close);
        steps
    })
    .await;
    let reply = upstream.send(call()).await.unwrap().unwrap();
    let error = reply.whole().await.unwrap_err();
    assert_eq!(error.arrival(), Arrival::Maybe, "{error}");
}
