//! The outermost object: JSON-RPC's own members, and what they make of a message.

use super::members::Member;
use super::{Kind, ParseError, RawId, Spans};
use std::ops::Range;

/// The members JSON-RPC knows, as they were found.
#[derive(Default)]
pub(super) struct Envelope<'a> {
    version: Option<&'a str>,
    id: Option<(&'a str, Range<usize>)>,
    method: Option<&'a str>,
    params: Option<Range<usize>>,
    result: Option<Range<usize>>,
    error: Option<Range<usize>>,
}

impl<'a> Envelope<'a> {
    pub(super) fn read(text: &'a str, found: &[Member<'a>]) -> Self {
        let mut envelope = Self::default();
        for member in found {
            let raw = &text[member.value.clone()];
            let span = Some(member.value.clone());
            match member.name.as_ref() {
                "jsonrpc" => envelope.version = Some(raw),
                "id" => envelope.id = span.map(|span| (raw, span)),
                "method" => envelope.method = Some(raw),
                "params" => envelope.params = span,
                "result" => envelope.result = span,
                "error" => envelope.error = span,
                _ => {}
            }
        }
        envelope
    }

    /// What kind of message it is; an error where it is none.
    pub(super) fn classify(self) -> Result<(Kind, Spans), ParseError> {
        let wrong = |what| Err(ParseError::NotJsonRpc { what });
        if self.version != Some(r#""2.0""#) {
            return wrong(r#"the member "jsonrpc" must be "2.0""#);
        }
        let (id, id_span) = self.id.unzip();
        let id = match id {
            None | Some("null") => None,
            Some(raw) => Some(
                RawId::parse(raw)
                    .ok_or(ParseError::NotJsonRpc { what: "an id is a string or an integer" })?,
            ),
        };
        let (kind, body) = match (self.method, self.result, self.error) {
            (Some(method), None, None) => {
                let method = serde_json::from_str(method)
                    .map_err(|_| ParseError::NotJsonRpc { what: "a method is a string" })?;
                match (id, &id_span) {
                    (Some(id), _) => (Kind::Request { id, method }, self.params),
                    (None, None) => (Kind::Notification { method }, self.params),
                    (None, Some(_)) => return wrong("a request's id is a string or an integer, never null"),
                }
            }
            (None, Some(result), None) if id.is_some() => {
                (Kind::Response { id, is_error: false }, Some(result))
            }
            (None, Some(_), None) => return wrong("a result needs the id of its request"),
            (None, None, Some(error)) => (Kind::Response { id, is_error: true }, Some(error)),
            (None, None, None) => return wrong(r#"one of "method", "result" and "error" is needed"#),
            _ => return wrong(r#"only one of "method", "result" and "error" may be there"#),
        };
        Ok((kind, Spans { id: id_span, body }))
    }
}
