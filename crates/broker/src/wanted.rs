//! What a request of an agent asks for, in the server's own words.

use crate::session::Session;
use domain::{Endpoint, ServerName, Target, TargetKind};
use mcp::{Message, lists};
use serde_json::{Value, json};
use std::borrow::Cow;

/// A request for a tool, resource or prompt.
pub(crate) struct Wanted {
    /// `tools/call`, `resources/read`, …
    pub(crate) method: Box<str>,
    /// Which server, as far as the request says: a tool's or prompt's name does, a resource's URI doesn't.
    pub(crate) server: Option<ServerName>,
    /// What, by the server's own name.
    pub(crate) target: Target,
    /// With which arguments; an object.
    pub(crate) arguments: Value,
    /// The request as the server is to get it: its own names, all else untouched.
    pub(crate) request: Message,
}

/// The longest name of a tool or prompt that is looked at, in bytes.
const NAME: usize = 1 << 10;
/// The longest URI of a resource.
const URI: usize = 8 << 10;

/// Why a request is not one the wallet can decide on.
#[derive(Debug)]
pub(crate) enum Misread {
    /// Something is wrong with its params.
    Params(String),
    /// What it names is longer than any name need be.
    TooLong { target: Target, limit: usize },
}

impl From<String> for Misread {
    fn from(what: String) -> Self {
        Self::Params(what)
    }
}

impl Wanted {
    /// Reads a request of a session's agent.
    pub(crate) fn read(request: &Message, session: &Session) -> Result<Self, Misread> {
        let method = request.method().unwrap_or_default();
        let params = request.params();
        match method {
            "tools/call" => Self::by_name(request, session, &params, TargetKind::Tool),
            "prompts/get" => Self::by_name(request, session, &params, TargetKind::Prompt),
            "completion/complete" => Self::completion(request, session, &params),
            _ => Self::resource(request, method, text(&params, "uri")?),
        }
    }

    fn by_name(
        request: &Message,
        session: &Session,
        params: &Value,
        kind: TargetKind,
    ) -> Result<Self, Misread> {
        let method = request.method().unwrap_or_default();
        let given = short(kind, text(params, "name")?, NAME)?;
        let arguments = params.get("arguments").cloned().unwrap_or_else(|| json!({}));
        if !arguments.is_object() {
            return Err(Misread::Params("arguments must be an object".into()));
        }
        let (server, name) = placed(kind, given, session);
        let request = if name == given {
            request.clone()
        } else {
            request.edit().param("name", &Value::from(name.as_ref())).finish()
        };
        let target = Target { kind, name: name.into_owned() };
        Ok(Self { method: method.into(), server, target, arguments, request })
    }

    /// A completion belongs to the prompt or resource it completes.
    fn completion(request: &Message, session: &Session, params: &Value) -> Result<Self, Misread> {
        let method = request.method().unwrap_or_default();
        let reference = params.get("ref").cloned().unwrap_or_default();
        if reference.get("type").and_then(Value::as_str) != Some("ref/prompt") {
            return Self::resource(request, method, text(&reference, "uri")?);
        }
        let given = short(TargetKind::Prompt, text(&reference, "name")?, NAME)?;
        let (server, name) = placed(TargetKind::Prompt, given, session);
        let request = if name == given {
            request.clone()
        } else {
            let mut own = reference.clone();
            own["name"] = name.as_ref().into();
            request.edit().param("ref", &own).finish()
        };
        Ok(Self {
            method: method.into(),
            server,
            target: Target::prompt(name),
            arguments: params.get("argument").cloned().unwrap_or_else(|| json!({})),
            request,
        })
    }

    fn resource(request: &Message, method: &str, uri: &str) -> Result<Self, Misread> {
        let target = Target::resource(short(TargetKind::Resource, uri, URI)?);
        Ok(Self {
            method: method.into(),
            server: None,
            target,
            arguments: json!({}),
            request: request.clone(),
        })
    }
}

/// Splits `server__tool`; a name without a known form belongs to no server. At the endpoint of one server its own names hold.
/// A name that was shortened is one of those that are granted there, or none.
fn placed<'a>(kind: TargetKind, name: &'a str, session: &Session) -> (Option<ServerName>, Cow<'a, str>) {
    if let Endpoint::One(server) = &session.scope {
        return (Some(server.clone()), name.into());
    }
    let Some((server, own)) = lists::split_name(name) else { return (None, name.into()) };
    let meant = lists::is_short(own).then(|| session.granted_as(kind, &server, name)).flatten();
    (Some(server), meant.map_or(own.into(), Cow::Owned))
}

fn short(kind: TargetKind, name: &str, limit: usize) -> Result<&str, Misread> {
    if name.len() <= limit {
        return Ok(name);
    }
    Err(Misread::TooLong { target: Target { kind, name: name.to_owned() }, limit })
}

fn text<'a>(object: &'a Value, member: &str) -> Result<&'a str, String> {
    object.get(member).and_then(Value::as_str).ok_or_else(|| format!("{member} must be a string"))
}
