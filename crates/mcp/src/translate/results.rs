//! A legacy server's answer for a modern agent. The other way round nothing has to change: legacy agents pass over what they
//! don't know.

use super::capabilities::can_answer;
use crate::message::Message;
use serde_json::{Map, Value, json};

/// The results that say how long they may be kept (caching).
const CACHEABLE: [&str; 6] = [
    "server/discover",
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
];

/// Codes that modern servers give no more: a resource that is not there, and a page to be opened first.
const NOT_FOUND: i64 = -32002;
const OPEN_FIRST: i64 = -32042;
const INVALID_PARAMS: i64 = -32602;

/// How many pages one answer may want to have opened.
const PAGES: usize = 16;

/// Whether the results of `method` say how long they may be kept.
#[must_use]
pub fn is_cacheable(method: &str) -> bool {
    CACHEABLE.contains(&method)
}

/// A result of the wallet's own, for a modern agent. What it tells is this agent's alone, and may be another the next moment.
pub fn mark(result: &mut Map<String, Value>, method: &str) {
    result.entry("resultType").or_insert_with(|| "complete".into());
    if is_cacheable(method) {
        result.entry("ttlMs").or_insert_with(|| 0.into());
        result.entry("cacheScope").or_insert_with(|| "private".into());
    }
}

/// A legacy server's answer to `method`, as a modern server gives it to an agent that has these capabilities.
#[must_use]
pub fn modern(method: &str, answer: Message, capabilities: &Value) -> Message {
    match answer.error() {
        Some(error) => modern_error(&error, answer, capabilities),
        None => modern_result(method, answer),
    }
}

/// What a legacy server's result has put in front of its own members, for a modern agent: of one that comes in pieces the rest is
/// not known yet.
#[must_use]
pub fn in_front(method: &str) -> &'static str {
    if is_cacheable(method) {
        r#""resultType":"complete","ttlMs":0,"cacheScope":"private","#
    } else {
        r#""resultType":"complete","#
    }
}

fn modern_result(method: &str, answer: Message) -> Message {
    // A result that is no object is none of MCP's; it is passed on as it came.
    if !answer.body().is_some_and(|body| body.starts_with('{')) || answer.member(&["resultType"]).is_some() {
        return answer;
    }
    let mut edit = answer.edit().param("resultType", &"complete".into());
    if is_cacheable(method) {
        if answer.member(&["ttlMs"]).is_none() {
            edit = edit.param("ttlMs", &0.into());
        }
        if answer.member(&["cacheScope"]).is_none() {
            edit = edit.param("cacheScope", &"private".into());
        }
    }
    edit.finish()
}

fn modern_error(error: &Value, answer: Message, capabilities: &Value) -> Message {
    let page = json!({ "mode": "url" });
    match error.get("code").and_then(Value::as_i64) {
        Some(NOT_FOUND) => answer.edit().param("code", &INVALID_PARAMS.into()).finish(),
        Some(OPEN_FIRST) if can_answer(capabilities, "elicitation/create", &page) => {
            match (answer.id(), pages(error)) {
                (Some(id), Some(pages)) => {
                    Message::response(id, &json!({ "resultType": "input_required", "inputRequests": pages }))
                }
                _ => answer,
            }
        }
        _ => answer,
    }
}

/// The pages that a human has to open before the request is sent again.
fn pages(error: &Value) -> Option<Map<String, Value>> {
    let wanted = error.pointer("/data/elicitations")?.as_array()?;
    let pages = wanted.iter().take(PAGES).enumerate().filter_map(|(at, page)| {
        let mut page = page.as_object()?.clone();
        page.shift_remove("elicitationId");
        Some((format!("page-{at}"), json!({ "method": "elicitation/create", "params": page })))
    });
    let pages: Map<_, _> = pages.collect();
    (!pages.is_empty()).then_some(pages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn answer(text: &str) -> Message {
        Message::parse(Bytes::copy_from_slice(text.as_bytes())).unwrap()
    }

    fn said(method: &str, text: &str) -> String {
        String::from_utf8(modern(method, answer(text), &json!({})).into_bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_result_says_its_kind_and_keeps_every_other_byte() {
        assert_eq!(
            said("tools/call", r#"{"jsonrpc":"2.0","id":"é", "result":{"own": 1.0e2,"content":[ ]}}"#),
            r#"{"jsonrpc":"2.0","id":"é", "result":{"resultType":"complete","own": 1.0e2,"content":[ ]}}"#
        );
    }

    #[test]
    fn only_what_may_be_kept_says_how_long() {
        let list = said("resources/read", r#"{"jsonrpc":"2.0","id":1,"result":{"contents":[]}}"#);
        assert!(list.contains(r#""ttlMs":0"#) && list.contains(r#""cacheScope":"private""#), "{list}");
        let own = said("resources/read", r#"{"jsonrpc":"2.0","id":1,"result":{"ttlMs":5}}"#);
        assert!(own.contains(r#""ttlMs":5"#) && !own.contains(r#""ttlMs":0"#), "{own}");
        let call = said("tools/call", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
        assert!(!call.contains("ttlMs") && !call.contains("cacheScope"), "{call}");
    }

    #[test]
    fn what_needs_no_word_is_untouched() {
        for text in [
            r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"task"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":[1]}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":null}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32042,"message":"m"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"m"}}"#,
        ] {
            assert_eq!(said("tools/call", text), text);
        }
    }

    #[test]
    fn a_resource_that_is_not_there_has_another_code() {
        assert_eq!(
            said(
                "resources/read",
                r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32002,"message":"m","data":{"uri":"u"}}}"#
            ),
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"m","data":{"uri":"u"}}}"#
        );
    }

    #[test]
    fn pages_to_open_first_become_questions() {
        let text = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32042,"message":"m","data":{"elicitations":[
            {"mode":"url","elicitationId":"e","url":"https://a/?q=%20","message":"log in"}]}}}"#;
        let result =
            modern("tools/call", answer(text), &json!({"elicitation": {"url": {}}})).result().unwrap();
        assert_eq!(modern("tools/call", answer(text), &json!({})), answer(text), "it can open none");
        assert_eq!(
            result,
            json!({"resultType": "input_required", "inputRequests": {"page-0": {
                "method": "elicitation/create",
                "params": {"mode": "url", "url": "https://a/?q=%20", "message": "log in"},
            }}})
        );
    }
}
