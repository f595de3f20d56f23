//! The forms in which one secret may be written.

use crate::Secret;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use std::fmt::Write;
use std::ops::Range;
use zeroize::Zeroizing;

/// How many bytes at a form's end are searched for.
const TAIL: usize = 8;

/// One way to write a secret.
pub(super) struct Form(Zeroizing<Vec<u8>>);

impl Form {
    /// What is searched for.
    pub(super) fn tail(&self) -> &[u8] {
        &self.0[self.0.len().saturating_sub(TAIL)..]
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is written exactly so.
    pub(super) fn is(&self, written: &[u8]) -> bool {
        self.0.as_slice() == written
    }

    /// Where this form stands in `text`, if it ends at `end`.
    pub(super) fn ends_at(&self, text: &[u8], end: usize) -> Option<Range<usize>> {
        let start = end.checked_sub(self.0.len())?;
        (text.get(start..end)? == self.0.as_slice()).then_some(start..end)
    }
}

/// Every form of a value of at least 8 bytes, each once; the value itself comes first.
pub(super) fn of(value: &[u8]) -> Vec<Form> {
    let lower = hex(value);
    let upper = Zeroizing::new(lower.to_ascii_uppercase());
    let plus = Zeroizing::new(value.iter().map(|b| if *b == b' ' { b'+' } else { *b }).collect());
    let padded = Zeroizing::new(STANDARD.encode(value).into_bytes());
    let simple = [Zeroizing::new(value.to_vec()), plus, lower, upper, url_safe(&padded), padded];
    let shifted = (0..3).flat_map(|offset| base64_at(value, offset));
    let mut forms: Vec<Form> = Vec::new();
    for form in simple.into_iter().chain(shifted) {
        if !forms.iter().any(|known| known.is(&form)) {
            forms.push(Form(form));
        }
    }
    forms
}

/// The value, and what in it is a secret by itself: a header's credential without its scheme, and, in `Basic` credentials
/// and in addresses, the password.
#[expect(clippy::disallowed_methods, reason = "the secret, to know it again")]
pub(super) fn parts(secret: &Secret) -> Vec<Zeroizing<Vec<u8>>> {
    let whole = secret.expose();
    let mut parts = vec![Zeroizing::new(whole.to_vec())];
    let Some((scheme, credential)) = split_at_first(whole, b' ') else {
        parts.extend(password_in_address(whole));
        return parts;
    };
    parts.push(Zeroizing::new(credential.to_vec()));
    if scheme.eq_ignore_ascii_case(b"basic")
        && let Ok(pair) = STANDARD.decode(credential).map(Zeroizing::new)
    {
        parts.extend(split_at_first(&pair, b':').map(|(_, password)| Zeroizing::new(password.to_vec())));
        parts.push(pair);
    }
    parts
}

/// `scheme://user:password@host`.
fn password_in_address(address: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = str::from_utf8(address).ok()?;
    let (user, _) = text.split_once("://")?.1.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    Some(Zeroizing::new(password.as_bytes().to_vec()))
}

fn split_at_first(bytes: &[u8], border: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(border, bytes)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

fn hex(value: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(String::with_capacity(value.len() * 2));
    for byte in value {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    Zeroizing::new(std::mem::take(&mut *text).into_bytes())
}

/// What base64 makes of the value when `offset` other bytes (modulo 3) come before it: those characters that depend on the
/// value alone, in both alphabets. At offset 0 also with the last, half-filled character.
fn base64_at(value: &[u8], offset: usize) -> Vec<Zeroizing<Vec<u8>>> {
    let mut shifted = Zeroizing::new(Vec::with_capacity(offset + value.len()));
    shifted.resize(offset, 0);
    shifted.extend_from_slice(value);
    let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(&*shifted).into_bytes());
    let own = (offset * 8).div_ceil(6)..shifted.len() * 8 / 6;
    let mut forms = vec![Zeroizing::new(encoded[own].to_vec())];
    if offset == 0 {
        forms.push(encoded);
    }
    let url_safe: Vec<_> = forms.iter().map(url_safe).collect();
    forms.extend(url_safe);
    forms
}

fn url_safe(encoded: &Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    let swap = |byte: &u8| match byte {
        b'+' => b'-',
        b'/' => b'_',
        other => *other,
    };
    Zeroizing::new(encoded.iter().map(swap).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    #[test]
    fn the_url_alphabet_is_the_engines() {
        let value: Vec<u8> = (0..=255).collect();
        let ours = url_safe(&Zeroizing::new(STANDARD_NO_PAD.encode(&value).into_bytes()));
        assert_eq!(*ours, URL_SAFE_NO_PAD.encode(&value).into_bytes());
    }
}
