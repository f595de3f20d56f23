//! Answers too large to hold: checked and passed on as they come.

use bytes::Bytes;
use futures_util::StreamExt as _;
use mcp::flow::{Flow, Pieces, Reply};
use mcp::upstream::UpstreamError;
use mcp::{Message, RawId};
use proptest::prelude::*;

fn pieces(text: &[u8], cuts: &[usize]) -> Pieces {
    let mut rest = Bytes::copy_from_slice(text);
    let mut pieces = vec![];
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        pieces.push(Ok(rest.split_to((*cut).max(1).min(rest.len()))));
    }
    futures_util::stream::iter(pieces).boxed()
}

/// Lets a text flow whose first `head` bytes come at once.
async fn flow(text: &[u8], head: usize, cuts: &[usize]) -> Result<Option<(Vec<u8>, bool)>, UpstreamError> {
    let (first, rest) = text.split_at(head.min(text.len()));
    let Ok(mut flow) = Flow::begin(Bytes::copy_from_slice(first), pieces(rest, cuts))? else {
        return Ok(None);
    };
    let mut whole = vec![];
    while let Some(piece) = flow.next().await? {
        whole.extend_from_slice(&piece);
    }
    Ok(Some((whole, flow.says_error())))
}

const HEAD: &str = r#"{"jsonrpc":"2.0","id":"a\u00e9","result":{"#;

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[ -~é€😀\\\\\"]{0,12}".prop_map(|text| serde_json::Value::from(text).to_string()),
        "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?",
        prop_oneof![Just("true"), Just("false"), Just("null"), Just(r#""\ud83d\ude00\/""#)]
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5)
                .prop_map(|items| format!("[ {} ]", items.join(","))),
            proptest::collection::vec(("[a-z]{0,6}", inner), 0..5).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("\"{name}\" :{value}")).collect();
                format!("{{{}}}", members.join(", "))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The same texts are JSON here and to the parser of whole messages, however they are cut; and pass byte for byte.
    #[test]
    fn what_flows_is_what_would_pass_whole(
        value in json(), cuts in proptest::collection::vec(1usize..9, 1..6), spoil in proptest::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut text = format!("{HEAD}\"x\":{value}}}}}").into_bytes();
        if let Some((at, byte)) = spoil {
            let at = HEAD.len() + at.index(text.len() - HEAD.len());
            text[at] = byte;
        }
        let whole = Message::parse(Bytes::from(text.clone()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let flowed = runtime.block_on(flow(&text, HEAD.len(), &cuts));
        match (whole, flowed) {
            (Ok(_), Ok(Some((bytes, _)))) => {
                let spaced = text.iter().map(|b| if matches!(b, b'\n' | b'\r') { b' ' } else { *b });
                prop_assert_eq!(bytes, spaced.collect::<Vec<_>>());
            }
            (Err(_), Err(_)) => {}
            (whole, flowed) => prop_assert!(false, "{whole:?} {flowed:?}"),
        }
    }
}

#[tokio::test]
async fn a_tool_that_failed_says_so_at_the_top_of_its_result_and_nowhere_else() {
    for (text, says) in [
        (r#""content":[{"isError":true}],"isError":true}}"#, true),
        (r#""content":[],"isError":false}}"#, false),
        (r#""structuredContent":{"isError":true}}}"#, false),
        (r#""content":[]},"isError":true}"#, false),
    ] {
        let (_, said) = flow(format!("{HEAD}{text}").as_bytes(), HEAD.len(), &[3]).await.unwrap().unwrap();
        assert_eq!(said, says, "{text}");
    }
}

#[tokio::test]
async fn what_does_not_say_first_what_it_answers_is_not_passed_on_before_its_end() {
    for text in [
        r#"{"result":{"a":1},"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","result":{"a":1},"id":1}"#,
        r#"{"jsonrpc":"1.0","id":1,"result":{"a":1}}"#,
        r#"{"jsonrpc":"2.0","id":1,"id":2,"result":{"a":1}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":[1]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"x","result":{"a":1}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}"#,
    ] {
        assert!(flow(text.as_bytes(), 34, &[5]).await.unwrap().is_none(), "{text}");
    }
}

#[tokio::test]
async fn what_says_twice_what_it_answers_breaks_off() {
    for second in [r#""id":2"#, r#""ID":2"#, r#""result":{}"#, r#""res\u0075lt":{}"#, r#""method":"x""#] {
        let text = format!("{HEAD}}},{second}}}");
        assert!(flow(text.as_bytes(), HEAD.len(), &[4]).await.is_err(), "{second}");
    }
    let text = format!("{HEAD}}},\"x-own\":1}}");
    assert!(flow(text.as_bytes(), HEAD.len(), &[4]).await.is_ok());
}

#[tokio::test]
async fn members_are_put_in_front_of_a_result_s_own() {
    let first = Bytes::copy_from_slice(HEAD.as_bytes());
    let Ok(Ok(flow)) = Flow::begin(first, pieces(br#""a":1}}"#, &[2])) else { panic!() };
    assert_eq!(flow.id(), &RawId::parse(r#""aé""#).unwrap());
    let whole = Reply::Flowing(flow.with_members(r#""resultType":"complete","#)).whole().await.unwrap();
    assert_eq!(whole.result().unwrap().to_string(), r#"{"resultType":"complete","a":1}"#);
}
