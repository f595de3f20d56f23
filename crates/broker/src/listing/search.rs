//! Two tools of the wallet's own, for an agent that has too many to be shown them all: one finds tools among those it would be
//! shown, the other calls one. What is called so takes the same journey as any call: the same decision, question, proof and
//! receipt, under the name of the tool that is meant.

#[cfg(test)]
mod tests;

use super::rank::Index;
use super::view;
use super::view::View;
use crate::clean::Clean;
use crate::end::Stop;
use crate::session::Session;
use domain::{Endpoint, ServerName, ToolSearch};
use mcp::Message;
use mcp::lists::List;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

const FIND: &str = "find_tools";
const CALL: &str = "call_tool";

/// How many tools are found where the agent does not say, and at most.
const FEW: usize = 10;
const MANY: usize = 50;
/// How much text is given of what was found.
const TEXT: usize = 256 << 10;
/// The longest query, in bytes.
const QUERY: usize = 1 << 10;

/// Whether this session's agent may search at all.
fn setting(session: &Session) -> ToolSearch {
    if session.scope != Endpoint::All {
        return ToolSearch::Off;
    }
    let book = session.inner.books.read();
    book.and_then(|book| Some(book.agent(&session.agent).ok()?.search)).unwrap_or_default()
}

/// The list of these two, where the agent is shown them instead of so many tools.
pub(super) fn instead(session: &Session, view: &View) -> Option<Value> {
    setting(session).holds(view.items().len()).then(|| json!({ "tools": own() }))
}

fn own() -> Value {
    json!([
        {
            "name": FIND,
            "title": "Find tools",
            "description": "Finds the tools you may use, by what they do. Call one with call_tool, or by its own name.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "query": {"type": "string", "description": "What the tool should do, in a few words"},
                    "limit": {"type": "integer", "minimum": 1, "maximum": MANY, "description": "How many, 10 unless told"},
                    "server": {"type": "string", "description": "Only tools of this server"},
                },
                "required": ["query"],
            },
            "annotations": {"readOnlyHint": true, "openWorldHint": false},
        },
        {
            "name": CALL,
            "title": "Call a tool",
            "description": "Calls a tool that find_tools has found.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": "Its name, as find_tools gives it"},
                    "arguments": {"type": "object", "description": "Its arguments, as its inputSchema wants them"},
                },
                "required": ["name"],
            },
        },
    ])
}

/// What a call of one of the two comes to.
pub(crate) enum Own {
    /// The answer.
    Found(Clean),
    /// The call that is meant.
    Call(Message),
}

/// Takes a call that is for the wallet itself. None when it is for a server.
pub(crate) async fn own_tool(session: &Session, request: &Message) -> Result<Option<Own>, Stop> {
    let name = request.member_text(&["name"]).unwrap_or_default();
    if name != FIND && name != CALL || setting(session) == ToolSearch::Off {
        return Ok(None);
    }
    if name == CALL {
        return meant(request).map(|meant| Some(Own::Call(meant)));
    }
    Ok(Some(Own::Found(find(session, request).await?)))
}

/// The call itself, as the agent would have made it: read anew, for it is what will be decided on.
fn meant(request: &Message) -> Result<Message, Stop> {
    let invalid = |what: &str| Stop::invalid(format!("{CALL}: {what}"));
    let raw = |path: &[&str]| {
        request.member(path).map(str::to_owned).and_then(|raw| RawValue::from_string(raw).ok())
    };
    let name = raw(&["arguments", "name"]).ok_or_else(|| invalid("name must be a string"))?;
    let empty = || RawValue::from_string("{}".into()).ok();
    let arguments = raw(&["arguments", "arguments"])
        .or_else(empty)
        .ok_or_else(|| invalid("arguments must be an object"))?;
    let meant = request.edit().param_raw("name", &name).param_raw("arguments", &arguments).finish();
    Message::parse(meant.into_bytes()).map_err(|error| invalid(&error.to_string()))
}

#[derive(Deserialize)]
struct Asked {
    query: String,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    server: Option<ServerName>,
}

/// What is told of a tool that was found.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    description: Option<&'a RawValue>,
    #[serde(borrow, rename = "inputSchema")]
    schema: Option<&'a RawValue>,
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
}

async fn find(session: &Session, request: &Message) -> Result<Clean, Stop> {
    let id = request.id().ok_or(Stop::Withdrawn)?;
    let asked = request.member(&["arguments"]).unwrap_or("{}");
    let asked: Asked =
        serde_json::from_str(asked).map_err(|error| Stop::invalid(format!("{FIND}: {error}")))?;
    if asked.query.len() > QUERY {
        return Err(Stop::invalid(format!("{FIND}: the query is longer than {QUERY} bytes")));
    }
    let view = view(session, List::Tools).await?;
    let limit = asked.limit.unwrap_or(FEW).clamp(1, MANY);
    let of_server = |place: &usize| {
        let server = view.items().get(*place).and_then(|item| Some(view.entry(item)?.0));
        asked.server.is_none() || asked.server.as_ref() == server
    };
    let mut tools: Vec<Value> = vec![];
    let mut size = 0;
    for place in view.index().find(&asked.query).into_iter().filter(of_server).take(limit) {
        let Some(tool) = told(&view, place) else { continue };
        size += tool.to_string().len();
        if size > TEXT {
            break;
        }
        tools.push(tool);
    }
    let found = json!({ "tools": tools });
    let text = json!({"type": "text", "text": found.to_string()});
    let result = json!({"content": [text], "structuredContent": found, "isError": false});
    Ok(session.clean(Message::response(id, &session.in_era("tools/call", result))))
}

fn told(view: &View, place: usize) -> Option<Value> {
    let item = view.items().get(place)?;
    let (server, entry) = view.entry(item)?;
    let said: Told<'_> = entry.item.value()?;
    let mut told = json!({"name": item.name, "server": server});
    let parts =
        [("description", said.description), ("inputSchema", said.schema), ("annotations", said.annotations)];
    for (name, part) in parts {
        if let Some(part) = part {
            told[name] = serde_json::from_str(part.get()).ok()?;
        }
    }
    Some(told)
}

/// Reads what an agent is shown, to find it by its words.
pub(super) fn index(view: &View) -> Index {
    let tool = |item| Some((item, view.entry(item)?.1.item.value::<Value>()?));
    let tools = view.items().iter().map(|item| tool(item).unwrap_or((item, Value::Null)));
    Index::of(tools.map(|(item, tool)| (item.name.as_str(), tool)))
}
