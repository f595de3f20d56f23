//! Only this machine may ask, and no page that got its name to mean this machine.

use super::headers::value;
use axum::http::HeaderMap;

const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

pub fn is_local(headers: &HeaderMap) -> bool {
    let host = value(headers, "host").is_some_and(names_us);
    let origin = value(headers, "origin").is_none_or(|origin| {
        origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")).is_some_and(names_us)
    });
    host && origin
}

fn names_us(authority: &str) -> bool {
    NAMES.into_iter().any(|name| {
        authority.strip_prefix(name).is_some_and(|rest| {
            rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::names_us;

    #[test]
    fn only_names_of_this_machine_name_it() {
        for ours in ["localhost", "localhost:80", "127.0.0.1:65535", "[::1]", "[::1]:9"] {
            assert!(names_us(ours), "{ours}");
        }
        for foreign in
            ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "localhost:x", ""]
        {
            assert!(!names_us(foreign), "{foreign}");
        }
    }
}
