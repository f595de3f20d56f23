//! Canonical JSON (RFC 8785, JCS), with one rule more for numbers: a canonical number never changes its value.
//!
//! JCS writes every number as the nearest IEEE double. Two different arguments, `9007199254740993` and
//! `9007199254740992`, would then share one digest, and an approval of one would pass for the other. Here a number keeps
//! all its decimal digits and is only laid out as ECMAScript does (`1E2` → `100`, `0.10` → `0.1`). For every number whose
//! shortest double spelling has its value, which is all that JSON writers produce from doubles, that is exactly JCS; a
//! verifier with plain JCS computes another digest for the others, and so refuses them.

use serde_json::{Map, Value};

/// The canonical bytes of `value`: members sorted by UTF-16 code units, no white space, one spelling per string and number.
#[must_use]
pub fn canonical(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    write_value(value, &mut out);
    out
}

fn write_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => out.extend_from_slice(canonical_number(number.as_str()).as_bytes()),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => write_array(items, out),
        Value::Object(members) => write_object(members, out),
    }
}

fn write_array(items: &[Value], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_value(item, out);
    }
    out.push(b']');
}

fn write_object(members: &Map<String, Value>, out: &mut Vec<u8>) {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_unstable_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push(b'{');
    for (index, (name, value)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(name, out);
        out.push(b':');
        write_value(value, out);
    }
    out.push(b'}');
}

/// Only what JSON makes us escape is escaped (RFC 8785, §3.2.2.2).
fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, 0x00..0x20 | b'"' | b'\\')) {
        out.extend_from_slice(&rest[..at]);
        write_escaped(rest[at], out);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn write_escaped(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match byte {
        0x08 => out.extend_from_slice(b"\\b"),
        0x09 => out.extend_from_slice(b"\\t"),
        0x0a => out.extend_from_slice(b"\\n"),
        0x0c => out.extend_from_slice(b"\\f"),
        0x0d => out.extend_from_slice(b"\\r"),
        0x00..0x20 => {
            out.extend_from_slice(b"\\u00");
            out.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        _ => out.extend([b'\\', byte]),
    }
}

/// A JSON number with its exact value, as ECMAScript's `Number::toString` lays digits out. An exponent beyond 64 bits has
/// no other layout and is left as it came.
fn canonical_number(literal: &str) -> String {
    Decimal::parse(literal).map_or_else(|| literal.to_owned(), |decimal| decimal.lay_out())
}

/// `0.DIGITS × 10^point`, signed; DIGITS neither begins nor ends with a zero, and is empty for zero.
struct Decimal {
    negative: bool,
    digits: String,
    point: i64,
}

impl Decimal {
    fn parse(literal: &str) -> Option<Self> {
        let (negative, unsigned) = literal.strip_prefix('-').map_or((false, literal), |rest| (true, rest));
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        if significant.is_empty() {
            return Some(Self { negative: false, digits: String::new(), point: 0 });
        }
        let leading = all.len() - significant.len();
        let shift = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
        let point = exponent.parse::<i64>().ok()?.checked_add(shift)?;
        Some(Self { negative, digits: significant.trim_end_matches('0').to_owned(), point })
    }

    /// ECMA-262, Number::toString, with `digits` for s, their count for k and `point` for n.
    fn lay_out(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let digits = self.digits.as_str();
        let Some(first) = digits.get(..1) else { return "0".to_owned() };
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
        match (usize::try_from(self.point), self.point) {
            (Ok(point), 1..=21) if point >= digits.len() => {
                format!("{sign}{digits}{}", zeros(self.point - digits.len() as i64))
            }
            (Ok(point), 1..=21) => format!("{sign}{}.{}", &digits[..point], &digits[point..]),
            (_, -5..=0) => format!("{sign}0.{}{digits}", zeros(-self.point)),
            (_, point) => {
                let fraction = if digits.len() > 1 { format!(".{}", &digits[1..]) } else { String::new() };
                format!("{sign}{first}{fraction}e{:+}", i128::from(point) - 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(json: &str) -> String {
        String::from_utf8(canonical(&serde_json::from_str(json).unwrap())).unwrap()
    }

    /// The value times 10^400 as an integer, by nothing but moving the point: an independent view of equality.
    fn scaled(literal: &str) -> (bool, String) {
        let (negative, rest) = literal.strip_prefix('-').map_or((false, literal), |rest| (true, rest));
        let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let shift = 400 + exponent.parse::<i64>().unwrap() - fraction.len() as i64;
        let integer = format!("{whole}{fraction}{}", "0".repeat(shift as usize));
        let integer = integer.trim_start_matches('0').to_owned();
        (negative && !integer.is_empty(), integer)
    }

    fn literal() -> impl Strategy<Value = String> {
        let free = "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?";
        let near = "900719925474099[0-9](\\.0{0,3}[01]?0)?(e0)?"
            .prop_filter("a point needs a digit", |text| !text.contains(".e") && !text.ends_with('.'));
        prop_oneof![free, near]
    }

    fn json() -> impl Strategy<Value = Value> {
        let number = literal().prop_map(|literal| serde_json::from_str(&literal).unwrap());
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            number,
            any::<String>().prop_map(Value::String)
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect()))
            ]
        })
    }

    proptest! {
        #[test]
        fn canonical_json_reads_back_as_itself(value in json()) {
            let once = canonical(&value);
            let again: Value = serde_json::from_slice(&once).unwrap();
            prop_assert_eq!(canonical(&again), once);
        }

        #[test]
        fn numbers_share_a_spelling_exactly_when_they_share_a_value(a in literal(), b in literal()) {
            prop_assert_eq!(text(&a) == text(&b), scaled(&a) == scaled(&b), "{} {}", a, b);
            prop_assert_eq!(scaled(&text(&a)), scaled(&a));
        }

        #[test]
        fn the_order_of_members_does_not_matter(mut members in prop::collection::btree_map(any::<String>(), any::<u8>(), 0..8)) {
            let forward: Map<String, Value> = members.iter().map(|(k, v)| (k.clone(), (*v).into())).collect();
            let mut backward = Map::new();
            while let Some((name, value)) = members.pop_last() {
                backward.insert(name, value.into());
            }
            prop_assert_eq!(canonical(&Value::Object(forward)), canonical(&Value::Object(backward)));
        }

        #[test]
        fn every_double_keeps_its_value(bits: u64) {
            let double = f64::from_bits(bits);
            prop_assume!(double.is_finite());
            let spelled = text(&serde_json::to_string(&double).unwrap());
            prop_assert_eq!(spelled.parse::<f64>().unwrap(), double);
        }
    }

    #[test]
    fn numbers_a_double_can_not_tell_apart_stay_apart() {
        assert_eq!(text("9007199254740993"), "9007199254740993");
        assert_ne!(text("9007199254740993"), text("9007199254740992"));
        assert_ne!(text("0.1000000000000000055511151231257827"), text("0.1"));
        assert_ne!(text("295147905179352825856"), text("295147905179352830000"));
        assert_ne!(text("1e400"), text("1e401"));
        assert_ne!(text("1e-400"), text("0"));
    }

    #[test]
    fn an_exponent_beyond_all_reason_is_kept_as_it_came() {
        assert_eq!(text("1e99999999999999999999"), "1e+99999999999999999999");
        assert_eq!(text("0e99999999999999999999"), "0");
        assert_eq!(text("10e9223372036854775807"), "10e+9223372036854775807");
    }
}
