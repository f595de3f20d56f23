//! The one place where the broker draws random numbers: ids, nonces, salts.

/// 16 random bytes from the operating system.
///
/// # Panics
/// Never on a system that has random numbers; without them nothing here is safe, and the process ends.
pub(crate) fn make_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        std::process::abort();
    }
    bytes
}

/// A fresh identifier: 128 random bits, as 26 letters and digits that are easy to read aloud (Crockford's base 32).
pub(crate) fn make_id() -> String {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut rest = u128::from_be_bytes(make_bytes());
    let mut id = [b'0'; 26];
    for place in id.iter_mut().rev() {
        *place = LETTERS[usize::try_from(rest % 32).unwrap_or(0)];
        rest /= 32;
    }
    String::from_utf8_lossy(&id).into_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_are_long_plain_and_never_the_same() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| super::make_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 26 && id.bytes().all(|b| b.is_ascii_alphanumeric())));
    }
}
