//! Arguments as a receipt shows them: enough to recognise, not enough to fill the disk, and no secret.

use serde_json::Value;
use vault::Redactor;

/// The longest text shown whole.
const TEXT: usize = 200;
/// The most members or items shown.
const WIDTH: usize = 20;
/// The deepest level shown.
const DEPTH: usize = 4;

/// Strikes out secrets, shortens long texts, long lists and deep nesting; what was cut says how much.
pub(crate) fn shorten(redactor: &Redactor, value: Value) -> Value {
    level(redactor, value, DEPTH)
}

fn level(redactor: &Redactor, value: Value, depth: usize) -> Value {
    match value {
        Value::String(text) => Value::String(short_text(redactor, &text)),
        Value::Array(_) | Value::Object(_) if depth == 0 => Value::String("…".into()),
        Value::Array(items) => {
            let more = items.len().saturating_sub(WIDTH);
            let mut shown: Vec<_> =
                items.into_iter().take(WIDTH).map(|item| level(redactor, item, depth - 1)).collect();
            if more > 0 {
                shown.push(Value::String(format!("… {more} more")));
            }
            Value::Array(shown)
        }
        Value::Object(members) => {
            let more = members.len().saturating_sub(WIDTH);
            let shown = members
                .into_iter()
                .take(WIDTH)
                .map(|(name, value)| (short_text(redactor, &name), level(redactor, value, depth - 1)));
            let rest = (more > 0).then(|| ("…".to_owned(), Value::String(format!("{more} more"))));
            Value::Object(shown.chain(rest).collect())
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain,
    }
}

fn short_text(redactor: &Redactor, text: &str) -> String {
    let text = redactor.redact_text(text);
    let Some((cut, _)) = text.char_indices().nth(TEXT) else { return text };
    format!("{}… ({} bytes)", &text[..cut], text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn small_arguments_are_shown_whole() {
        let small = json!({"repo": "acme/atlas", "number": 482, "labels": ["bug"]});
        assert_eq!(shorten(&Redactor::default(), small.clone()), small);
    }

    #[test]
    fn large_arguments_are_bounded_whatever_their_shape() {
        let mut deep = json!("x".repeat(5000));
        for _ in 0..50 {
            deep = json!({ "inner": [deep, "y".repeat(5000)] });
        }
        let wide = json!({ "list": vec!["é".repeat(300); 5000] });
        for large in [deep, wide] {
            assert!(shorten(&Redactor::default(), large).to_string().len() < 20_000);
        }
    }
}
