//! Which tools fit a few words best: BM25 over their names, descriptions and parameters.
//!
//! Servers write these texts, and one may want its tool found before all others. So no word counts for more by being repeated than
//! by being said three times, a longer text weighs each of its words less, and only the beginning of a description is read.

use serde_json::Value;
use std::collections::HashMap;

/// What a word in a tool's own name counts, and elsewhere.
const NAME: f32 = 4.0;
const TITLE: f32 = 2.0;
const DESCRIPTION: f32 = 1.0;
const PARAMETER: f32 = 0.5;
/// How often a word counts in one text.
const REPEATED: u32 = 3;
/// How many words of a text are read.
const READ: usize = 400;
/// BM25's own: how soon a word has said enough, and how much length takes away.
const SATURATION: f32 = 1.2;
const LENGTH: f32 = 0.75;

/// Words, and the tools that have them.
#[derive(Default)]
pub(super) struct Index {
    words: HashMap<Box<str>, Vec<(usize, f32)>>,
    lengths: Vec<f32>,
    mean: f32,
}

impl Index {
    /// Reads tools, each under a number: its place. `name` is what the agent calls it.
    pub(super) fn of<'a>(tools: impl Iterator<Item = (&'a str, Value)>) -> Self {
        let mut index = Self::default();
        for (place, (name, tool)) in tools.enumerate() {
            let said = |pointer: &str| tool.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let parameters = tool.pointer("/inputSchema/properties").and_then(Value::as_object);
            let parameters: Vec<_> =
                parameters.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            let texts = [
                (NAME, name),
                (TITLE, said("/title")),
                (DESCRIPTION, said("/description")),
                (PARAMETER, &parameters.join(" ")),
            ];
            let mut weights: HashMap<String, f32> = HashMap::new();
            let mut length = 0.0;
            for (weight, text) in texts {
                let mut times: HashMap<String, u32> = HashMap::new();
                for word in words(text).take(READ) {
                    length += weight;
                    *times.entry(word).or_default() += 1;
                }
                for (word, times) in times {
                    *weights.entry(word).or_default() += weight * small(times.min(REPEATED));
                }
            }
            for (word, weight) in weights {
                index.words.entry(word.into()).or_default().push((place, weight));
            }
            index.lengths.push(length);
        }
        index.mean = index.lengths.iter().sum::<f32>() / number(index.lengths.len().max(1));
        index
    }

    /// The places of the tools that have any of these words, the best first.
    pub(super) fn find(&self, query: &str) -> Vec<usize> {
        let mut scores: HashMap<usize, f32> = HashMap::new();
        let mut asked: Vec<_> = words(query).take(READ).collect();
        asked.sort_unstable();
        asked.dedup();
        for word in asked {
            let Some(found) = self.words.get(word.as_str()) else { continue };
            let (all, has) = (number(self.lengths.len()), number(found.len()));
            let rarity = (1.0 + (all - has + 0.5) / (has + 0.5)).ln();
            for (place, weight) in found {
                let length = 1.0 - LENGTH + LENGTH * self.lengths[*place] / self.mean.max(1.0);
                let said = weight * (SATURATION + 1.0) / (weight + SATURATION * length);
                *scores.entry(*place).or_default() += rarity * said;
            }
        }
        let mut ranked: Vec<_> = scores.into_iter().collect();
        ranked.sort_by(|one, two| two.1.total_cmp(&one.1).then(one.0.cmp(&two.0)));
        ranked.into_iter().map(|(place, _)| place).collect()
    }
}

/// The words of a text, in lower case: `createIssue`, `create_issue` and “create issues” have the same.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).flat_map(humps).filter(|word| !word.is_empty()).map(|word| {
        let word = word.to_lowercase();
        match word.strip_suffix('s') {
            Some(one) if one.len() > 2 && !one.ends_with('s') => one.to_owned(),
            Some(_) | None => word,
        }
    })
}

/// The parts of `camelCase`.
fn humps(word: &str) -> Vec<&str> {
    let mut parts = vec![];
    let (mut start, mut small) = (0, false);
    for (at, c) in word.char_indices() {
        if c.is_uppercase() && small {
            parts.push(&word[start..at]);
            start = at;
        }
        small = c.is_lowercase();
    }
    parts.push(&word[start..]);
    parts
}

#[expect(clippy::cast_precision_loss, reason = "a score need not be exact")]
const fn number(count: usize) -> f32 {
    count as f32
}

fn small(count: u32) -> f32 {
    number(count as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn found(tools: &[(&str, &str)], query: &str) -> Vec<usize> {
        let tools = tools.iter().map(|(name, says)| (*name, json!({ "description": says })));
        Index::of(tools).find(query)
    }

    #[test]
    fn the_tool_that_is_named_so_comes_first_and_what_has_no_word_of_it_never() {
        let tools = [
            ("files__read_file", "Reads a file."),
            ("github__createIssue", "Opens a new issue in a repository."),
            ("github__list_issues", "Lists issues; see also create."),
            ("mail__send", "Sends a message."),
        ];
        assert_eq!(found(&tools, "create issue")[0], 1);
        assert_eq!(found(&tools, "ISSUES"), [2, 1], "{:?}", found(&tools, "ISSUES"));
        assert!(found(&tools, "weather").is_empty());
        assert!(found(&tools, "").is_empty());
    }

    #[test]
    fn threat_10_a_word_repeated_ten_thousand_times_does_not_outrank_a_name() {
        let poison = "pay invoice ".repeat(10_000);
        let stuffed = format!("Says hello. {poison}");
        let tools = [("bank__pay_invoice", "Pays an invoice."), ("evil__hello", stuffed.as_str())];
        assert_eq!(found(&tools, "pay invoice"), [0, 1]);
    }

    proptest! {
        #[test]
        fn threat_10_repeating_a_word_more_often_than_it_counts_never_helps(times in 3usize..500) {
            let few = format!("hello {}", "pay ".repeat(3));
            let many = format!("hello {}", "pay ".repeat(times));
            let tools = [("a__few", few.as_str()), ("b__many", many.as_str())];
            prop_assert_eq!(found(&tools, "pay")[0], 0);
        }

        #[test]
        fn no_query_makes_it_panic(query: String, says: String) {
            let _ = found(&[("a__b", &says)], &query);
        }
    }
}
