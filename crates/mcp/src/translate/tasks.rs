//! Calls that are answered later. The two eras' tasks are different things and are not translated; what is read here is whose
//! task a message is about, so that each goes to the server that made it.

use crate::message::Message;
use std::borrow::Cow;

const RELATED: &str = "io.modelcontextprotocol/related-task";

/// Whether a method is about a task.
#[must_use]
pub fn is_about_task(method: &str) -> bool {
    matches!(method, "tasks/get" | "tasks/update" | "tasks/cancel" | "tasks/result")
}

/// The task that an answer to a call says has begun.
#[must_use]
pub fn begun(answer: &Message) -> Option<Cow<'_, str>> {
    if answer.error().is_some() {
        return None;
    }
    let modern = answer.member_text(&["resultType"]).is_some_and(|kind| kind == "task");
    let legacy = || answer.member_text(&["task", "taskId"]);
    if modern { answer.member_text(&["taskId"]) } else { legacy() }
}

/// The task that a request or a notification is about.
#[must_use]
pub fn named(message: &Message) -> Option<Cow<'_, str>> {
    message.member_text(&["taskId"]).or_else(|| message.member_text(&["_meta", RELATED, "taskId"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::RawId;
    use serde_json::{Value, json};

    #[test]
    fn a_task_is_known_by_its_id_in_both_eras() {
        let answer = |result: Value| Message::response(&RawId::number(1), &result);
        let modern = answer(json!({"resultType": "task", "taskId": "m"}));
        let legacy = answer(json!({"task": {"taskId": "l"}}));
        assert_eq!(begun(&modern).as_deref(), Some("m"));
        assert_eq!(begun(&legacy).as_deref(), Some("l"));
        assert_eq!(begun(&answer(json!({"taskId": "x", "resultType": "complete"}))), None);
        let about = Message::request(RawId::number(1), "tasks/get", &json!({"taskId": "t"}));
        assert_eq!(named(&about).as_deref(), Some("t"));
        let related =
            Message::notification("notifications/progress", &json!({"_meta": {RELATED: {"taskId": "r"}}}));
        assert_eq!(named(&related).as_deref(), Some("r"));
    }
}
