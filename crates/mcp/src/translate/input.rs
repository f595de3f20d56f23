//! A server needs something of the agent's while it works on a call: a form filled in, a page opened, a model asked, the roots.
//!
//! A legacy server sends requests of its own and goes on when they are answered. A modern one ends the call with
//! `input_required` and is called again, with the answers and the state it gave (multi round-trip requests). Roots are listed,
//! models asked and forms filled in by the agent alike in both; only the envelopes differ.

use crate::message::{Message, RawId};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// How many questions one answer may hold.
pub const QUESTIONS: usize = 32;

const REQUIRED: &str = "input_required";
const RELATED_TASK: &str = "io.modelcontextprotocol/related-task";
const RESPONSES: &str = "inputResponses";
const STATE: &str = "requestState";

/// One thing a server wants to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The server's name for it, within its answer.
    pub key: String,
    /// What is asked: `elicitation/create` for example.
    pub method: String,
    /// With which params, as they came.
    pub params: Value,
}

/// A modern server's answer that the call can't go on without input.
#[derive(Clone, Debug, PartialEq)]
pub struct Required {
    /// What it wants to know; nothing when it only wants to be called again.
    pub questions: Vec<Question>,
    state: Option<Value>,
}

/// What a modern agent brings when it calls again.
#[derive(Debug)]
pub struct Retry<'a> {
    /// The state it was given.
    pub state: Cow<'a, str>,
    /// Its answers, each under the key of its question.
    pub responses: Map<String, Value>,
}

/// An `input_required` that nobody could answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Nonsense {
    /// Neither a question nor a state.
    #[error("it wants input and does not say which")]
    Nothing,
    /// Too much at once.
    #[error("it wants more than {QUESTIONS} things at once")]
    TooMuch,
    /// A question that is no request.
    #[error("it asks something that is no request")]
    NoRequest,
}

/// Whether an answer is a modern server's wish for input.
#[must_use]
pub fn is_required(answer: &Message) -> bool {
    answer.kind().is_response() && answer.member_text(&["resultType"]).is_some_and(|kind| kind == REQUIRED)
}

impl Required {
    /// Reads a modern server's answer; nothing when it is no wish for input.
    ///
    /// # Errors
    /// [`Nonsense`].
    pub fn read(answer: &Message) -> Result<Option<Self>, Nonsense> {
        if !is_required(answer) {
            return Ok(None);
        }
        let mut result = answer.result().unwrap_or_default();
        let state = result.get_mut(STATE).map(Value::take);
        let asked = match result.get_mut("inputRequests").map(Value::take) {
            None => Map::new(),
            Some(Value::Object(asked)) => asked,
            Some(_) => return Err(Nonsense::NoRequest),
        };
        if asked.is_empty() && state.is_none() {
            return Err(Nonsense::Nothing);
        }
        if asked.len() > QUESTIONS {
            return Err(Nonsense::TooMuch);
        }
        let questions = asked.into_iter().map(|(key, asked)| Question::read(key, asked));
        Ok(Some(Self { questions: questions.collect::<Result<_, _>>()?, state }))
    }

    /// The request that brings the answers, made of the one that was answered so. Its id is still the old one's.
    #[must_use]
    pub fn retry(&self, request: &Message, responses: Map<String, Value>) -> Message {
        let responses = Value::Object(responses);
        let mut edit = request.edit();
        if !self.questions.is_empty() {
            edit = edit.param(RESPONSES, &responses);
        }
        if let Some(state) = &self.state {
            edit = edit.param(STATE, state);
        }
        edit.finish()
    }
}

impl Question {
    fn read(key: String, mut asked: Value) -> Result<Self, Nonsense> {
        let method = asked.get("method").and_then(Value::as_str).ok_or(Nonsense::NoRequest)?.to_owned();
        let params = asked.get_mut("params").map(Value::take).unwrap_or(Value::Null);
        Ok(Self { key, method, params })
    }

