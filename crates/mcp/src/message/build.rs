//! Messages of the bridge's own.

use super::{Kind, Message, RawId, Spans};
use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Value, json};

impl Message {
    /// A request.
    #[must_use]
    pub fn request(id: RawId, method: &str, params: &Value) -> Self {
        compose(Kind::Request { id, method: method.into() }, "params", params)
    }

    /// A notification.
    #[must_use]
    pub fn notification(method: &str, params: &Value) -> Self {
        compose(Kind::Notification { method: method.into() }, "params", params)
    }

    /// The successful answer to the request `id`.
    #[must_use]
    pub fn response(id: &RawId, result: &Value) -> Self {
        compose(Kind::Response { id: Some(id.clone()), is_error: false }, "result", result)
    }

    /// The same with a result that is written already.
    #[must_use]
    pub fn response_of(id: &RawId, result: &RawValue) -> Self {
        compose_raw(Kind::Response { id: Some(id.clone()), is_error: false }, "result", Some(result.get()))
    }

    /// The failed answer to the request `id`, or to something whose id could not be read.
    #[must_use]
    pub fn failure(id: Option<&RawId>, code: i64, message: &str, data: Option<&Value>) -> Self {
        let mut error = json!({ "code": code, "message": message });
        if let Some(data) = data {
            error["data"] = data.clone();
        }
        compose(Kind::Response { id: id.cloned(), is_error: true }, "error", &error)
    }
}

/// Writes the envelope and notes where its parts stand. A null `params` is left out.
fn compose(kind: Kind, body_name: &str, body: &Value) -> Message {
    let wanted = !body.is_null() || kind.is_response();
    compose_raw(kind, body_name, wanted.then(|| body.to_string()).as_deref())
}

fn compose_raw(kind: Kind, body_name: &str, body: Option<&str>) -> Message {
    let mut text = String::from(r#"{"jsonrpc":"2.0""#);
    let mut spans = Spans::default();
    let (id, method) = match &kind {
        Kind::Request { id, method } => (Some(id.as_json()), Some(method)),
        Kind::Notification { method } => (None, Some(method)),
        Kind::Response { id, .. } => (Some(id.as_ref().map_or("null", RawId::as_json)), None),
    };
    if let Some(id) = id {
        text.push_str(r#","id":"#);
        spans.id = Some(text.len()..text.len() + id.len());
        text.push_str(id);
    }
    if let Some(method) = method {
        text.push_str(r#","method":"#);
        text.push_str(&Value::from(method.as_ref()).to_string());
    }
    if let Some(body) = body {
        text.reserve(body.len() + 16);
        text.push_str(&format!(r#","{body_name}":"#));
        spans.body = Some(text.len()..text.len() + body.len());
        text.push_str(body);
    }
    text.push('}');
    Message { bytes: Bytes::from(text), kind, spans }
}
