//! Arguments that a tool's definition marks to be told in headers too (`x-mcp-header`, Streamable HTTP).

use super::headers::encode;
use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The mark.
pub const MARK: &str = "x-mcp-header";
/// Integers beyond this are not the same number to every reader.
const SAFE: u64 = (1 << 53) - 1;

/// The `Mcp-Param-*` headers of a `tools/call`: the arguments that the tool's `inputSchema` marks. One that is missing or null is
/// left out, and so is everything a schema marks wrongly.
#[must_use]
pub fn param_headers(input_schema: &Value, arguments: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    collect(input_schema, arguments, &mut headers);
    headers
}

/// Whether a tool's `inputSchema` marks nothing, or all as the specification has it. A tool that does not is to be left out of
/// what a server over HTTP offers.
#[must_use]
pub fn marks_are_sound(input_schema: &Value) -> bool {
    let (mut names, mut at_place) = (HashSet::new(), 0);
    let sound = reachable(input_schema, &mut |schema| {
        at_place += 1;
        name(schema).is_some_and(|name| names.insert(name)) && is_plain(schema)
    });
    // One that is anywhere else is wrong by its place.
    sound && count(input_schema) == at_place
}

/// Tells the marked schemas to which a chain of `properties` alone leads; stops at the first that is not taken.
fn reachable<'a>(schema: &'a Value, take: &mut impl FnMut(&'a Value) -> bool) -> bool {
    properties(schema)
        .values()
        .all(|schema| (schema.get(MARK).is_none() || take(schema)) && reachable(schema, take))
}

/// How many marks there are, wherever they stand; a property that is called so is none.
fn count(schema: &Value) -> usize {
    match schema {
        Value::Object(members) => {
            let own = usize::from(members.contains_key(MARK));
            let within = members.iter().filter(|(name, _)| *name != MARK).map(|(name, value)| {
                let named = value.as_object().filter(|_| name == "properties");
                named.map_or_else(|| count(value), |schemas| schemas.values().map(count).sum())
            });
            own + within.sum::<usize>()
        }
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn collect(schema: &Value, arguments: &Value, headers: &mut HeaderMap) {
    for (name, schema) in properties(schema) {
        let Some(value) = arguments.get(name) else { continue };
        if let (Some(header), Some(text)) = (self::name(schema), text(value)) {
            headers.insert(header, encode(&text));
        }
        collect(schema, value, headers);
    }
}

fn properties(schema: &Value) -> &Map<String, Value> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    schema.get("properties").and_then(Value::as_object).unwrap_or(&NONE)
}

/// The header a mark names.
fn name(schema: &Value) -> Option<HeaderName> {
    let mark = schema.get(MARK)?.as_str().filter(|mark| !mark.is_empty())?;
    HeaderName::try_from(format!("mcp-param-{mark}")).ok()
}

fn is_plain(schema: &Value) -> bool {
    matches!(schema.get("type").and_then(Value::as_str), Some("integer" | "string" | "boolean"))
}

/// An argument in words; an integer in digits, however it was written.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Number(number) => {
            let written = number.to_string();
            let digits = written.strip_suffix(".0").unwrap_or(&written);
            let safe = digits.strip_prefix('-').unwrap_or(digits).parse().is_ok_and(|size: u64| size <= SAFE);
            safe.then(|| digits.to_owned())
        }
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({"properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "deep": {"type": "object", "properties": {"n": {"type": "integer", "x-mcp-header": "N"}}},
            "none": {"type": "boolean", "x-mcp-header": "None"},
            "x-mcp-header": {"type": "string"},
        }})
    }

    #[test]
    fn marked_arguments_become_headers_also_nested_ones() {
        let arguments = json!({"region": "eu", "deep": {"n": 42}, "none": null, "x-mcp-header": "no"});
        let headers = param_headers(&schema(), &arguments);
        assert_eq!(headers["mcp-param-region"], "eu");
        assert_eq!(headers["mcp-param-n"], "42");
        assert_eq!(headers.len(), 2);
    }

    #[test]
    fn an_integer_is_told_in_digits_and_what_no_reader_may_round_is_not_told() {
        for (written, told) in
            [("7", Some("7")), ("-7.0", Some("-7")), ("9007199254740993", None), ("1e3", None), ("1.5", None)]
        {
            assert_eq!(text(&serde_json::from_str(written).unwrap()).as_deref(), told, "{written}");
        }
    }

    #[test]
    fn a_tool_that_marks_wrongly_is_told_from_one_that_does_not() {
        assert!(marks_are_sound(&schema()));
        assert!(marks_are_sound(&json!({"type": "object"})));
        let one = |marked: Value| json!({"properties": {"a": marked}});
        for wrong in [
            one(json!({"type": "string", "x-mcp-header": ""})),
            one(json!({"type": "string", "x-mcp-header": "a b"})),
            one(json!({"type": "string", "x-mcp-header": "a\r\nb: c"})),
            one(json!({"type": "string", "x-mcp-header": 7})),
            one(json!({"type": "number", "x-mcp-header": "A"})),
            one(json!({"x-mcp-header": "A"})),
            one(json!({"type": "array", "items": {"type": "string", "x-mcp-header": "A"}})),
            one(json!({"anyOf": [{"type": "string", "x-mcp-header": "A"}]})),
            json!({"x-mcp-header": "A"}),
            json!({"properties": {
                "a": {"type": "string", "x-mcp-header": "A"}, "b": {"type": "string", "x-mcp-header": "a"},
            }}),
        ] {
            assert!(!marks_are_sound(&wrong), "{wrong}");
        }
    }
}