    /// The question of a legacy server, under a key of ours. What only legacy requests carry is left behind.
    #[must_use]
    pub fn of_request(key: String, request: &Message) -> Option<Self> {
        let method = request.method().filter(|_| request.id().is_some())?.to_owned();
        let mut params = request.params();
        if let Some(params) = params.as_object_mut() {
            params.shift_remove("elicitationId");
            let empty = params.get_mut("_meta").and_then(Value::as_object_mut).is_some_and(|meta| {
                meta.shift_remove("progressToken");
                meta.shift_remove(RELATED_TASK);
                meta.is_empty()
            });
            if empty {
                params.shift_remove("_meta");
            }
        }
        Some(Self { key, method, params })
    }

    /// The question as a legacy server asks it. A page to be opened has an id in that era.
    #[must_use]
    pub fn to_request(&self, id: RawId) -> Message {
        let mut params = self.params.clone();
        let is_page = params.get("mode").and_then(Value::as_str) == Some("url");
        if let Some(params) = params.as_object_mut().filter(|_| is_page) {
            params.entry("elicitationId").or_insert_with(|| id.to_value());
        }
        Message::request(id, &self.method, &params)
    }

    /// A legacy agent's answer, as the result that a modern server gets.
    ///
    /// # Errors
    /// The agent's error, where the modern era has no word for there being no answer.
    pub fn answered(&self, answer: &Message) -> Result<Value, Value> {
        match (answer.result(), self.method.as_str()) {
            (Some(result), _) => Ok(result),
            (None, "elicitation/create") => Ok(json!({ "action": "cancel" })),
            (None, _) => Err(answer.error().unwrap_or_default()),
        }
    }

    fn to_value(&self) -> Value {
        if self.params.is_null() {
            return json!({ "method": self.method });
        }
        json!({ "method": self.method, "params": self.params })
    }
}

/// An answer that ends a modern agent's request `id` for now: it is to ask again, with these answers and this state.
#[must_use]
pub fn required<'a>(id: &RawId, questions: impl Iterator<Item = &'a Question>, state: &str) -> Message {
    let asked: Map<_, _> = questions.map(|question| (question.key.clone(), question.to_value())).collect();
    Message::response(id, &json!({ "resultType": REQUIRED, "inputRequests": asked, STATE: state }))
}

