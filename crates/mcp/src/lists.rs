//! Lists as one agent may see them: cut down to what is granted, and named so that servers can't shadow each other.

use domain::ServerName;
use serde_json::Value;

/// Stands between a server's name and its tool's: no server name holds an underscore.
const SEPARATOR: &str = "__";

/// The lists a server offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// `tools/list`.
    Tools,
    /// `prompts/list`.
    Prompts,
    /// `resources/list`.
    Resources,
    /// `resources/templates/list`.
    ResourceTemplates,
}

impl List {
    /// The list that a method asks for.
    #[must_use]
    pub fn of_method(method: &str) -> Option<Self> {
        let all = [Self::Tools, Self::Prompts, Self::Resources, Self::ResourceTemplates];
        all.into_iter().find(|list| list.method() == method)
    }

    /// The method that asks for it.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Prompts => "prompts/list",
            Self::Resources => "resources/list",
            Self::ResourceTemplates => "resources/templates/list",
        }
    }

    /// The capability under which a server says that it has it.
    #[must_use]
    pub const fn capability(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources | Self::ResourceTemplates => "resources",
        }
    }

    /// The member of the result that holds it.
    #[must_use]
    pub const fn member(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::ResourceTemplates => "resourceTemplates",
        }
    }

    /// The member of an item by which it is named.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Tools | Self::Prompts => "name",
            Self::Resources => "uri",
            Self::ResourceTemplates => "uriTemplate",
        }
    }

    /// Its items in a result; none if the result has no such list.
    #[must_use]
    pub fn items(self, result: &Value) -> &[Value] {
        result.get(self.member()).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Leaves of a result what `keep` says yes to (and may change, to narrow a schema for example), under the server's prefix
    /// where items are called by name. Everything else in the result stays; a result that others could be served from a
    /// cache is marked as this agent's alone.
    pub fn select(self, result: &mut Value, server: &ServerName, mut keep: impl FnMut(&mut Value) -> bool) {
        if let Some(Value::Array(items)) = result.get_mut(self.member()) {
            items.retain_mut(|item| keep(item));
            if matches!(self, Self::Tools | Self::Prompts) {
                items.iter_mut().for_each(|item| prefix(item, server));
            }
        }
        if let Some(scope) = result.get_mut("cacheScope") {
            *scope = "private".into();
        }
    }
}

fn prefix(item: &mut Value, server: &ServerName) {
    if let Some(Value::String(name)) = item.get_mut("name") {
        *name = full_name(server, name);
    }
}

/// What an agent calls a server's tool or prompt: `github__create_issue`.
#[must_use]
pub fn full_name(server: &ServerName, name: &str) -> String {
    format!("{server}{SEPARATOR}{name}")
}

/// The server and its own name for a tool or prompt: the inverse of [`full_name`].
#[must_use]
pub fn split_name(full: &str) -> Option<(ServerName, &str)> {
    let (server, name) = full.split_once(SEPARATOR)?;
    Some((ServerName::parse(server).ok()?, name)).filter(|(_, name)| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn server(name: &str) -> ServerName {
        ServerName::parse(name).unwrap()
    }

    #[test]
    fn threat_12_the_same_tool_name_on_two_servers_stays_two_names() {
        let (one, two) = (server("a"), server("a-b"));
        assert_ne!(full_name(&one, "read"), full_name(&two, "read"));
        for (server, tool) in [(one, "read"), (two, "b__read"), (self::server("x"), "_y")] {
            assert_eq!(split_name(&full_name(&server, tool)), Some((server, tool)));
        }
    }

    #[test]
    fn names_that_belong_to_no_server_are_not_split() {
        for name in ["read", "__read", "A__read", "a__", "../a__read", ""] {
            assert_eq!(split_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_selected_list_holds_the_granted_items_and_keeps_everything_else_as_it_was() {
        let mut result: Value = serde_json::from_str(
            r#"{"nextCursor":"c","tools":[{"name":"a","x-own":1.0,"inputSchema":{"maximum":1e+400}},{"name":"b"}],"cacheScope":"public"}"#,
        )
        .unwrap();
        List::Tools.select(&mut result, &server("s"), |tool| tool["name"] == "a");
        assert_eq!(
            result.to_string(),
            r#"{"nextCursor":"c","tools":[{"name":"s__a","x-own":1.0,"inputSchema":{"maximum":1e+400}}],"cacheScope":"private"}"#
        );
    }

    #[test]
    fn resources_keep_their_names() {
        let mut result = json!({"resources": [{"uri": "file:///a", "name": "a"}, {"uri": "file:///b"}]});
        List::Resources.select(&mut result, &server("s"), |item| item["uri"] == "file:///a");
        assert_eq!(result, json!({"resources": [{"uri": "file:///a", "name": "a"}]}));
    }
}
