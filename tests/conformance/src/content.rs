//! What tools, prompts and resources say and show.

use serde_json::{Value, json};

/// A red pixel.
pub const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/// One silent sample.
pub const WAV: &str = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA==";

pub fn text(text: impl Into<String>) -> Value {
    json!({"type": "text", "text": text.into()})
}

pub fn image() -> Value {
    json!({"type": "image", "data": PNG, "mimeType": "image/png"})
}

pub fn audio() -> Value {
    json!({"type": "audio", "data": WAV, "mimeType": "audio/wav"})
}

pub fn resource(uri: &str, mime: &str, text: &str) -> Value {
    json!({"type": "resource", "resource": {"uri": uri, "mimeType": mime, "text": text}})
}

/// A tool's result.
pub fn result(content: impl Into<Vec<Value>>) -> Value {
    json!({"content": content.into()})
}

/// A tool's result that is only text.
pub fn says(words: impl Into<String>) -> Value {
    result([text(words)])
}

/// A tool's result that says what went wrong.
pub fn fails(words: &str) -> Value {
    let mut result = says(words);
    result["isError"] = true.into();
    result
}
