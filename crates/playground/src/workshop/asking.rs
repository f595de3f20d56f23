//! Asking the client in the middle of a call, in either era: a request of the server's own before 2026-07-28,
//! an `input_required` result since.

#![expect(
    deprecated,
    reason = "sampling and roots are on their way out, but clients in the field still have them"
)]

use rmcp::model::{
    CreateMessageRequest, CreateMessageRequestParams, ElicitRequest, ElicitRequestParams, ElicitationSchema,
    InputRequest, InputRequiredResult, InputResponses, ListRootsRequest, ProtocolVersion, SamplingMessage,
    ServerRequest,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The one question a call asks, among `inputRequests`.
const QUESTION: &str = "question";

/// How far the asking has come.
pub(super) enum Asked {
    /// The client answered.
    Answered(Value),
    /// The client must be asked first, by this result.
    Now(InputRequiredResult),
}

/// Asks once, or takes the answer that came with the retried call.
pub(super) async fn ask(
    context: &RequestContext<RoleServer>,
    given: Option<InputResponses>,
    question: InputRequest,
) -> Result<Asked, ErrorData> {
    if let Some(answer) = given.and_then(|mut given| given.remove(QUESTION)) {
        return Ok(Asked::Answered(answer));
    }
    if context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28) {
        let questions = BTreeMap::from([(QUESTION.to_owned(), question)]);
        return Ok(Asked::Now(InputRequiredResult::new(Some(questions), None)));
    }
    let request = match question {
        InputRequest::CreateMessage(request) => ServerRequest::CreateMessageRequest(request),
        InputRequest::Elicitation(request) => ServerRequest::ElicitRequest(request),
        InputRequest::ListRoots(request) => ServerRequest::ListRootsRequest(request),
        _ => return Err(ErrorData::internal_error("no such question", None)),
    };
    let answer = context.peer.send_request(request).await;
    let answer =
        answer.map_err(|why| ErrorData::internal_error(format!("the client did not answer: {why}"), None))?;
    let answer =
        serde_json::to_value(answer).map_err(|why| ErrorData::internal_error(why.to_string(), None))?;
    Ok(Asked::Answered(answer))
}

pub(super) fn booking(restaurant: &str) -> Result<InputRequest, ErrorData> {
    let form = json!({
        "type": "object",
        "properties": {
            "guests": { "type": "integer", "title": "Guests", "minimum": 1, "maximum": 12 },
            "hour": { "type": "string", "title": "Hour", "description": "For example 19:30" },
        },
        "required": ["guests", "hour"],
    });
    let requested_schema: ElicitationSchema =
        serde_json::from_value(form).map_err(|why| ErrorData::internal_error(why.to_string(), None))?;
    let message = format!("A table at {restaurant}: for how many, and when?");
    let form = ElicitRequestParams::FormElicitationParams { meta: None, message, requested_schema };
    Ok(InputRequest::Elicitation(ElicitRequest::new(form)))
}

pub(super) fn booked(restaurant: &str, answer: &Value) -> String {
    match answer["action"].as_str() {
        Some("accept") => {
            let (guests, hour) = (&answer["content"]["guests"], &answer["content"]["hour"]);
            format!("Pretended to book {restaurant} for {guests} at {hour}.")
        }
        _ => format!("No table at {restaurant}: the human did not say yes."),
    }
}

pub(super) fn summary(note: &str) -> InputRequest {
    let question = SamplingMessage::user_text(format!("Summarise in one sentence:\n\n{note}"));
    InputRequest::CreateMessage(CreateMessageRequest::new(CreateMessageRequestParams::new(
        vec![question],
        200,
    )))
}

pub(super) fn summarised(answer: &Value) -> String {
    let text = answer["content"]["text"].as_str().or_else(|| answer["content"][0]["text"].as_str());
    text.unwrap_or("The client's model gave no text.").to_owned()
}

pub(super) fn roots() -> InputRequest {
    InputRequest::ListRoots(ListRootsRequest::default())
}

pub(super) fn looked(answer: &Value) -> String {
    let roots = answer["roots"].as_array().map(Vec::as_slice).unwrap_or_default();
    let uris: Vec<_> = roots.iter().filter_map(|root| root["uri"].as_str()).collect();
    if uris.is_empty() { "The client named no folder.".into() } else { uris.join("\n") }
}
