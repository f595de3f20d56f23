//! How much a server is to say of its work: told once by legacy agents, with every request by modern ones.

use crate::message::Message;
use serde_json::{Value, json};

/// Where a modern request says it.
pub const LEVEL: &str = "io.modelcontextprotocol/logLevel";

/// How grave a server's remark is (RFC 5424), the lightest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words are the RFC's")]
pub enum Level {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

const WORDS: [(&str, Level); 8] = [
    ("debug", Level::Debug),
    ("info", Level::Info),
    ("notice", Level::Notice),
    ("warning", Level::Warning),
    ("error", Level::Error),
    ("critical", Level::Critical),
    ("alert", Level::Alert),
    ("emergency", Level::Emergency),
];

impl Level {
    /// Reads a level; `None` for what is none.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        WORDS.into_iter().find(|(known, _)| *known == word).map(|(_, level)| level)
    }

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        WORDS.into_iter().find(|(_, level)| *level == self).map_or("info", |(word, _)| word)
    }

    /// What a modern request asks for; `None` when it asks for nothing.
    ///
    /// # Errors
    /// The word, when it is no level.
    pub fn asked_by(request: &Message) -> Result<Option<Self>, String> {
        let Some(raw) = request.member(&["_meta", LEVEL]) else { return Ok(None) };
        let word = request.member_text(&["_meta", LEVEL]);
        word.and_then(|word| Self::parse(&word)).map(Some).ok_or_else(|| raw.chars().take(40).collect())
    }

    /// How grave a `notifications/message` is. What says no known word is taken for grave, so that it is not lost.
    #[must_use]
    pub fn of_remark(remark: &Message) -> Self {
        remark.member_text(&["level"]).and_then(|word| Self::parse(&word)).unwrap_or(Self::Emergency)
    }

    /// The params of a `logging/setLevel` for it.
    #[must_use]
    pub fn to_params(self) -> Value {
        json!({ "level": self.as_str() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::RawId;

    #[test]
    fn levels_are_ordered_and_a_remark_without_one_is_grave() {
        assert!(Level::Debug < Level::Info && Level::Alert < Level::Emergency);
        assert!(
            WORDS
                .into_iter()
                .all(|(word, level)| Level::parse(word) == Some(level) && level.as_str() == word)
        );
        let remark = |level: &str| Message::notification("notifications/message", &json!({ "level": level }));
        assert_eq!(Level::of_remark(&remark("notice")), Level::Notice);
        assert_eq!(Level::of_remark(&remark("loud")), Level::Emergency);
    }

    #[test]
    fn a_request_asks_for_a_level_or_for_nothing() {
        let request =
            |meta: Value| Message::request(RawId::number(1), "tools/call", &json!({ "_meta": meta }));
        assert_eq!(Level::asked_by(&request(json!({LEVEL: "warning"}))), Ok(Some(Level::Warning)));
        assert_eq!(Level::asked_by(&request(json!({}))), Ok(None));
        assert!(Level::asked_by(&request(json!({LEVEL: "loud"}))).is_err());
        assert!(Level::asked_by(&request(json!({LEVEL: 3}))).is_err());
    }
}
