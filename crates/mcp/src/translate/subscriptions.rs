//! What an agent wants to hear of changes: modern ones say it in a `subscriptions/listen`, under whose id they hear it.

use crate::message::{Message, RawId};
use serde_json::{Map, Value, json};

/// Where a notification says to which subscription it belongs.
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";
/// How many resources, and how many tasks, one subscription may name.
const NAMED: usize = 256;
/// The longest of their names, in bytes.
const LONGEST: usize = 8 << 10;

/// What one subscription is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The list of tools has changed.
    pub tools: bool,
    /// The list of prompts has.
    pub prompts: bool,
    /// The list of resources has.
    pub resources: bool,
    /// These resources have.
    pub uris: Vec<String>,
    /// These tasks have (tasks extension).
    pub tasks: Vec<String>,
}

impl Filter {
    /// Everything that can be heard without naming it.
    #[must_use]
    pub const fn lists() -> Self {
        Self { tools: true, prompts: true, resources: true, uris: Vec::new(), tasks: Vec::new() }
    }

    /// What a `subscriptions/listen` asks for.
    ///
    /// # Errors
    /// In words, when its params are no filter or name too much.
    pub fn read(request: &Message) -> Result<Self, String> {
        let params = request.params();
        let asked = params.get("notifications").and_then(Value::as_object);
        let asked = asked.ok_or("notifications must be an object")?;
        let flag = |name: &str| match asked.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(yes)) => Ok(*yes),
            Some(_) => Err(format!("{name} must be true or false")),
        };
        Ok(Self {
            tools: flag("toolsListChanged")?,
            prompts: flag("promptsListChanged")?,
            resources: flag("resourcesListChanged")?,
            uris: names(asked, "resourceSubscriptions")?,
            tasks: names(asked, "taskIds")?,
        })
    }

    /// The filter as it is told.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut all = Map::new();
        let flags = [
            ("toolsListChanged", self.tools),
            ("promptsListChanged", self.prompts),
            ("resourcesListChanged", self.resources),
        ];
        all.extend(flags.into_iter().filter(|(_, yes)| *yes).map(|(name, _)| (name.to_owned(), true.into())));
        for (name, named) in [("resourceSubscriptions", &self.uris), ("taskIds", &self.tasks)] {
            if !named.is_empty() {
                all.insert(name.to_owned(), json!(named));
            }
        }
        Value::Object(all)
    }

    /// Whether a server's notification is one of these.
    #[must_use]
    pub fn wants(&self, notification: &Message) -> bool {
        let named = |member: &str, named: &[String]| {
            let name = notification.member_text(&[member]);
            name.is_some_and(|name| named.iter().any(|known| *known == name))
        };
        match notification.method() {
            Some("notifications/tools/list_changed") => self.tools,
            Some("notifications/prompts/list_changed") => self.prompts,
            Some("notifications/resources/list_changed") => self.resources,
            Some("notifications/resources/updated") => named("uri", &self.uris),
            Some("notifications/tasks") => named("taskId", &self.tasks),
            _ => false,
        }
    }
}

fn names(asked: &Map<String, Value>, member: &str) -> Result<Vec<String>, String> {
    let named = match asked.get(member) {
        None | Some(Value::Null) => return Ok(vec![]),
        Some(Value::Array(named)) if named.len() <= NAMED => named,
        Some(_) => return Err(format!("{member} must be a list of at most {NAMED}")),
    };
    let text = |name: &Value| name.as_str().filter(|name| name.len() <= LONGEST).map(ToOwned::to_owned);
    named.iter().map(|name| text(name).ok_or_else(|| format!("{member} holds what is no name"))).collect()
}

/// Whether a notification is one that modern agents hear by a subscription, and not otherwise.
#[must_use]
pub fn is_change(method: &str) -> bool {
    matches!(
        method,
        "notifications/tools/list_changed"
            | "notifications/prompts/list_changed"
            | "notifications/resources/list_changed"
            | "notifications/resources/updated"
            | "notifications/tasks"
    )
}

/// A `subscriptions/listen`, without what [`crate::era::Hello::meta`] adds.
#[must_use]
pub fn listen(id: RawId, filter: &Filter) -> Message {
    Message::request(id, "subscriptions/listen", &json!({ "notifications": filter.to_value() }))
}

/// The first word of the subscription that the request `id` began: what it will hear.
#[must_use]
pub fn acknowledged(id: &RawId, filter: &Filter) -> Message {
    let params = json!({ "_meta": { SUBSCRIPTION: id.to_value() }, "notifications": filter.to_value() });
    Message::notification("notifications/subscriptions/acknowledged", &params)
}

