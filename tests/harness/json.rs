//! JSON as text: where a member stands, and what is left when it is taken out. The journeys' own, so that what the wallet does
//! to a message is not measured with the wallet's own ruler.

use std::ops::Range;

/// Where the value at `path` stands.
#[must_use]
pub fn at(text: &str, path: &[&str]) -> Option<Range<usize>> {
    let mut span = trimmed(text, 0..text.len());
    for name in path {
        span = members(text, span)?.into_iter().find(|member| member.name == *name)?.value;
    }
    Some(span)
}

/// The value at `path`, as it stands.
#[must_use]
pub fn get<'a>(text: &'a str, path: &[&str]) -> Option<&'a str> {
    Some(&text[at(text, path)?])
}

/// The text with another value at `path`, where there is one.
#[must_use]
pub fn with(text: &str, path: &[&str], value: &str) -> String {
    match at(text, path) {
        Some(span) => [&text[..span.start], value, &text[span.end..]].concat(),
        None => text.to_owned(),
    }
}

/// The text without the member at `path`, and without the comma that set it apart.
#[must_use]
pub fn without(text: &str, path: &[&str]) -> String {
    let Some((name, parents)) = path.split_last() else { return text.to_owned() };
    let all = at(text, parents).and_then(|span| members(text, span)).unwrap_or_default();
    let Some(which) = all.iter().position(|member| member.name == *name) else { return text.to_owned() };
    let cut = match (all.get(which + 1), which.checked_sub(1)) {
        (Some(_), _) => all[which].starts..past_space(text.as_bytes(), all[which].value.end) + 1,
        (None, Some(before)) => all[before].value.end..all[which].value.end,
        (None, None) => all[which].starts..all[which].value.end,
    };
    [&text[..cut.start], &text[cut.end..]].concat()
}

/// A member of an object.
struct Member {
    name: String,
    starts: usize,
    value: Range<usize>,
}

/// The members of the object at `span`; none of anything else.
fn members(text: &str, span: Range<usize>) -> Option<Vec<Member>> {
    let bytes = text.as_bytes();
    let mut at = past_space(bytes, span.start.checked_add(1).filter(|_| bytes[span.start] == b'{')?);
    let mut members = vec![];
    while bytes[at] != b'}' {
        let starts = at;
        let name_ends = past_string(bytes, at);
        let name = serde_json::from_str(&text[starts..name_ends]).ok()?;
        let begins = past_space(bytes, past_space(bytes, name_ends) + 1);
        let ends = past_value(bytes, begins);
        members.push(Member { name, starts, value: begins..ends });
        at = past_space(bytes, ends);
        if bytes[at] == b',' {
            at = past_space(bytes, at + 1);
        }
    }
    Some(members)
}

fn trimmed(text: &str, span: Range<usize>) -> Range<usize> {
    let begins = past_space(text.as_bytes(), span.start);
    begins..text[span].trim_end().len()
}

fn past_space(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

fn past_string(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while bytes[end] != b'"' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    end + 1
}

fn past_value(bytes: &[u8], at: usize) -> usize {
    match bytes[at] {
        b'"' => past_string(bytes, at),
        b'{' | b'[' => past_nested(bytes, at),
        _ => at + bytes[at..].iter().take_while(|byte| !b",]} \t\r\n".contains(byte)).count(),
    }
}

fn past_nested(bytes: &[u8], at: usize) -> usize {
    let (mut end, mut depth) = (at, 0_usize);
    loop {
        match bytes[end] {
            b'"' => {
                end = past_string(bytes, end);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        end += 1;
        if depth == 0 {
            return end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#" { "a" : 1.0 ,"b":{"\u0063":[1,"}\""] , "d":{}},"e":"x"} "#;

    #[test]
    fn values_are_found_as_they_stand() {
        assert_eq!(get(TEXT, &["a"]), Some("1.0"));
        assert_eq!(get(TEXT, &["b", "c"]), Some(r#"[1,"}\""]"#));
        assert_eq!(get(TEXT, &["b", "d"]), Some("{}"));
        assert_eq!(get(TEXT, &["b", "x"]), None);
        assert_eq!(get(TEXT, &["a", "x"]), None);
    }

    #[test]
    fn members_go_with_one_comma_and_nothing_else() {
        assert_eq!(without(TEXT, &["a"]), r#" { "b":{"\u0063":[1,"}\""] , "d":{}},"e":"x"} "#);
        assert_eq!(without(TEXT, &["e"]), r#" { "a" : 1.0 ,"b":{"\u0063":[1,"}\""] , "d":{}}} "#);
        assert_eq!(without(r#"{"a":{"b":1}}"#, &["a", "b"]), r#"{"a":{}}"#);
        assert_eq!(with(TEXT, &["b", "d"], "null").len(), TEXT.len() + 2);
    }
}