/// What a modern agent's request brings, if it asks again; a state that is no text is nobody's.
#[must_use]
pub fn retried(request: &Message) -> Option<Retry<'_>> {
    let state = request.member_text(&[STATE])?;
    let responses = request.member(&[RESPONSES]).and_then(|raw| serde_json::from_str(raw).ok());
    Some(Retry { state, responses: responses.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn answer(result: &str) -> Message {
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#);
        Message::parse(Bytes::from(text)).unwrap()
    }

    fn read(result: &str) -> Result<Option<Required>, Nonsense> {
        Required::read(&answer(result))
    }

    #[test]
    fn only_a_wish_for_input_is_one() {
        assert_eq!(read(r#"{"content":[]}"#), Ok(None));
        assert_eq!(read(r#"{"resultType":"complete","requestState":"s"}"#), Ok(None));
        assert_eq!(read("[]"), Ok(None));
        let failure = Message::failure(Some(&RawId::number(1)), -1, "m", None);
        assert_eq!(Required::read(&failure), Ok(None));
    }

    #[test]
    fn what_nobody_could_answer_is_nonsense() {
        assert_eq!(read(r#"{"resultType":"input_required"}"#), Err(Nonsense::Nothing));
        assert_eq!(read(r#"{"resultType":"input_required","inputRequests":[1]}"#), Err(Nonsense::NoRequest));
        assert_eq!(
            read(r#"{"resultType":"input_required","inputRequests":{"a":{"params":{}}}}"#),
            Err(Nonsense::NoRequest)
        );
        let many: Map<_, _> =
            (0..=QUESTIONS).map(|n| (n.to_string(), json!({"method": "roots/list"}))).collect();
        let many = json!({"resultType": "input_required", "inputRequests": many}).to_string();
        assert_eq!(read(&many), Err(Nonsense::TooMuch));
    }

    #[test]
    fn the_call_goes_on_with_the_answers_and_the_state_as_it_was_given() {
        let required = read(
            r#"{"resultType":"input_required","requestState":"op\u0061que==","inputRequests":{
            "b":{"method":"roots/list"},"a":{"method":"sampling/createMessage","params":{"maxTokens":1.0}}}}"#,
        );
        let required = required.unwrap().unwrap();
        let asked: Vec<_> =
            required.questions.iter().map(|it| (it.key.as_str(), it.method.as_str())).collect();
        assert_eq!(asked, [("b", "roots/list"), ("a", "sampling/createMessage")]);
        assert_eq!(required.questions[1].params.to_string(), r#"{"maxTokens":1.0}"#);

        let call = Bytes::from_static(
            br#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"t","own":1e0}}"#,
        );
        let responses = Map::from_iter([("b".to_owned(), json!({"roots": []}))]);
        let retry = required.retry(&Message::parse(call).unwrap(), responses);
        assert_eq!(
            std::str::from_utf8(retry.bytes()).unwrap(),
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"inputResponses":{"b":{"roots":[]}},"requestState":"opaque==","name":"t","own":1e0}}"#
        );
    }

    #[test]
    fn a_state_alone_is_brought_back_alone() {
        let required = read(r#"{"resultType":"input_required","requestState":"s"}"#).unwrap().unwrap();
        let call = Message::request(RawId::number(1), "tools/call", &json!({"name": "t"}));
        assert_eq!(required.retry(&call, Map::new()).params(), json!({"name": "t", "requestState": "s"}));
    }

    #[test]
    fn a_page_to_open_is_passed_on_whole_in_both_directions() {
        let page = json!({"mode": "url", "url": "https://a.example/%2F?x=é#y", "message": "m", "own": 1});
        let question =
            Question { key: "k".into(), method: "elicitation/create".into(), params: page.clone() };
        let asked = question.to_request(RawId::text("e-1"));
        let mut legacy = page;
        legacy["elicitationId"] = "e-1".into();
        assert_eq!(asked.params(), legacy);
        assert_eq!(Question::of_request("k".into(), &asked), Some(question));
    }

    #[test]
    fn what_only_a_legacy_request_carries_stays_behind() {
        let meta = json!({"progressToken": 1, RELATED_TASK: {"taskId": "t"}});
        let request = |meta: &Value| {
            let params = json!({"message": "m", "requestedSchema": {}, "_meta": meta});
            Question::of_request(
                "k".into(),
                &Message::request(RawId::number(9), "elicitation/create", &params),
            )
        };
        assert_eq!(request(&meta).unwrap().params, json!({"message": "m", "requestedSchema": {}}));
        let own = json!({"progressToken": 1, "vendor/own": true});
        assert_eq!(request(&own).unwrap().params["_meta"], json!({"vendor/own": true}));
        assert_eq!(Question::of_request("k".into(), &Message::notification("n", &Value::Null)), None);
    }

    #[test]
    fn an_agent_that_can_not_answer_cancels_a_form_and_fails_the_rest() {
        let question =
            |method: &str| Question { key: "k".into(), method: method.into(), params: Value::Null };
        let error = Message::failure(Some(&RawId::number(1)), -1, "no", None);
        assert_eq!(question("elicitation/create").answered(&error), Ok(json!({"action": "cancel"})));
        assert_eq!(question("sampling/createMessage").answered(&error).unwrap_err()["message"], "no");
        assert_eq!(question("roots/list").answered(&answer(r#"{"roots":[]}"#)), Ok(json!({"roots": []})));
    }

    #[test]
    fn a_modern_agent_asks_again_with_what_it_was_given() {
        let question = Question { key: "k".into(), method: "roots/list".into(), params: Value::Null };
        let ended = required(&RawId::number(3), [question].iter(), "s3cret");
        assert_eq!(
            ended.result().unwrap(),
            json!({"resultType": "input_required", "requestState": "s3cret",
                "inputRequests": {"k": {"method": "roots/list"}}})
        );
        let again = json!({"name": "t", "requestState": "s3cret", "inputResponses": {"k": {"roots": []}}});
        let again = Message::request(RawId::number(4), "tools/call", &again);
        let retry = retried(&again).unwrap();
        assert_eq!((retry.state.as_ref(), &retry.responses["k"]), ("s3cret", &json!({"roots": []})));
        assert!(
            retried(&Message::request(RawId::number(4), "tools/call", &json!({"requestState": 7}))).is_none()
        );
    }
}