/// A server's notification, as one of the subscription that the request `id` began.
#[must_use]
pub fn tagged(notification: &Message, id: &RawId) -> Message {
    notification.edit().meta(SUBSCRIPTION, &id.to_value()).finish()
}

/// The subscription a notification belongs to.
#[must_use]
pub fn subscription(notification: &Message) -> Option<RawId> {
    notification.member(&["_meta", SUBSCRIPTION]).and_then(RawId::parse)
}

/// A server's notification without the mark of the subscription it came by, for an agent that has none of that name.
#[must_use]
pub fn untagged(notification: Message) -> Message {
    if notification.member(&["_meta", SUBSCRIPTION]).is_none() {
        return notification;
    }
    let mut params = notification.params();
    let empty = params.get_mut("_meta").and_then(Value::as_object_mut).is_some_and(|meta| {
        meta.shift_remove(SUBSCRIPTION);
        meta.is_empty()
    });
    if let Some(all) = params.as_object_mut().filter(|_| empty) {
        all.shift_remove("_meta");
    }
    let method = notification.method().unwrap_or_default();
    let nothing = params.as_object().is_some_and(Map::is_empty);
    Message::notification(method, if nothing { &Value::Null } else { &params })
}

/// The last word of a subscription that the wallet ends: the answer to the request `id`.
#[must_use]
pub fn ended(id: &RawId) -> Message {
    Message::response(id, &json!({ "resultType": "complete", "_meta": { SUBSCRIPTION: id.to_value() } }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(notifications: &Value) -> Result<Filter, String> {
        let params = json!({ "notifications": notifications });
        Filter::read(&Message::request(RawId::number(1), "subscriptions/listen", &params))
    }

    #[test]
    fn a_filter_says_what_it_read() {
        let asked =
            json!({"toolsListChanged": true, "resourceSubscriptions": ["file:///a"], "taskIds": ["t"]});
        assert_eq!(filter(&asked).unwrap().to_value(), asked);
        assert_eq!(filter(&json!({"promptsListChanged": false, "own": 1})).unwrap(), Filter::default());
        assert_eq!(
            listen(RawId::number(1), &Filter::lists()).params()["notifications"]["toolsListChanged"],
            true
        );
    }

    #[test]
    fn what_is_no_filter_or_names_too_much_is_refused() {
        let many: Vec<_> = (0..=NAMED).map(|n| n.to_string()).collect();
        for wrong in [
            Value::Null,
            json!([]),
            json!({"toolsListChanged": "yes"}),
            json!({"resourceSubscriptions": "file:///a"}),
            json!({"resourceSubscriptions": [1]}),
            json!({"resourceSubscriptions": ["x".repeat(LONGEST + 1)]}),
            json!({"taskIds": many}),
        ] {
            assert!(filter(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_what_was_asked_for_is_heard() {
        let wants =
            filter(&json!({"promptsListChanged": true, "resourceSubscriptions": ["file:///a"]})).unwrap();
        let updated =
            |uri: &str| Message::notification("notifications/resources/updated", &json!({ "uri": uri }));
        assert!(wants.wants(&updated("file:///a")) && !wants.wants(&updated("file:///b")));
        let changed =
            |list: &str| Message::notification(&format!("notifications/{list}/list_changed"), &Value::Null);
        assert!(wants.wants(&changed("prompts")) && !wants.wants(&changed("tools")));
        assert!(!wants.wants(&Message::notification("notifications/message", &json!({"level": "info"}))));
    }

    #[test]
    fn what_is_heard_is_tagged_with_the_id_as_it_was_written() {
        let id = RawId::parse(r#""a-1""#).unwrap();
        let updated = json!({"uri": "file:///a", "own": 1.5});
        let updated = Message::notification("notifications/resources/updated", &updated);
        let heard = tagged(&updated, &id);
        assert_eq!(subscription(&heard), Some(id.clone()));
        assert_eq!(heard.params()["own"], updated.params()["own"]);
        assert_eq!(untagged(heard), updated);
        let bare = Message::notification("notifications/tools/list_changed", &Value::Null);
        assert_eq!(untagged(tagged(&bare, &id)), bare);
        assert_eq!(acknowledged(&id, &Filter::default()).params()["_meta"][SUBSCRIPTION], "a-1");
        assert_eq!(ended(&id).result().unwrap()["resultType"], "complete");
    }
}
