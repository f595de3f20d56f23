//! Messages: what is refused, what is left alone, and what an edit changes.

use bytes::Bytes;
use mcp::{Kind, Message, ParseError, RawId, Suspicion};
use proptest::prelude::*;
use serde_json::{Value, json};

fn parse(text: &str) -> Result<Message, ParseError> {
    Message::parse(Bytes::copy_from_slice(text.as_bytes()))
}

fn call(params: &str) -> Result<Message, ParseError> {
    parse(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#))
}

fn suspicion(params: &str) -> Option<Suspicion> {
    match call(params) {
        Err(ParseError::Suspicious(suspicion)) => Some(suspicion),
        _ => None,
    }
}

#[test]
fn each_kind_of_message_is_told_apart() {
    let id = || RawId::parse(r#""a\u00e9""#).unwrap();
    for (text, kind) in [
        (
            r#"{"jsonrpc":"2.0","id":"a\u00e9","method":"tools\/call"}"#,
            Kind::Request { id: id(), method: "tools/call".into() },
        ),
        (r#"{"jsonrpc":"2.0","method":"ping","params":{}}"#, Kind::Notification { method: "ping".into() }),
        (r#"{"id":"aé","result":{},"jsonrpc":"2.0"}"#, Kind::Response { id: Some(id()), is_error: false }),
        (r#"{"jsonrpc":"2.0","id":null,"error":{}}"#, Kind::Response { id: None, is_error: true }),
    ] {
        assert_eq!(parse(text).unwrap().kind(), &kind, "{text}");
    }
}

#[test]
fn what_is_no_single_json_rpc_message_is_refused() {
    for text in [
        "",
        "null",
        "[]",
        r#"[{"jsonrpc":"2.0","method":"x"}]"#,
        "{",
        r#"{"jsonrpc":"2.0","method":"x"} {}"#,
        r#"{"method":"x"}"#,
        r#"{"jsonrpc":"1.0","method":"x"}"#,
        r#"{"jsonrpc":2.0,"method":"x"}"#,
        r#"{"jsonrpc":"2.0"}"#,
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"x"}"#,
        r#"{"jsonrpc":"2.0","id":1.5,"method":"x"}"#,
        r#"{"jsonrpc":"2.0","id":1e3,"method":"x"}"#,
        r#"{"jsonrpc":"2.0","id":{},"method":"x"}"#,
        r#"{"jsonrpc":"2.0","id":true,"method":"x"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"x","params":[1]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"x","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
        r#"{"jsonrpc":"2.0","result":{}}"#,
        "{\"jsonrpc\":\"2.0\",\"method\":\"x\n\"}",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_with_their_place() {
    let error = Message::parse(Bytes::from_static(b"{\"jsonrpc\xff")).unwrap_err();
    assert_eq!(error, ParseError::NotUtf8 { at: 9 });
}

#[test]
fn a_member_that_occurs_twice_is_refused_wherever_it_could_decide() {
    for params in [
        r#"{"name":"read","name":"delete"}"#,
        r#"{"name":"read","n\u0061me":"delete"}"#,
        r#"{"name":"read","arguments":{"repo":"a","repo":"b"}}"#,
        r#"{"name":"read","arguments":{"repo":"a","\u0072epo":"b"}}"#,
        r#"{"name":"read","arguments":{"repo":"a","Repo":"b"}}"#,
        r#"{"name":"read","arguments":{"x":[{"y":{"a":1,"b":2,"a":3}}]}}"#,
        r#"{"name":"read","_meta":{"k":1,"k":2}}"#,
    ] {
        assert!(matches!(suspicion(params), Some(Suspicion::Twice { .. })), "{params}");
    }
    let twice = r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}"#;
    assert!(matches!(parse(twice), Err(ParseError::Suspicious(Suspicion::Twice { .. }))));
}

#[test]
fn a_name_that_a_lenient_parser_takes_for_another_is_refused() {
    for params in [
        r#"{"name":"read","Arguments":{}}"#,
        r#"{"Name":"delete"}"#,
        r#"{"name":"read","argument\u017f":{}}"#,
        r#"{"URI":"file:///"}"#,
    ] {
        assert!(matches!(suspicion(params), Some(Suspicion::Almost { .. })), "{params}");
    }
    let envelope = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","Params":{"name":"x"}}"#;
    assert!(matches!(parse(envelope), Err(ParseError::Suspicious(Suspicion::Almost { .. }))));
}

#[test]
fn names_with_a_meaning_of_their_own_in_our_parser_are_refused() {
    for params in [
        r#"{"name":"x","arguments":{"$serde_json::private::RawValue":"{\"repo\":\"a\"}"}}"#,
        r#"{"name":"x","arguments":{"n":{"\u0024serde_json::private::Number":"1"}}}"#,
    ] {
        assert_eq!(suspicion(params), Some(Suspicion::Reserved), "{params}");
    }
}

#[test]
fn file_names_that_differ_only_in_case_are_data_and_stay() {
    assert!(call(r#"{"name":"write","arguments":{"files":{"README":"a","readme":"b"}}}"#).is_ok());
}

#[test]
fn depth_is_bounded_for_requests_and_answers_alike() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(call(&format!(r#"{{"x":{}}}"#, nested(98))).is_ok());
    assert_eq!(suspicion(&format!(r#"{{"x":{}}}"#, nested(99))), Some(Suspicion::TooDeep));
    let answer = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{}}}"#, nested(200_000));
    assert!(matches!(parse(&answer), Err(ParseError::Suspicious(Suspicion::TooDeep))));
}

#[test]
fn the_sender_of_a_refused_request_can_be_told() {
    for (text, id) in [
        (r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"a":1,"a":2}}"#, RawId::parse("7")),
        (r#"{"id":"x","method":7}"#, RawId::parse(r#""x""#)),
        (r#"{"jsonrpc":"2.0","id":7,"result":1,"error":2}"#, None),
        (r#"{"jsonrpc":"2.0","id":{},"method":"m"}"#, None),
        (r#"{"jsonrpc":"2.0","id":7,"method":"m""#, None),
    ] {
        assert!(parse(text).is_err());
        assert_eq!(Message::refused_id(text.as_bytes()), id, "{text}");
    }
}

#[test]
fn ids_are_equal_by_value_and_kept_as_written() {
    assert_eq!(RawId::parse(r#""\u0061""#), RawId::parse(r#""a""#));
    assert_ne!(RawId::parse("1"), RawId::parse(r#""1""#));
    assert_eq!(RawId::parse(r#""\u0061""#).unwrap().as_json(), r#""\u0061""#);
    assert_eq!(RawId::parse("9007199254740993").unwrap().as_json(), "9007199254740993");
}

#[test]
fn an_edit_changes_what_it_names_and_no_other_byte() {
    let message =
        parse(r#" {"jsonrpc":"2.0", "id" : 1,"method":"tools/call","params":{ "name":"s__t","x":1.0,"_meta":{"p":1E2} },"extra":50.0} "#)
            .unwrap();
    let edited = message
        .edit()
        .id(RawId::number(77))
        .param("name", &json!("t"))
        .meta("io.countersign/proof", &json!("abc"))
        .finish();
    let expected = r#" {"jsonrpc":"2.0", "id" : 77,"method":"tools/call","params":{ "name":"t","x":1.0,"_meta":{"io.countersign/proof":"abc","p":1E2} },"extra":50.0} "#;
    assert_eq!(std::str::from_utf8(edited.bytes()).unwrap(), expected);
    assert_eq!(edited.id(), Some(&RawId::number(77)));
}

#[test]
fn meta_finds_its_place_in_every_shape_of_params() {
    for (params, expected) in [
        ("", r#","params":{"_meta":{"k":"v"}}"#),
        (r#","params":null"#, r#","params":{"_meta":{"k":"v"}}"#),
        (r#","params":{}"#, r#","params":{"_meta":{"k":"v"}}"#),
        (r#","params":{"a":1}"#, r#","params":{"_meta":{"k":"v"},"a":1}"#),
        (r#","params":{"_meta":{}}"#, r#","params":{"_meta":{"k":"v"}}"#),
        (r#","params":{"_meta":{"k":1}}"#, r#","params":{"_meta":{"k":"v"}}"#),
        (r#","params":{"_meta":7}"#, r#","params":{"_meta":7}"#),
    ] {
        let envelope = |params| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"x"{params}}}"#);
        let edited = parse(&envelope(params)).unwrap().edit().meta("k", &json!("v")).finish();
        let again = Message::parse(edited.bytes().clone()).unwrap();
        if params.contains('7') {
            assert_eq!(again.member_text(&["_meta", "k"]).as_deref(), Some("v"));
        } else {
            assert_eq!(std::str::from_utf8(edited.bytes()).unwrap(), envelope(expected));
        }
        assert_eq!(edited.body(), again.body(), "{params}");
    }
}

#[test]
fn messages_of_our_own_read_back_as_what_they_are() {
    let id = RawId::text("a\"b");
    for message in [
        Message::request(id.clone(), "m\"", &json!({"a": 1})),
        Message::request(id.clone(), "m", &Value::Null),
        Message::notification("n", &json!({})),
        Message::response(&id, &json!({"r": [1]})),
        Message::failure(Some(&id), -32000, "no", Some(&json!(1))),
        Message::failure(None, -32700, "no", None),
    ] {
        let again = Message::parse(message.bytes().clone()).unwrap();
        assert_eq!((again.kind(), again.body()), (message.kind(), message.body()));
    }
}

/// Any JSON, with numbers as servers write them.
fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        any::<String>().prop_map(|text| Value::from(text).to_string()),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let members = prop::collection::btree_map("[a-z\u{e9}\"]{1,6}", inner.clone(), 0..5);
        let object = members.prop_map(|members| {
            let members: Vec<_> =
                members.into_iter().map(|(name, value)| format!("{}: {value}", Value::from(name))).collect();
            format!("{{{}}}", members.join(" ,"))
        });
        let array = prop::collection::vec(inner, 0..5).prop_map(|items| format!("[{}]", items.join(",")));
        prop_oneof![object, array]
    })
}

/// JSON as a tree whose objects may have a member twice.
#[derive(Clone, Debug)]
enum Tree {
    Leaf,
    Array(Vec<Self>),
    Object(Vec<(&'static str, bool, Self)>),
}

impl Tree {
    /// Written out; a marked name with its first letter escaped.
    fn text(&self) -> String {
        let joined = |parts: Vec<String>| parts.join(", ");
        match self {
            Self::Leaf => r#""{\"a\":1,\"a\":2}\\""#.into(),
            Self::Array(items) => format!("[{}]", joined(items.iter().map(Self::text).collect())),
            Self::Object(members) => {
                let escape = |(at, letter): (usize, char)| match at {
                    0 => format!("\\u{:04x}", u32::from(letter)),
                    _ => letter.to_string(),
                };
                let member = |(name, escaped, value): &(&str, bool, Self)| {
                    let escaped_name: String = name.chars().enumerate().map(escape).collect();
                    let name = if *escaped { &escaped_name } else { *name };
                    format!(r#""{name}" : {}"#, value.text())
                };
                format!("{{ {} }}", joined(members.iter().map(member).collect()))
            }
        }
    }

    /// Whether a name occurs twice in one object; in the outermost also if the two differ in case.
    fn has_twins(&self, outermost: bool) -> bool {
        match self {
            Self::Leaf => false,
            Self::Array(items) => items.iter().any(|item| item.has_twins(false)),
            Self::Object(members) => {
                let names = members
                    .iter()
                    .map(|(name, ..)| if outermost { name.to_lowercase() } else { (*name).to_owned() });
                let distinct: std::collections::HashSet<_> = names.collect();
                distinct.len() < members.len() || members.iter().any(|(.., value)| value.has_twins(false))
            }
        }
    }
}

fn object_tree() -> impl Strategy<Value = Tree> {
    let object = |inner: BoxedStrategy<Tree>| {
        let name = prop::sample::select(vec!["a", "A", "b", "é", "É", "long name", "x"]);
        prop::collection::vec((name, any::<bool>(), inner), 0..4).prop_map(Tree::Object)
    };
    let inner = Just(Tree::Leaf).prop_recursive(3, 12, 3, move |inner| {
        let array = prop::collection::vec(inner.clone(), 0..3).prop_map(Tree::Array);
        prop_oneof![array, object(inner.boxed())]
    });
    object(inner.boxed())
}

proptest! {
    #[test]
    fn arguments_are_refused_exactly_when_a_member_occurs_twice(arguments in object_tree()) {
        let params = format!(r#"{{"name":"x","arguments":{}}}"#, arguments.text());
        prop_assert_eq!(call(&params).is_err(), arguments.has_twins(true), "{}", params);
    }

    #[test]
    fn every_byte_that_no_edit_names_stays(value in json_text(), id in 0..u64::MAX, key in "[a-z]{1,5}") {
        let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m","params":{{"body":{value}}},"more":{value}}}"#);
        let message = parse(&text).unwrap();
        prop_assert_eq!(message.bytes().as_ref(), text.as_bytes());
        prop_assert_eq!(message.member(&["body"]), Some(value.as_str()));
        let edited = message.edit().id(RawId::text("z")).meta(&key, &json!(1)).finish();
        let expected = text
            .replacen(&format!(r#""id":{id}"#), r#""id":"z""#, 1)
            .replacen(r#""params":{"#, &format!(r#""params":{{"_meta":{{"{key}":1}},"#), 1);
        prop_assert_eq!(std::str::from_utf8(edited.bytes()).unwrap(), expected);
        let again = Message::parse(edited.bytes().clone()).unwrap();
        prop_assert_eq!(edited.body(), again.body());
        prop_assert_eq!(edited.kind(), again.kind());
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Message::parse(Bytes::from(bytes));
    }

    #[test]
    fn no_json_like_text_makes_the_parser_panic(text in r#"[{}\[\]":,\\a0-9eE.n u-]{0,80}"#) {
        let _ = call(&text);
        let _ = parse(&text);
    }
}
