//! The resources, and the template.

use crate::content::PNG;
use crate::rpc::{Era, Failure};
use crate::server::Call;
use serde_json::{Value, json};

struct Resource {
    uri: &'static str,
    name: &'static str,
    description: &'static str,
    mime: &'static str,
    body: Body,
}

enum Body {
    Text(&'static str),
    Blob(&'static str),
}

const RESOURCES: &[Resource] = &[
    Resource {
        uri: "test://static-text",
        name: "static-text",
        description: "Text that never changes",
        mime: "text/plain",
        body: Body::Text("This is the content of the static text resource."),
    },
    Resource {
        uri: "test://static-binary",
        name: "static-binary",
        description: "A picture that never changes",
        mime: "image/png",
        body: Body::Blob(PNG),
    },
    Resource {
        uri: "test://watched-resource",
        name: "watched-resource",
        description: "A resource to subscribe to",
        mime: "text/plain",
        body: Body::Text("Whoever watches this has patience."),
    },
];

pub fn list() -> Value {
    let described = RESOURCES.iter().map(
        |it| json!({"uri": it.uri, "name": it.name, "description": it.description, "mimeType": it.mime}),
    );
    json!({"resources": described.collect::<Vec<_>>()})
}

pub fn templates() -> Value {
    json!({"resourceTemplates": [{
        "uriTemplate": "test://template/{id}/data",
        "name": "template",
        "description": "Data about any id",
        "mimeType": "application/json",
    }]})
}

pub fn read(call: &Call) -> Result<Value, Failure> {
    let uri = wanted(call)?;
    let contents = stored(uri).or_else(|| from_template(uri)).ok_or_else(|| unknown(call.era, uri))?;
    Ok(json!({"contents": [contents]}))
}

/// Takes a subscription on or off. Nothing here changes, so there is nothing to remember.
pub fn subscribe(call: &Call) -> Result<Value, Failure> {
    let uri = wanted(call)?;
    stored(uri).map(|_| json!({})).ok_or_else(|| unknown(call.era, uri))
}

fn wanted(call: &Call) -> Result<&str, Failure> {
    call.params["uri"].as_str().ok_or_else(|| Failure::params("uri is missing"))
}

fn stored(uri: &str) -> Option<Value> {
    let found = RESOURCES.iter().find(|resource| resource.uri == uri)?;
    let (kind, body) = match found.body {
        Body::Text(text) => ("text", text),
        Body::Blob(blob) => ("blob", blob),
    };
    Some(json!({"uri": uri, "mimeType": found.mime, kind: body}))
}

fn from_template(uri: &str) -> Option<Value> {
    let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
    let text = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")}).to_string();
    Some(json!({"uri": uri, "mimeType": "application/json", "text": text}))
}

fn unknown(era: Era, uri: &str) -> Failure {
    let code = if era == Era::Modern { Failure::PARAMS } else { Failure::RESOURCE };
    Failure::new(code, "there is no such resource").with(json!({"uri": uri}))
}
